-- Figures: what each case counts for, sums of that kept ready, and which cases must be counted anew.

-- One row a case. `slots` are numbers of community/figures/tally.py, each counted once. The area is null at the duty desk.
-- No foreign key to the case: checking it would make the sweep wait for whoever is at work on that case.
create table figure_case (
    district_id int not null,
    case_id bigint not null,
    opened_on date not null,
    area_path text collate "C",
    category_code text not null,
    department_id bigint,
    slots smallint[] not null,
    primary key (district_id, case_id)
);
create index figure_case_area on figure_case (district_id, area_path, opened_on);

-- Sums of figure_case, always exactly: both are written in one transaction. `counts` stand beside `slots`. A cut that does
-- not tell categories (departments) apart holds '' (-1) there; 0 is no department.
create table figure_cell (
    district_id int not null references district (id),
    grain text not null constraint figure_cell_grain_known check (grain in ('day', 'month')),
    cut text not null constraint figure_cell_cut_known check (cut in ('all', 'category', 'department', 'both')),
    depth int not null,
    area_path text collate "C" not null,
    starts_on date not null,
    category_code text not null,
    department_id bigint not null,
    slots smallint[] not null,
    counts int[] not null,
    primary key (district_id, grain, cut, depth, area_path, starts_on, category_code, department_id)
);

-- Cases to be counted anew, written by whatever changes one, in its own transaction: so none can be forgotten, and the
-- oldest row tells up to when the figures are complete. Nothing is unique here, lest writers wait for each other.
create table figure_mark (
    district_id int not null references district (id),
    changed_at timestamptz not null,
    id bigint generated always as identity,
    case_id bigint not null,
    primary key (district_id, changed_at, id)
);

create function mark_case_for_figures() returns trigger language plpgsql as $$
begin
    insert into figure_mark (district_id, changed_at, case_id) values (new.district_id, new.updated_at, new.id);
    return null;
end
$$;
create trigger figure_mark_opened after insert on community_case
for each row execute function mark_case_for_figures();
create trigger figure_mark_changed after update on community_case for each row
when (
    (old.state, old.satisfaction, old.category_code, old.department_id, old.area_path, old.opened_at, old.version)
    is distinct from
    (new.state, new.satisfaction, new.category_code, new.department_id, new.area_path, new.opened_at, new.version)
)
execute function mark_case_for_figures();

-- A row of deadline does not say when it was moved; its case, changed in the same act, does.
create function mark_deadline_for_figures() returns trigger language plpgsql as $$
begin
    insert into figure_mark (district_id, changed_at, case_id)
    select new.district_id, greatest(updated_at, new.started_at, new.met_at, new.breached_at, new.cancelled_at), new.case_id
    from community_case where district_id = new.district_id and id = new.case_id;
    return null;
end
$$;
create trigger figure_mark_begun after insert on deadline
for each row execute function mark_deadline_for_figures();
create trigger figure_mark_turned after update on deadline for each row
when (
    (old.due_at, old.met_at, old.breached_at, old.cancelled_at, old.paused_at)
    is distinct from
    (new.due_at, new.met_at, new.breached_at, new.cancelled_at, new.paused_at)
)
execute function mark_deadline_for_figures();

-- Whatever there is already; while it is being counted, figures say that they end before the oldest case not yet counted.
insert into figure_mark (district_id, changed_at, case_id) select district_id, opened_at, id from community_case;
