-- Personal data sealed: a value is `algorithm (1 byte), key (2), nonce, ciphertext with tag`, bound to table, column and
-- row; the keys are in files. What can be looked up has a keyed index beside it, `algorithm (1), key (2), digest`.

-- Which keys the data were sealed with: never a key, only by what to recognise it.
create table sealing_key (
    district_id int not null references district (id),
    purpose text not null constraint sealing_key_purpose_known check (purpose in ('seal', 'index')),
    number int not null constraint sealing_key_number_counted check (number between 1 and 65535),
    algorithm text not null,
    fingerprint bytea not null,
    made_at timestamptz not null,
    retired_at timestamptz,
    primary key (district_id, purpose, number)
);

create function key_number(made bytea) returns int
language sql immutable parallel safe
return get_byte(made, 1) * 256 + get_byte(made, 2);

-- What is stored plain so far gets a header of zeros, and is sealed before anybody is served. `sealed_with` is the
-- lowest key that the values of a row need, 0 while they are plain, null where there are none; `indexed_with` the
-- highest key that they can be found under. An erased rider has neither phone, nor name, nor index.
alter table rider
drop constraint rider_phone_unique,
drop constraint rider_phone_mainland,
alter column phone drop not null,
alter column phone type bytea using '\x000000'::bytea || convert_to(phone, 'UTF8'),
alter column name type bytea using '\x000000'::bytea || convert_to(name, 'UTF8'),
add column phone_index_odd bytea,
add column phone_index_even bytea;

alter table rider
add constraint rider_phone_odd_unique unique (district_id, phone_index_odd),
add constraint rider_phone_even_unique unique (district_id, phone_index_even),
add column sealed_with int generated always as (least(key_number(phone), key_number(name))) stored,
add column indexed_with int generated always as (
    case
        when phone is not null then coalesce(greatest(key_number(phone_index_odd), key_number(phone_index_even)), 0)
    end
) stored;
create index rider_sealed_with on rider (district_id, sealed_with);
create index rider_indexed_with on rider (district_id, indexed_with);

alter table appeal
alter column contact_name type bytea using '\x000000'::bytea || convert_to(contact_name, 'UTF8'),
alter column contact_phone type bytea using '\x000000'::bytea || convert_to(contact_phone, 'UTF8');
alter table appeal
add column sealed_with int generated always as (least(key_number(contact_name), key_number(contact_phone))) stored;
create index appeal_sealed_with on appeal (district_id, sealed_with) where sealed_with is not null;

-- The number of the identity card, which a rider may leave with his application so that it can be compared.
alter table application add column id_number bytea;
alter table application add column sealed_with int generated always as (key_number(id_number)) stored;
create index application_sealed_with on application (district_id, sealed_with) where sealed_with is not null;

-- Secrets of authenticators are sealed in the same way; those sealed otherwise before are set up anew.
update staff set totp_secret = null, totp_offered = null;
alter table staff
add column sealed_with int generated always as (least(key_number(totp_secret), key_number(totp_offered))) stored;
create index staff_sealed_with on staff (district_id, sealed_with) where sealed_with is not null;

-- How many people somebody has seen in the clear within the hour is counted in the trail itself.
create index audit_entry_actor_act on audit_entry (district_id, actor_kind, actor_id, act, happened_at);

insert into consent_purpose (district_id, code, version, title_zh, title_en, text_zh, text_en, published_at)
select
    district.id, 'identity', 1, '身份证号', 'Identity card number',
    '您申请兼职网格员时可以填写身份证号，只用于社区核对申请人本人。不填写也可以申请，届时当面核对证件。',
    'You may leave the number of your identity card with an application to become a reporter. It serves only to check '
    'that you are who applies. You may apply without it, and show the card instead.',
    now()
from district;
