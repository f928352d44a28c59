-- Who did what with power over people or their data: appended, never changed, each row sealed by the hash of the one before.

create table audit_entry (
    district_id int not null references district (id),
    -- 1, 2, 3 … without gaps, so that a row taken out is missed.
    id bigint not null,
    happened_at timestamptz not null,
    actor_kind text not null constraint audit_entry_actor_known
        check (actor_kind in ('anonymous', 'rider', 'staff', 'system')),
    actor_id bigint,
    act text not null,
    subject text not null,
    subject_id text not null,
    reason text not null,
    data jsonb not null,
    hash bytea not null,
    primary key (district_id, id)
);
create index audit_entry_subject on audit_entry (district_id, subject, subject_id, id);

-- What a row's hash covers: the hash before it and every column, as JSON, which keeps values apart.
create function audit_hash(before bytea, entry audit_entry) returns bytea
language sql immutable
set search_path = pg_catalog, public
return sha256(before || convert_to(
    jsonb_build_array(
        entry.district_id, entry.id, extract(epoch from entry.happened_at), entry.actor_kind, entry.actor_id,
        entry.act, entry.subject, entry.subject_id, entry.reason, entry.data
    )::text, 'UTF8'
));

-- The only way in for the application, which may not insert, change or delete rows itself. One at a time: the lock is
-- held until the caller's transaction ends, so the chain has no forks.
create function append_audit(
    district int, at timestamptz, by_kind text, by_id bigint, what text, about text, about_id text, why text, details jsonb
) returns bigint
language plpgsql security definer
set search_path = pg_catalog, public
as $$
declare
    last audit_entry;
    entry audit_entry;
begin
    perform pg_advisory_xact_lock(hashtext('audit'), district);
    select * into last from audit_entry where district_id = district order by id desc limit 1;
    entry := row(
        district, coalesce(last.id, 0) + 1, at, by_kind, by_id, what, about, about_id, why, details, null
    )::audit_entry;
    entry.hash := audit_hash(coalesce(last.hash, ''), entry);
    insert into audit_entry select (entry).*;
    return entry.id;
end
$$;

do $$
begin
    if exists (select from pg_roles where rolname = 'station_app') then
        revoke insert, update, delete on audit_entry from station_app;
    end if;
end
$$;
