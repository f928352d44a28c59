-- The whole flow of a case: more states, clocks by rule and area with pauses and extensions, working hours as rows,
-- several departments at one case, photos of a case.

-- What a held or merged case goes back to stands in `state_before`; where it came from when it was transferred up, in
-- `desk_before`. `department_ids` are all departments at work on it, the lead first. `contact_owed`: the one who appealed
-- left a way to be reached, so only a contact counts as the first answer, and a visit is owed after closing.
alter table community_case
add column kind text not null default 'immediate' constraint community_case_kind_known check (
    kind in ('immediate', 'promised', 'coordinated')
),
add column promised_at timestamptz,
add column contact_owed boolean not null default false,
add column satisfaction text constraint community_case_satisfaction_known check (
    satisfaction in ('satisfied', 'fairly_satisfied', 'dissatisfied')
),
add column reopening_asked_at timestamptz,
add column held_until timestamptz,
add column state_before text,
add column desk_before text collate "C",
add column department_ids bigint[] not null default '{}',
drop constraint community_case_state_known,
add constraint community_case_state_known check (
    state in (
        'collected', 'filed', 'dispatched', 'handling', 'handled', 'verified', 'closed', 'followed_up', 'held',
        'rejected', 'duplicate', 'voided'
    )
);
update community_case set department_ids = array[department_id] where department_id is not null;
update community_case set state_before = 'filed' where state = 'duplicate';
alter table community_case
add constraint community_case_promise_dated check ((kind = 'promised') = (promised_at is not null)),
add constraint community_case_hold_ends check ((state = 'held') = (held_until is not null)),
add constraint community_case_goes_back check ((state in ('held', 'duplicate')) = (state_before is not null)),
add constraint community_case_lead_first check (department_id is not distinct from department_ids[1]);
create index community_case_departments on community_case using gin (department_ids)
where closed_at is null and department_ids <> '{}';
create index community_case_held on community_case (district_id, held_until) where state = 'held';
create index community_case_children on community_case (district_id, duplicate_of) where duplicate_of is not null;

-- Which photos closing a case of this category needs.
alter table category
add column closing_photos text not null default 'none' constraint category_closing_photos_known check (
    closing_photos in ('none', 'after', 'before_after')
);

-- How long a clock may run: the rule of the category before the one for every category, then the deepest area. A row
-- never changes; an edit supersedes it and writes the next version, so that each deadline keeps the rule it began by.
-- `escalate_minutes` are wall-clock spans after the breach; the first tells one level above the desk, the next the level
-- above that.
create table clock_rule (
    district_id int not null references district (id),
    id bigint generated always as identity,
    clock text not null constraint clock_rule_clock_known check (
        clock in ('respond', 'file', 'dispatch', 'handle', 'verify', 'follow_up')
    ),
    category_code text,
    area_path text collate "C" not null default '',
    amount int not null constraint clock_rule_amount_positive check (amount > 0),
    unit text not null constraint clock_rule_unit_known check (unit in ('minute', 'working_hour', 'working_day')),
    warn_percent int not null default 75 constraint clock_rule_warning_inside check (warn_percent between 1 and 99),
    escalate_minutes int[] not null default '{0,60,240}',
    most_extensions int not null default 1 constraint clock_rule_extensions_counted check (most_extensions >= 0),
    most_hold_days int not null default 30 constraint clock_rule_hold_counted check (most_hold_days >= 0),
    version int not null default 1,
    valid_from timestamptz not null,
    changed_by bigint,
    superseded_at timestamptz,
    primary key (district_id, id),
    constraint clock_rule_category_known foreign key (district_id, category_code) references category (district_id, code),
    foreign key (district_id, changed_by) references staff (district_id, id)
);
create unique index clock_rule_current on clock_rule (district_id, clock, coalesce(category_code, ''), area_path)
where superseded_at is null;

insert into clock_rule (district_id, clock, amount, unit, valid_from)
select district.id, starter.*, now()
from district
cross join (
    values
    ('respond', 15, 'minute'), ('file', 4, 'working_hour'), ('dispatch', 2, 'working_hour'),
    ('handle', 5, 'working_day'), ('verify', 1, 'working_day'), ('follow_up', 3, 'working_day')
) as starter (clock, amount, unit);
insert into clock_rule (district_id, clock, category_code, amount, unit, valid_from)
select district_id, 'handle', code, handle_amount, handle_unit, now() from category;
insert into clock_rule (district_id, clock, category_code, amount, unit, valid_from)
select district_id, 'respond', code, respond_minutes, 'minute', now() from category where respond_minutes <> 15;
-- No release has been made that reads them.
alter table category drop column respond_minutes, drop column handle_amount, drop column handle_unit;

-- `fires_at` is the next moment at which something is told of this clock: the warning, the breach, an escalation. It is
-- null while the clock is paused and once nothing more will be told. `fixed_at` is a promised date in place of the limit.
alter table deadline
add column rule_id bigint,
add column fixed_at timestamptz,
add column warn_at timestamptz,
add column warned_at timestamptz,
add column escalated int not null default 0,
add column fires_at timestamptz,
add column paused_at timestamptz,
drop constraint deadline_clock_known,
add constraint deadline_clock_known check (
    clock in ('respond', 'file', 'dispatch', 'handle', 'verify', 'follow_up')
);
update deadline set
    rule_id = coalesce(
        (
            select clock_rule.id from clock_rule
            where clock_rule.district_id = deadline.district_id and clock_rule.clock = deadline.clock
                and clock_rule.category_code = community_case.category_code
        ),
        (
            select clock_rule.id from clock_rule
            where clock_rule.district_id = deadline.district_id and clock_rule.clock = deadline.clock
                and clock_rule.category_code is null
        )
    ),
    warn_at = due_at,
    warned_at = breached_at,
    fires_at = case when met_at is null and cancelled_at is null and breached_at is null then due_at end
from community_case
where community_case.district_id = deadline.district_id and community_case.id = deadline.case_id;
alter table deadline
alter column rule_id set not null,
alter column warn_at set not null,
add constraint deadline_rule_known foreign key (district_id, rule_id) references clock_rule (district_id, id);
drop index deadline_running;
create index deadline_firing on deadline (district_id, fires_at) where fires_at is not null;
create index deadline_open on deadline (district_id, clock, due_at) where met_at is null and cancelled_at is null;
create index deadline_counted on deadline (district_id, calendar_version) where met_at is null and cancelled_at is null;

-- Why a clock runs longer than its limit: a pause from `began_at` to `ended_at`, or an extension by `amount` in the
-- clock's own unit.
create table deadline_change (
    district_id int not null,
    id bigint generated always as identity,
    case_id bigint not null,
    clock text not null,
    round int not null,
    kind text not null constraint deadline_change_kind_known check (kind in ('pause', 'extension')),
    began_at timestamptz not null,
    ended_at timestamptz,
    amount int constraint deadline_change_amount_positive check (amount > 0),
    reason text not null,
    primary key (district_id, id),
    foreign key (district_id, case_id, clock, round) references deadline (district_id, case_id, clock, round),
    constraint deadline_change_whole check ((kind = 'extension') = (amount is not null) and (kind = 'pause' or ended_at is null))
);
create index deadline_change_of on deadline_change (district_id, case_id, clock, round, id);

-- The hours offices work, by ISO weekday (1 Monday); what lies between two rows of a day is lunch. A day without rows is
-- a day off; a weekend worked in exchange keeps the hours of the first day of the week that has any.
create table working_week (
    district_id int not null references district (id),
    weekday int not null constraint working_week_day_known check (weekday between 1 and 7),
    opens time not null,
    closes time not null,
    primary key (district_id, weekday, opens),
    constraint working_week_forward check (closes > opens)
);
insert into working_week (district_id, weekday, opens, closes)
select district.id, weekday, span.opens, span.closes
from district
cross join generate_series(1, 5) as weekday
cross join (values ('08:30'::time, '12:00'::time), ('13:30', '17:30')) as span (opens, closes);

-- Each edit of holidays or hours is an edition of the calendar; a deadline keeps the one it was counted by.
create table calendar_edition (
    district_id int not null references district (id),
    version int not null,
    edited_at timestamptz not null,
    edited_by bigint,
    source text not null,
    primary key (district_id, version),
    foreign key (district_id, edited_by) references staff (district_id, id)
);
insert into calendar_edition (district_id, version, edited_at, source)
select id, 1, now(), '国务院办公厅节假日安排（2024–2026 年）；工作时间 08:30–12:00、13:30–17:30' from district;

-- 工单: what one department owes on a case. Several may be at work on one case; the lead answers for all.
create table work_order (
    district_id int not null,
    id bigint generated always as identity,
    case_id bigint not null,
    department_id bigint not null,
    is_lead boolean not null,
    state text not null default 'sent' constraint work_order_state_known check (
        state in ('sent', 'accepted', 'done', 'returned', 'passed_on', 'withdrawn')
    ),
    sent_at timestamptz not null,
    accepted_at timestamptz,
    ended_at timestamptz,
    words text,
    primary key (district_id, id),
    foreign key (district_id, case_id) references community_case (district_id, id),
    constraint work_order_department_known foreign key (district_id, department_id)
    references department (district_id, id),
    constraint work_order_end_dated check ((state in ('sent', 'accepted')) = (ended_at is null))
);
create index work_order_of on work_order (district_id, case_id, id);
create unique index work_order_open_once on work_order (district_id, case_id, department_id) where ended_at is null;
create index work_order_waiting on work_order (district_id, sent_at) where state = 'sent';
insert into work_order (district_id, case_id, department_id, is_lead, state, sent_at, accepted_at)
select district_id, id, department_id, true, 'accepted', updated_at, updated_at from community_case
where state = 'dispatched' and department_id is not null;

-- Photos of a case by what they show: the matter before, the matter after, the proof of a contact, a look on site.
create table case_photo (
    district_id int not null,
    case_id bigint not null,
    sha256 text collate "C" not null constraint case_photo_hash check (sha256 ~ '^[0-9a-f]{64}$'),
    stage text not null constraint case_photo_stage_known check (stage in ('before', 'after', 'proof', 'check')),
    media_type text not null constraint case_photo_format check (media_type in ('image/jpeg', 'image/png', 'image/webp')),
    size int not null,
    by_kind text not null,
    by_id bigint,
    stored_at timestamptz not null,
    primary key (district_id, case_id, sha256),
    foreign key (district_id, case_id) references community_case (district_id, id)
);
insert into case_photo (district_id, case_id, sha256, stage, media_type, size, by_kind, by_id, stored_at)
select report.district_id, case_id, sha256, 'before', media_type, size, 'rider', rider_id, stored_at
from report_photo join report on report.district_id = report_photo.district_id and report.id = report_photo.report_id
where stored_at is not null and case_id is not null
on conflict do nothing;
