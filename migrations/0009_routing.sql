-- Rules that know the time, departments that share, posts with a rota, and rules that keep their history.

-- A place where somebody is on duty. Whoever is leads the cases routed to it. `is_default`: also those that no rule
-- sends to another post, where this one is the nearest above the desk; so there is at most one such post an area.
create table post (
    district_id int not null references district (id),
    id bigint generated always as identity,
    name text not null,
    area_path text collate "C" not null default '',
    is_default boolean not null default true,
    is_active boolean not null default true,
    primary key (district_id, id)
);
create unique index post_default_unique on post (district_id, area_path) where is_default and is_active;
create unique index post_name_unique on post (district_id, area_path, name) where is_active;

-- Who is on duty at a post, from and until just before. A hand-over ends a shift early and begins another; one that is
-- handed over in the moment it begins keeps no time at all.
-- Two shifts of a post never overlap. Ranges of a single number stand for equality, which GiST knows for ranges alone;
-- the extension that would teach it numbers is not part of PostgreSQL itself.
create table shift (
    district_id int not null,
    id bigint generated always as identity,
    post_id bigint not null,
    staff_id bigint not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    handed_over_from bigint,
    handed_over_at timestamptz,
    handed_over_reason text,
    primary key (district_id, id),
    foreign key (district_id, post_id) references post (district_id, id),
    foreign key (district_id, staff_id) references staff (district_id, id),
    foreign key (district_id, handed_over_from) references shift (district_id, id),
    constraint shift_ends_after_start check (ends_at >= starts_at),
    constraint shift_hand_over_whole check (
        num_nulls(handed_over_from, handed_over_at, handed_over_reason) in (0, 3)
    ),
    constraint shift_no_overlap exclude using gist (
        int4range(district_id, district_id, '[]') with &&,
        int8range(post_id, post_id, '[]') with &&,
        tstzrange(starts_at, ends_at) with &&
    )
);
create index shift_rota on shift (district_id, post_id, ends_at);

-- `department_ids` are all that are suggested, the lead first. Local times; a window that passes midnight belongs to the
-- day on which it begins. An edit retires a rule and puts another in its place, which `replaces` it.
alter table routing_rule
add column weekdays int[] not null default '{}'
constraint routing_rule_weekdays_known check (weekdays <@ '{1,2,3,4,5,6,7}'),
add column from_time time,
add column to_time time,
add column on_workdays boolean,
add column department_ids bigint[] not null default '{}',
add column post_id bigint,
add column replaces bigint,
add column retired_at timestamptz,
add constraint routing_rule_window_whole check (
    (from_time is null) = (to_time is null) and from_time <> to_time
    and extract(second from from_time) = 0 and extract(second from to_time) = 0
),
add constraint routing_rule_post_known foreign key (district_id, post_id) references post (district_id, id),
add constraint routing_rule_replaces_known foreign key (district_id, replaces) references routing_rule (district_id, id),
-- Only rules that are read need a place of their own; deferrable, so that one statement can move many.
drop constraint routing_rule_position_unique,
add constraint routing_rule_position_unique exclude using btree (district_id with =, position with =)
where (is_active) deferrable initially immediate;
create unique index routing_rule_replaced_once on routing_rule (district_id, replaces) where replaces is not null;
update routing_rule set department_ids = array[department_id] where department_id is not null;
-- No release has been made that reads it.
alter table routing_rule drop column department_id;

-- `post_id` is the post that gave the case its first person.
alter table community_case
add column suggested_department_ids bigint[] not null default '{}',
add column post_id bigint,
add constraint community_case_post_known foreign key (district_id, post_id) references post (district_id, id);
update community_case set suggested_department_ids = array[suggested_department_id]
where suggested_department_id is not null;
alter table community_case add constraint community_case_suggested_lead_first check (
    suggested_department_id is not distinct from suggested_department_ids[1]
);
-- The open cases that a person hands over with his shift.
create index community_case_post on community_case (district_id, post_id, id)
where closed_at is null and post_id is not null;
-- All cases of a period, for the dry run of rules. Rows come in order of time, so a summary of each stretch of the table
-- finds them and costs a case next to nothing.
create index community_case_opened on community_case using brin (opened_at timestamptz_minmax_multi_ops)
with (autosummarize = on);
