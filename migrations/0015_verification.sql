-- A look on site: a case that needs one before filing or before closing becomes a task, offered to reporters who may
-- verify for others and chose to be asked; whom nobody takes it from, the grid worker does it.

-- When cases of a category need a look without anybody asking, how long a look is on offer to reporters, and after how
-- long it is given up.
alter table category
add column looks text not null default 'none' constraint category_looks_known check (
    looks in ('none', 'before_filing', 'before_closing', 'both')
),
add column look_offer_minutes int not null default 30,
add column look_expire_minutes int not null default 1440,
add constraint category_look_times_forward check (
    look_offer_minutes > 0 and look_expire_minutes > look_offer_minutes
);

-- Whether a rider wants to be asked, and the local hours in which he is not to be disturbed (past midnight where
-- `quiet_from` is the later one). Nothing here says where he is.
create table rider_willingness (
    district_id int not null,
    rider_id bigint not null,
    may_be_asked boolean not null,
    quiet_from time,
    quiet_until time,
    changed_at timestamptz not null,
    primary key (district_id, rider_id),
    foreign key (district_id, rider_id) references rider (district_id, id),
    constraint rider_willingness_quiet_whole check (
        (quiet_from is null) = (quiet_until is null) and (quiet_from is null or quiet_from <> quiet_until)
    )
);

-- `event_id` is what it arose from: worked off again, that event makes no second task. `area_path` follows the case when
-- it is handed over. Until `fallback_at` it is on offer; while somebody holds it (`accept_until`), that time stands
-- still. `rider_id` holds it, answered it, or held it last. `distance_m` is all that is kept of where the one who
-- answered stood. `due_at` is when the sweep has something to do.
create table verification_task (
    district_id int not null,
    id bigint generated always as identity,
    case_id bigint not null,
    event_id bigint not null,
    purpose text not null constraint verification_task_purpose_known check (
        purpose in ('before_filing', 'before_closing')
    ),
    area_path text collate "C",
    state text not null constraint verification_task_state_known check (
        state in ('open', 'accepted', 'fallback', 'answered', 'expired', 'cancelled')
    ),
    asked_by_kind text not null constraint verification_task_asker_known check (asked_by_kind in ('staff', 'system')),
    asked_by_id bigint,
    asked_at timestamptz not null,
    fallback_at timestamptz not null,
    expires_at timestamptz not null,
    rider_id bigint,
    accepted_at timestamptz,
    accept_until timestamptz,
    answer text constraint verification_task_answer_known check (answer in ('present', 'gone', 'unclear')),
    note text,
    photos text[] not null default '{}',
    distance_m int,
    answered_by_kind text constraint verification_task_answerer_known check (answered_by_kind in ('rider', 'staff')),
    answered_by_id bigint,
    answered_at timestamptz,
    due_at timestamptz generated always as (
        case state
            when 'open' then least(fallback_at, expires_at)
            when 'accepted' then least(accept_until, expires_at)
            when 'fallback' then expires_at
        end
    ) stored,
    primary key (district_id, id),
    constraint verification_task_event_unique unique (district_id, event_id),
    foreign key (district_id, case_id) references community_case (district_id, id),
    foreign key (district_id, event_id) references event (district_id, id),
    foreign key (district_id, rider_id) references rider (district_id, id),
    constraint verification_task_hold_whole check (
        (state = 'accepted') = (accept_until is not null)
        and (state <> 'accepted' or (rider_id is not null and accepted_at is not null))
    ),
    constraint verification_task_answer_whole check (
        (state = 'answered') = (answer is not null) and (answer is null) = (answered_at is null)
        and (answer is null) = (answered_by_id is null) and (answer is null) = (answered_by_kind is null)
    )
);
create unique index verification_task_live_unique on verification_task (district_id, case_id, purpose)
where state in ('open', 'accepted', 'fallback');
create index verification_task_case on verification_task (district_id, case_id, id);
create index verification_task_offered on verification_task (district_id, area_path, id) where state = 'open';
create index verification_task_due on verification_task (district_id, due_at) where due_at is not null;
create index verification_task_rider on verification_task (district_id, rider_id, id desc) where rider_id is not null;
create index verification_task_answered on verification_task (district_id, rider_id, answered_at)
where answered_by_kind = 'rider';
