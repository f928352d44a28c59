-- Areas: a tree of variable depth in versioned generations. Geometry is WGS-84 WKB, evaluated in our process.

create table generation (
    district_id int not null references district (id),
    id bigint generated always as identity,
    status text not null default 'draft' constraint generation_status_known check (
        status in ('draft', 'active', 'retired', 'discarded')
    ),
    note text not null default '',
    created_at timestamptz not null,
    created_by text not null,
    activated_at timestamptz,
    activated_by text,
    replaced_id bigint,
    primary key (district_id, id),
    foreign key (district_id, replaced_id) references generation (district_id, id),
    constraint generation_activation_whole check (
        (status in ('draft', 'discarded') or activated_at is not null)
        and (activated_at is null) = (activated_by is null)
    )
);
create unique index generation_one_draft on generation (district_id) where status = 'draft';
create unique index generation_one_active on generation (district_id) where status = 'active';

-- `path` is the codes from the root joined with '/', `names` the names along it. `datum` is what the file stated;
-- the geometry has been converted.
create table area (
    district_id int not null,
    generation_id bigint not null,
    code text collate "C" not null constraint area_code_plain check (code !~ '[/|,\s]' and code <> ''),
    parent_code text collate "C",
    level text not null,
    code_scheme text not null,
    code_year int,
    path text collate "C" not null,
    name text not null,
    names text[] not null,
    is_leaf boolean not null,
    datum text not null constraint area_datum_known check (datum in ('wgs84', 'gcj02', 'bd09')),
    geometry bytea not null,
    min_lon double precision not null,
    min_lat double precision not null,
    max_lon double precision not null,
    max_lat double precision not null,
    primary key (district_id, generation_id, code),
    constraint area_path_unique unique (district_id, generation_id, path),
    foreign key (district_id, generation_id) references generation (district_id, id) on delete cascade,
    constraint area_parent_known foreign key (district_id, generation_id, parent_code)
    references area (district_id, generation_id, code) deferrable initially deferred
);
create index area_parent on area (district_id, generation_id, parent_code, code);
