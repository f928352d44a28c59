-- Cases: what the community handles, by which rules it is routed, what clocks run on it, and who is told.

create table department (
    district_id int not null references district (id),
    id bigint generated always as identity,
    code text not null,
    name text not null,
    phone text,
    area_path text collate "C" not null default '',
    is_active boolean not null default true,
    primary key (district_id, id),
    constraint department_code_unique unique (district_id, code)
);

-- A kind of case. `questions` is a list of {variable, datatype, required, values, zh, en}.
create table category (
    district_id int not null references district (id),
    code text not null constraint category_code_plain check (code ~ '^[a-z][a-z0-9_]{0,39}$'),
    zh text not null,
    en text not null,
    questions jsonb not null default '[]',
    respond_minutes int not null default 15 constraint category_respond_positive check (respond_minutes > 0),
    handle_amount int not null constraint category_handle_positive check (handle_amount > 0),
    handle_unit text not null constraint category_handle_unit_known check (
        handle_unit in ('minute', 'working_hour', 'working_day')
    ),
    default_department_id bigint,
    is_active boolean not null default true,
    primary key (district_id, code),
    constraint category_department_known foreign key (district_id, default_department_id)
    references department (district_id, id)
);

-- Read from the lowest position up; the first that fits decides. `desk_depth` lifts the case from the located area to
-- the ancestor that answers for it (1 the district, 2 what lies beneath it …); null leaves it where it was located.
create table routing_rule (
    district_id int not null references district (id),
    id bigint generated always as identity,
    position int not null,
    area_path text collate "C" not null default '',
    category_code text,
    desk_depth int constraint routing_rule_depth_positive check (desk_depth > 0),
    department_id bigint,
    note text not null default '',
    is_active boolean not null default true,
    primary key (district_id, id),
    constraint routing_rule_position_unique unique (district_id, position),
    constraint routing_rule_category_known foreign key (district_id, category_code)
    references category (district_id, code),
    constraint routing_rule_department_known foreign key (district_id, department_id)
    references department (district_id, id)
);

-- Named community_case because CASE is a reserved word of SQL and would need quotes everywhere. The area is kept as it
-- was routed, with its generation; code, path and names are null while the case lies at the duty desk. `desk_path` is the
-- node that answers for it ('' the district's duty desk). `next_due_at` is the earliest clock still running.
create table community_case (
    district_id int not null references district (id),
    id bigint generated always as identity,
    opened_year int not null,
    number text not null generated always as (
        opened_year::text || '-' || case when id < 1000000 then lpad(id::text, 6, '0') else id::text end
    ) stored,
    origin text not null constraint community_case_origin_known check (origin in ('report', 'appeal', 'station_fault')),
    origin_ref text not null,
    category_code text not null,
    state text not null constraint community_case_state_known check (
        state in (
            'collected', 'filed', 'dispatched', 'handled', 'verified', 'closed', 'followed_up', 'rejected', 'duplicate'
        )
    ),
    description text not null constraint community_case_description_bounded check (length(description) <= 4000),
    lon double precision,
    lat double precision,
    received_lon double precision,
    received_lat double precision,
    received_datum text,
    accuracy_m double precision,
    area_code text,
    area_path text collate "C",
    area_names text[],
    generation_id bigint,
    candidates text[] not null default '{}',
    metres_to_line double precision,
    needs_confirmation boolean not null default false,
    located_reason text,
    desk_path text collate "C" not null,
    suggested_department_id bigint,
    department_id bigint,
    assignee_id bigint,
    duplicate_of bigint,
    reporter_kind text not null,
    reporter_id bigint,
    result text,
    opened_at timestamptz not null,
    updated_at timestamptz not null,
    closed_at timestamptz,
    next_due_at timestamptz,
    version int not null default 1,
    primary key (district_id, id),
    constraint community_case_origin_unique unique (district_id, origin, origin_ref),
    constraint community_case_category_known foreign key (district_id, category_code)
    references category (district_id, code),
    foreign key (district_id, suggested_department_id) references department (district_id, id),
    constraint community_case_department_known foreign key (district_id, department_id)
    references department (district_id, id),
    foreign key (district_id, assignee_id) references staff (district_id, id),
    foreign key (district_id, duplicate_of) references community_case (district_id, id),
    constraint community_case_not_its_own_duplicate check (duplicate_of <> id),
    constraint community_case_duplicate_named check ((state = 'duplicate') = (duplicate_of is not null)),
    constraint community_case_point_whole check ((lon is null) = (lat is null)),
    constraint community_case_area_whole check (
        (area_path is null) = (area_code is null) and (area_path is null) = (area_names is null)
        and (area_path is null or generation_id is not null)
    ),
    constraint community_case_desk_above_area check (
        desk_path = '' or desk_path = area_path or starts_with(area_path, desk_path || '/')
    )
);
-- Newest first within an area subtree, and what the duty desk holds (area_path null).
create index community_case_area on community_case (district_id, area_path, id);
-- A secretary's day: the few open ones among all that her area ever had.
create index community_case_open on community_case (district_id, area_path, id) where closed_at is null;
-- What is due next among the open ones; those without a running clock come last.
create index community_case_due on community_case (district_id, coalesce(next_due_at, 'infinity'), id)
where closed_at is null;
create index community_case_department on community_case (district_id, department_id, id)
where department_id is not null;

-- One row a clock and round. A clock runs until met or cancelled; the sweep marks `breached_at` once when it is late.
create table deadline (
    district_id int not null,
    case_id bigint not null,
    clock text not null constraint deadline_clock_known check (clock in ('respond', 'handle')),
    round int not null,
    due_at timestamptz not null,
    started_at timestamptz not null,
    met_at timestamptz,
    breached_at timestamptz,
    cancelled_at timestamptz,
    calendar_version int not null,
    calendar_known boolean not null,
    primary key (district_id, case_id, clock, round),
    foreign key (district_id, case_id) references community_case (district_id, id),
    constraint deadline_ends_once check (met_at is null or cancelled_at is null)
);
create index deadline_running on deadline (district_id, due_at)
where met_at is null and cancelled_at is null and breached_at is null;

-- What a resident asks for. `key` makes a repeated sending the same appeal, `body_hash` tells it from another one under
-- a used key. `token` opens the state of this one case and nothing more.
-- Its case is the one whose origin it is.
create table appeal (
    district_id int not null references district (id),
    id bigint generated always as identity,
    key text not null,
    body_hash bytea not null,
    token text not null,
    contact_name text,
    contact_phone text,
    submitted_at timestamptz not null,
    primary key (district_id, id),
    constraint appeal_key_unique unique (district_id, key),
    constraint appeal_token_unique unique (district_id, token)
);

-- What someone is told about a case; one row an event and recipient, however often the event is worked off.
create table notice (
    district_id int not null,
    id bigint generated always as identity,
    event_id bigint not null,
    kind text not null,
    case_id bigint not null,
    recipient_kind text not null constraint notice_recipient_known check (recipient_kind in ('staff', 'rider')),
    recipient_id bigint not null,
    created_at timestamptz not null,
    primary key (district_id, id),
    constraint notice_once unique (district_id, event_id, recipient_kind, recipient_id),
    foreign key (district_id, event_id) references event (district_id, id),
    foreign key (district_id, case_id) references community_case (district_id, id)
);
create index notice_inbox on notice (district_id, recipient_kind, recipient_id, id);

-- A neutral vocabulary to begin with; names, questions and limits are the district's own to change.
insert into category (district_id, code, zh, en, handle_amount, handle_unit, questions)
select district.id, starter.*
from district
cross join (
    values
    ('litter', '暴露垃圾', 'Litter left in the open', 4, 'working_hour', '[]'::jsonb),
    ('rubble', '建筑垃圾堆放', 'Building rubble dumped', 2, 'working_day', '[]'::jsonb),
    (
        'road_damage', '道路破损', 'Damaged road surface', 3, 'working_day',
        '[{"variable": "lane", "datatype": "singlevaluelist", "required": false, "zh": "位置", "en": "Where",
           "values": [{"key": "car", "zh": "机动车道", "en": "Car lane"},
                      {"key": "bike", "zh": "非机动车道", "en": "Cycle lane"},
                      {"key": "foot", "zh": "人行道", "en": "Pavement"}]}]'::jsonb
    ),
    (
        'missing_cover', '井盖缺失或松动', 'Missing or loose manhole cover', 2, 'working_hour',
        '[{"variable": "guarded", "datatype": "singlevaluelist", "required": true,
           "zh": "现场有人看护或围挡吗", "en": "Is the spot guarded or fenced",
           "values": [{"key": "yes", "zh": "有", "en": "Yes"}, {"key": "no", "zh": "没有", "en": "No"}]}]'::jsonb
    ),
    ('standing_water', '路面积水', 'Standing water on the road', 4, 'working_hour', '[]'::jsonb),
    ('street_light', '路灯不亮', 'Street light out', 2, 'working_day', '[]'::jsonb),
    ('blocked_lane', '占道堵塞', 'Lane or passage blocked', 4, 'working_hour', '[]'::jsonb),
    ('fire_lane', '消防通道堵塞', 'Fire lane blocked', 60, 'minute', '[]'::jsonb),
    ('greenery', '绿化损坏', 'Damaged greenery', 5, 'working_day', '[]'::jsonb),
    ('illegal_building', '违法搭建', 'Unlawful structure', 15, 'working_day', '[]'::jsonb),
    ('station_locked', '驿站应开未开', 'Station locked during posted hours', 2, 'working_hour', '[]'::jsonb),
    ('station_amenity', '驿站设施故障', 'Station amenity broken', 2, 'working_day', '[]'::jsonb),
    ('help', '居民求助', 'A resident asks for help', 2, 'working_day', '[]'::jsonb),
    ('other', '其他', 'Something else', 5, 'working_day', '[]'::jsonb)
) as starter (code, zh, en, handle_amount, handle_unit, questions);
