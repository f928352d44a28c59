-- What guards money and guesses: how often, by whom, counted exactly. No phone, address or device stands here, only
-- their keyed digests, and nothing outlives the limit it serves.

-- One row a phone, whether a rider's or a stranger's: its last code and the moments of the last day. Moments and not a
-- number, so that "in the last hour" means that at every moment. `code_hmac` is null when no code can be used.
drop table sign_in_code;
create table sign_in_code (
    district_id int not null references district (id),
    phone_hmac bytea not null,
    code_hmac bytea,
    device_hmac bytea,
    expires_at timestamptz,
    tries int not null default 0,
    sent_at timestamptz[] not null default '{}',
    wrong_at timestamptz[] not null default '{}',
    warned_at timestamptz,
    changed_at timestamptz not null,
    primary key (district_id, phone_hmac),
    constraint sign_in_code_whole check (
        (code_hmac is null) = (device_hmac is null) and (code_hmac is null) = (expires_at is null)
    )
);
create index sign_in_code_age on sign_in_code (district_id, changed_at);

-- How much of a budget is spent until `ends_at`: `purpose` says which budget, `key` whose.
create table spending (
    district_id int not null references district (id),
    purpose text not null,
    key bytea not null,
    spent int not null,
    ends_at timestamptz not null,
    primary key (district_id, purpose, key)
);
create index spending_age on spending (district_id, ends_at);

-- The WeChat account that a rider signs in with: a keyed digest of its openid, which says nothing about him elsewhere.
create table rider_wechat (
    district_id int not null,
    rider_id bigint not null,
    openid_hmac bytea not null,
    bound_at timestamptz not null,
    primary key (district_id, rider_id),
    foreign key (district_id, rider_id) references rider (district_id, id) on delete cascade,
    constraint rider_wechat_openid_unique unique (district_id, openid_hmac)
);
