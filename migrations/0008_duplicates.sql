-- Likely duplicates: how far to look around a case, which categories belong together, and what a person has ruled out.

-- Where to look: open cases within `radius_m` metres, opened within `within_days` of each other. The row without a
-- category is for all categories that have none of their own; a radius of 0 looks for nothing.
create table duplicate_rule (
    district_id int not null references district (id),
    category_code text,
    radius_m int not null constraint duplicate_rule_radius_bounded check (radius_m between 0 and 500),
    within_days int not null constraint duplicate_rule_days_bounded check (within_days between 1 and 365),
    constraint duplicate_rule_category_known foreign key (district_id, category_code)
    references category (district_id, code)
);
create unique index duplicate_rule_unique on duplicate_rule (district_id, coalesce(category_code, ''));

-- Two categories under which people report the same thing. Each pair stands once, in order, so it holds both ways.
create table related_category (
    district_id int not null,
    low_code text collate "C" not null,
    high_code text collate "C" not null,
    primary key (district_id, low_code, high_code),
    constraint related_category_ordered check (low_code < high_code),
    constraint related_category_low_known foreign key (district_id, low_code) references category (district_id, code),
    constraint related_category_high_known foreign key (district_id, high_code) references category (district_id, code)
);

-- “Not the same”, said by a person about two cases: neither is suggested to the other any more.
create table duplicate_dismissal (
    district_id int not null,
    low_id bigint not null,
    high_id bigint not null,
    dismissed_by bigint not null,
    dismissed_at timestamptz not null,
    primary key (district_id, low_id, high_id),
    constraint duplicate_dismissal_ordered check (low_id < high_id),
    foreign key (district_id, low_id) references community_case (district_id, id),
    foreign key (district_id, high_id) references community_case (district_id, id),
    foreign key (district_id, dismissed_by) references staff (district_id, id)
);
create index duplicate_dismissal_high on duplicate_dismissal (district_id, high_id);

-- The few open cases by place: strips of 0.002 degrees of latitude (some 222 m), each in order of longitude. An expression
-- and not a column, so that no row is written anew.
create index community_case_place on community_case (district_id, (floor(lat * 500)::int), lon)
where closed_at is null and lat is not null;

-- Values to begin with. Two phones side by side are seldom 50 m apart; water spreads and is gone in days, a structure
-- stands for months; two residents of one house who ask for help do not ask for the same.
insert into duplicate_rule (district_id, category_code, radius_m, within_days)
select district.id, starter.*
from district
cross join (
    values (null, 50, 30), ('standing_water', 100, 3), ('illegal_building', 50, 180), ('help', 0, 1)
) as starter (category_code, radius_m, within_days)
where starter.category_code is null
    or exists (select from category where category.district_id = district.id and category.code = starter.category_code);
insert into related_category (district_id, low_code, high_code)
select district.id, pair.*
from district
cross join (
    values ('litter', 'rubble'), ('blocked_lane', 'fire_lane'), ('missing_cover', 'road_damage'),
    ('road_damage', 'standing_water')
) as pair (low_code, high_code)
where (
    select count(*) from category where category.district_id = district.id and code in (pair.low_code, pair.high_code)
) = 2;
