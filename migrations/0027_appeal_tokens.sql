-- The token of an appeal is found by its hash and stands nowhere readable. It is kept sealed, beside the contact, only as
-- long as the key of its submission is, because a repeated sending is given the same one.

-- Tokens given out so far stay good. What stands plain gets a header of zeros and is sealed before anybody is served.
alter table appeal
drop constraint appeal_token_unique,
drop column sealed_with,
alter column token drop not null,
add column token_hash bytea;
update appeal set token_hash = sha256(convert_to(token, 'UTF8')), token = case when key not like '~%' then token end;
alter table appeal
alter column token_hash set not null,
alter column token type bytea using '\x000000'::bytea || convert_to(token, 'UTF8'),
add constraint appeal_token_hash_unique unique (district_id, token_hash);
alter table appeal
add column sealed_with int generated always as (
    least(key_number(contact_name), key_number(contact_phone), key_number(token))
) stored;
create index appeal_sealed_with on appeal (district_id, sealed_with) where sealed_with is not null;
