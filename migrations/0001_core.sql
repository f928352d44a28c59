-- What every room leans on: districts, staff and their scopes, sessions, events, the change log, the calendar.

create table district (
    id int primary key,
    name text not null,
    timezone text not null default 'Asia/Shanghai',
    is_demo boolean not null default false
);
insert into district (id, name) values (1, '未命名辖区');

create table staff (
    district_id int not null references district (id),
    id bigint generated always as identity,
    username text not null,
    name text not null,
    password_hash text not null,
    disabled_at timestamptz,
    failed_sign_ins int not null default 0,
    locked_until timestamptz,
    created_at timestamptz not null,
    primary key (district_id, id),
    constraint staff_username_unique unique (district_id, username)
);

-- A role held on an area and everything beneath it; area_path '' is the whole district.
create table staff_grant (
    district_id int not null,
    staff_id bigint not null,
    role text not null constraint staff_grant_role_known check (
        role in ('district_admin', 'subdistrict', 'secretary', 'grid_worker', 'department', 'station_host', 'auditor')
    ),
    area_path text collate "C" not null default '',
    department_id bigint,
    granted_at timestamptz not null,
    constraint staff_grant_unique unique nulls not distinct (district_id, staff_id, role, area_path, department_id),
    foreign key (district_id, staff_id) references staff (district_id, id)
);
create index staff_grant_area on staff_grant (district_id, area_path, role);

-- Opaque sessions: only the SHA-256 of a token is stored.
create table session (
    district_id int not null references district (id),
    token_hash bytea not null,
    kind text not null constraint session_kind_known check (kind in ('rider', 'staff')),
    subject_id bigint not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    primary key (district_id, token_hash)
);
create index session_subject on session (district_id, kind, subject_id) where revoked_at is null;
create index session_expiry on session (district_id, expires_at);

-- What happened, once and for good. The same row is history, outbox and queue: `pending` rows still await their
-- reactions. Only the queue columns (from `pending` on) ever change.
create table event (
    district_id int not null references district (id),
    id bigint generated always as identity,
    kind text not null,
    subject text not null,
    subject_id bigint not null,
    actor_kind text not null constraint event_actor_known check (actor_kind in ('anonymous', 'rider', 'staff', 'system')),
    actor_id bigint,
    occurred_at timestamptz not null,
    data jsonb not null,
    pending boolean not null default true,
    attempts int not null default 0,
    next_attempt_at timestamptz not null,
    given_up_at timestamptz,
    last_error text,
    primary key (district_id, id)
);
create index event_subject on event (district_id, subject, subject_id, id);
create index event_queue on event (district_id, next_attempt_at) where pending;
create index event_given_up on event (district_id, given_up_at) where given_up_at is not null;

-- What in-process indices must read again. `xid` bounds readers to what can no longer gain earlier rows.
create table change_log (
    district_id int not null references district (id),
    seq bigint generated always as identity,
    kind text not null,
    ref text not null,
    xid bigint not null default pg_current_xact_id()::text::bigint,
    noted_at timestamptz not null default now(),
    primary key (district_id, seq)
);
create index change_log_xid on change_log (district_id, xid);

-- Days that differ from the plain weekday rule: holidays, and weekends worked in exchange.
create table holiday (
    district_id int not null references district (id),
    day date not null,
    is_workday boolean not null,
    name text not null,
    source text not null,
    version int not null default 1,
    primary key (district_id, day)
);
