-- Reading the audit trail: by actor, by act, and whether the last verification found it whole.

create index audit_entry_actor on audit_entry (district_id, actor_kind, actor_id, id);
create index audit_entry_act on audit_entry (district_id, act, id);

-- Temporary tables come before all others unless they are named last: one called audit_entry would stand in for ours.
alter function audit_hash(bytea, audit_entry) set search_path = pg_catalog, public, pg_temp;
alter function append_audit(int, timestamptz, text, bigint, text, text, text, text, jsonb)
set search_path = pg_catalog, public, pg_temp;

-- What `audit verify` found last; `fault` null where the trail was whole.
create table audit_verification (
    district_id int not null references district (id),
    verified_at timestamptz not null,
    rows_read bigint not null,
    fault text constraint audit_verification_fault_known check (
        fault in ('edited', 'deleted', 'reordered', 'truncated', 'rewritten')
    ),
    first_bad_row bigint,
    primary key (district_id),
    constraint audit_verification_whole check ((fault is null) = (first_bad_row is null))
);
