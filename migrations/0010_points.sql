-- Points of reporters: the rules that give them, the ledger that keeps every one with its reason, objections (申诉) to
-- it, and the honours of each month.

-- One row a version: a change supersedes the row and adds another, so that old entries keep the rule they were given by.
-- A rule for a category goes before the one for all (category_code null). At most `daily_cap` entries of a ground bring
-- a rider points on one local day.
create table point_rule (
    district_id int not null references district (id),
    id bigint generated always as identity,
    ground text not null constraint point_rule_ground_known check (ground in ('filed', 'closed', 'verified', 'helpful')),
    category_code text,
    points int not null constraint point_rule_points_bounded check (points between 0 and 100),
    daily_cap int not null constraint point_rule_cap_positive check (daily_cap > 0),
    zh text not null,
    en text not null,
    valid_from timestamptz not null,
    superseded_at timestamptz,
    set_by bigint,
    primary key (district_id, id),
    constraint point_rule_category_known foreign key (district_id, category_code)
    references category (district_id, code),
    foreign key (district_id, set_by) references staff (district_id, id),
    constraint point_rule_forward check (superseded_at >= valid_from)
);
create unique index point_rule_current_unique on point_rule (district_id, ground, category_code) nulls not distinct
where superseded_at is null;

insert into point_rule (district_id, ground, points, daily_cap, zh, en, valid_from)
select district.id, starter.*, timestamptz '2020-01-01 00:00+00'
from district
cross join (
    values
    ('filed', 2, 10, '上报已立案', 'Your report was filed'),
    ('closed', 3, 10, '上报的问题已办结', 'What you reported was put right'),
    ('verified', 2, 10, '协助现场核实', 'You looked at a report on site'),
    ('helpful', 1, 5, '上报印证了已有案件，该案已办结', 'Your report bore out a case that is now closed')
) as starter (ground, points, daily_cap, zh, en);

-- A rider contests an entry, or that a report of his brought none. `area_path` is the community that answers.
create table point_objection (
    district_id int not null,
    id bigint generated always as identity,
    rider_id bigint not null,
    entry_id bigint,
    report_id bigint,
    case_id bigint,
    area_path text collate "C" not null,
    words text not null,
    status text not null default 'waiting' constraint point_objection_status_known check (
        status in ('waiting', 'granted', 'declined')
    ),
    made_at timestamptz not null,
    decided_at timestamptz,
    decided_by bigint,
    answer text,
    primary key (district_id, id),
    foreign key (district_id, rider_id) references rider (district_id, id),
    foreign key (district_id, report_id) references report (district_id, id),
    foreign key (district_id, case_id) references community_case (district_id, id),
    foreign key (district_id, decided_by) references staff (district_id, id),
    constraint point_objection_to_one_thing check ((entry_id is null) <> (report_id is null)),
    constraint point_objection_decision_whole check (
        (status = 'waiting') = (decided_at is null) and (decided_at is null) = (decided_by is null)
        and (decided_at is null) = (answer is null)
    )
);
create unique index point_objection_entry_once on point_objection (district_id, entry_id) where entry_id is not null;
create unique index point_objection_report_once on point_objection (district_id, report_id) where report_id is not null;
create index point_objection_own on point_objection (district_id, rider_id, id desc);
create index point_objection_queue on point_objection (district_id, area_path, id);

-- The ledger. Rows are only added: what was wrong is reversed by another row that names it. The balance is the sum.
-- `reason_…` is kept as it was told at the time. `withheld` says why an entry that a rule would have paid for gives nothing.
-- `area_path` is the appointment it was earned under, `earned_on` the local day of what happened; a reversal has both, and
-- the ground, of what it reverses.
create table point_entry (
    district_id int not null,
    id bigint generated always as identity,
    rider_id bigint not null,
    ground text not null constraint point_entry_ground_known check (
        ground in ('filed', 'closed', 'verified', 'helpful', 'award', 'objection')
    ),
    points int not null constraint point_entry_points_bounded check (points between -100 and 100),
    rule_id bigint,
    reason_zh text not null,
    reason_en text not null,
    withheld text constraint point_entry_withheld_known check (
        withheld in ('daily_cap', 'same_spot', 'own_duplicate', 'own_case')
    ),
    case_id bigint,
    report_id bigint,
    event_id bigint,
    reverses bigint,
    objection_id bigint,
    area_path text collate "C" not null,
    earned_on date not null,
    created_at timestamptz not null,
    by_kind text not null constraint point_entry_by_known check (by_kind in ('system', 'staff')),
    by_id bigint,
    primary key (district_id, id),
    foreign key (district_id, rider_id) references rider (district_id, id),
    foreign key (district_id, rule_id) references point_rule (district_id, id),
    foreign key (district_id, case_id) references community_case (district_id, id),
    foreign key (district_id, report_id) references report (district_id, id),
    foreign key (district_id, event_id) references event (district_id, id),
    foreign key (district_id, reverses) references point_entry (district_id, id),
    foreign key (district_id, objection_id) references point_objection (district_id, id),
    foreign key (district_id, by_id) references staff (district_id, id),
    constraint point_entry_withheld_gives_nothing check (withheld is null or points = 0),
    constraint point_entry_person_named check ((by_kind = 'staff') = (by_id is not null)),
    constraint point_entry_not_its_own_reversal check (reverses <> id)
);
alter table point_objection add foreign key (district_id, entry_id) references point_entry (district_id, id);
-- One event gives a rider one entry a ground, and one case gives its reporter one a ground, however often it is asked.
create unique index point_entry_once_an_event on point_entry (district_id, event_id, rider_id, ground)
where reverses is null;
create unique index point_entry_once_a_case on point_entry (district_id, case_id, rider_id, ground)
where reverses is null and ground in ('filed', 'closed', 'helpful');
create unique index point_entry_reversed_once on point_entry (district_id, reverses) where reverses is not null;
create index point_entry_own on point_entry (district_id, rider_id, id) include (points);
create index point_entry_day on point_entry (district_id, rider_id, ground, earned_on);
create index point_entry_case on point_entry (district_id, case_id, rider_id) where case_id is not null;

create function refuse_change_of_ledger() returns trigger language plpgsql as $$
begin
    raise exception 'rows of % are only added', tg_table_name;
end
$$;
create trigger point_entry_only_added before update or delete on point_entry
for each row execute function refuse_change_of_ledger();

-- That a month was looked at for an area, also where nobody was honoured: it is done once and for good.
create table honour_run (
    district_id int not null references district (id),
    month date not null constraint honour_run_month_begins check (extract(day from month) = 1),
    area_path text collate "C" not null,
    reporters int not null,
    run_at timestamptz not null,
    primary key (district_id, month, area_path)
);

-- Up to three riders a month and area. What falls later is marked as revoked, never deleted: `revoked_by_entry` is the
-- reversal that took it, and reversing that one gives the honour back.
create table honour (
    district_id int not null,
    id bigint generated always as identity,
    month date not null,
    area_path text collate "C" not null,
    rider_id bigint not null,
    place int not null constraint honour_place_known check (place between 1 and 3),
    kind text not null constraint honour_kind_known check (kind in ('helpfulness', 'accuracy', 'promptness', 'eyes')),
    figures jsonb not null,
    awarded_at timestamptz not null,
    revoked_at timestamptz,
    revoke_reason_zh text,
    revoke_reason_en text,
    revoked_by_entry bigint,
    primary key (district_id, id),
    constraint honour_once unique (district_id, month, area_path, rider_id),
    constraint honour_place_once unique (district_id, month, area_path, place),
    foreign key (district_id, rider_id) references rider (district_id, id),
    foreign key (district_id, month, area_path) references honour_run (district_id, month, area_path),
    foreign key (district_id, revoked_by_entry) references point_entry (district_id, id),
    constraint honour_revocation_whole check (
        (revoked_at is null) = (revoke_reason_zh is null) and (revoked_at is null) = (revoke_reason_en is null)
        and (revoked_at is null) = (revoked_by_entry is null)
    )
);
create index honour_rider on honour (district_id, rider_id, month);
