-- Staff prove themselves twice: by a password of their own, and by a code that their phone makes.

alter table staff
-- A password that someone else gave: good for one sign-in until then, and to be replaced at once.
add column one_time_until timestamptz,
-- Sealed secrets of the code generator: the one that counts, and one that is offered and not yet confirmed.
add column totp_secret bytea,
add column totp_offered bytea,
-- The last thirty seconds whose code was taken: no code is taken twice, nor one older than it.
add column totp_last_step bigint not null default 0;

-- For whoever has lost his phone: each good once, kept as SHA-256 of 120 random bits.
create table recovery_code (
    district_id int not null,
    staff_id bigint not null,
    code_hash bytea not null,
    primary key (district_id, staff_id, code_hash),
    foreign key (district_id, staff_id) references staff (district_id, id)
);

-- The token by which the first administrator of a district makes his account; printed on the console, kept as SHA-256.
create table first_run (
    district_id int primary key references district (id),
    token_hash bytea not null,
    expires_at timestamptz not null
);
