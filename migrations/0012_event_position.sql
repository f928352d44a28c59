-- Where an event stands in the order in which commits become visible. Ids do not tell: a transaction that took a low id
-- may commit after one that took a higher. Events from before have no xid and come before every position. The column is
-- added empty and the default set afterwards, because adding it with such a default would write the whole table anew.
alter table event add column xid bigint;
alter table event alter column xid set default pg_current_xact_id()::text::bigint;
create index event_case_position on event (district_id, xid, id) where subject = 'case' and xid is not null;

-- Transaction numbers mean something only within one life of one cluster; a dump keeps them and the cluster it is
-- restored into counts anew. Each life in which somebody listens has a row: events up to `after_id` are older than it,
-- and it can hold none below `from_xid`.
create table stream_epoch (
    district_id int not null references district (id),
    fingerprint text not null,
    from_xid bigint not null,
    after_id bigint not null,
    begun_at timestamptz not null,
    primary key (district_id, fingerprint)
);
