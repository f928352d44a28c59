-- A session is a sign-in and all tokens that follow from it: one row, however often it is renewed. Whoever was signed
-- in before this migration signs in again.

drop table session;

create table session (
    district_id int not null references district (id),
    id bigint generated always as identity,
    kind text not null constraint session_kind_known check (kind in ('rider', 'staff')),
    subject_id bigint not null,
    device text not null,
    opened_at timestamptz not null,
    -- When a password or code was last proved in this session.
    proved_at timestamptz not null,
    -- Written once a minute at most.
    last_used_at timestamptz not null,
    ends_at timestamptz not null,
    revoked_at timestamptz,
    -- SHA-256 of what all tokens of the session begin with, and of the rest of the newest pair.
    handle_hash bytea not null,
    access_hash bytea not null,
    access_expires_at timestamptz not null,
    refresh_hash bytea not null,
    -- The pair before it; the salt made the newest pair out of the former refresh token, and can do so again.
    former_access_hash bytea,
    former_refresh_hash bytea,
    salt bytea,
    renewed_at timestamptz,
    -- When the newest pair was first used; the former one is then worth nothing any more.
    renewal_used_at timestamptz,
    primary key (district_id, id),
    constraint session_handle_unique unique (district_id, handle_hash),
    constraint session_renewal_whole check (
        num_nulls(former_access_hash, former_refresh_hash, salt, renewed_at) in (0, 4)
    )
);
create index session_subject on session (district_id, kind, subject_id) where revoked_at is null;
create index session_end on session (district_id, ends_at);
