-- Riders: who they are, what they agreed to, where they may report with trust, and what they reported.

create table rider (
    district_id int not null references district (id),
    id bigint generated always as identity,
    phone text not null constraint rider_phone_mainland check (phone ~ '^\+861[3-9][0-9]{9}$'),
    name text,
    platform text,
    languages text[] not null default '{zh}',
    signed_up_at timestamptz not null,
    primary key (district_id, id),
    constraint rider_phone_unique unique (district_id, phone)
);

-- One row a phone, whether a rider or a stranger: the last code (only its HMAC) and every limit that guards it, so
-- that each limit is checked and counted by one statement on one row. `sent_at` is null after a failed sending.
create table sign_in_code (
    district_id int not null references district (id),
    phone text not null,
    code_hmac bytea not null,
    sent_at timestamptz,
    expires_at timestamptz not null,
    tries int not null default 0,
    used_at timestamptz,
    day_started_at timestamptz not null,
    sent_that_day int not null,
    primary key (district_id, phone)
);
create index sign_in_code_age on sign_in_code (district_id, day_started_at);

-- What a rider is asked to agree to. A changed text is a new version, and asks again.
create table consent_purpose (
    district_id int not null references district (id),
    code text not null,
    version int not null,
    title_zh text not null,
    title_en text not null,
    text_zh text not null,
    text_en text not null,
    published_at timestamptz not null,
    primary key (district_id, code, version)
);
insert into consent_purpose (district_id, code, version, title_zh, title_en, text_zh, text_en, published_at)
select district.id, purpose.*, now()
from district
cross join (
    values
    (
        'basic_service', 1, '基本服务', 'Basic service',
        '我们用您的手机号登录、联系您，并把您的上报交给社区办理。',
        'Your phone number signs you in, lets us reach you, and lets the community handle what you report.'
    ),
    (
        'report_location', 1, '上报位置', 'Location of a report',
        '您上报时附带的位置用于把问题交给所在社区。不同意也可以上报，由值班人员确认地点；我们不记录您的行踪。',
        'A position sent with a report brings it to the right community. You may report without one: the duty desk '
        'then asks for the place. Your movements are never recorded.'
    ),
    (
        'photo', 1, '上报照片', 'Photos of a report',
        '您上报的照片只给办理该案件的人员查看。请尽量不要拍到他人的脸和车牌。',
        'Photos you send are shown only to those who handle the case. Please keep faces and number plates out.'
    )
) as purpose (code, version, title_zh, title_en, text_zh, text_en);

-- Given and withdrawn, one row each time, never changed.
create table consent (
    district_id int not null,
    id bigint generated always as identity,
    rider_id bigint not null,
    purpose text not null,
    version int not null,
    is_given boolean not null,
    decided_at timestamptz not null,
    primary key (district_id, id),
    foreign key (district_id, rider_id) references rider (district_id, id),
    constraint consent_purpose_known foreign key (district_id, purpose, version)
    references consent_purpose (district_id, code, version)
);
create index consent_latest on consent (district_id, rider_id, purpose, id desc);

create table application (
    district_id int not null,
    id bigint generated always as identity,
    rider_id bigint not null,
    area_path text collate "C" not null,
    motivation text not null default '',
    status text not null default 'waiting' constraint application_status_known check (
        status in ('waiting', 'approved', 'declined')
    ),
    applied_at timestamptz not null,
    decided_at timestamptz,
    decided_by bigint,
    reason text,
    primary key (district_id, id),
    foreign key (district_id, rider_id) references rider (district_id, id),
    foreign key (district_id, decided_by) references staff (district_id, id),
    constraint application_decision_whole check (
        (status = 'waiting') = (decided_at is null) and (decided_at is null) = (decided_by is null)
        and (status <> 'declined' or reason is not null)
    )
);
create unique index application_waiting_unique on application (district_id, rider_id, area_path)
where status = 'waiting';
create index application_queue on application (district_id, area_path, id);

-- A rider appointed to report in an area and everything beneath it, for a term. Trust level: 1 each report is
-- looked at on site first, 2 reports are filed at once, 3 may also be asked to verify the reports of others.
create table appointment (
    district_id int not null,
    id bigint generated always as identity,
    rider_id bigint not null,
    application_id bigint not null,
    area_path text collate "C" not null,
    trust_level int not null constraint appointment_trust_known check (trust_level between 1 and 3),
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    appointed_by bigint not null,
    appointed_at timestamptz not null,
    revoked_at timestamptz,
    revoked_by bigint,
    revoke_reason text,
    reminded_at timestamptz,
    expired_at timestamptz,
    primary key (district_id, id),
    constraint appointment_application_unique unique (district_id, application_id),
    foreign key (district_id, rider_id) references rider (district_id, id),
    foreign key (district_id, application_id) references application (district_id, id),
    foreign key (district_id, appointed_by) references staff (district_id, id),
    foreign key (district_id, revoked_by) references staff (district_id, id),
    constraint appointment_term_forward check (ends_at > starts_at),
    constraint appointment_revocation_whole check (
        (revoked_at is null) = (revoked_by is null) and (revoked_at is null) = (revoke_reason is null)
    )
);
create index appointment_rider on appointment (district_id, rider_id, ends_at) where revoked_at is null;
create index appointment_area on appointment (district_id, area_path, id);
create index appointment_ending on appointment (district_id, ends_at)
where revoked_at is null and (reminded_at is null or expired_at is null);

-- What a rider submitted, as it came; it never changes, whatever becomes of its case. (rider_id, key) makes a repeated
-- submission the same report; `body_hash` tells a repetition from another report under a used key. `received_…` is the
-- position before conversion; area, confirmation and trust are what the rider was answered at the time.
create table report (
    district_id int not null,
    id bigint generated always as identity,
    rider_id bigint not null,
    key text not null,
    body_hash bytea not null,
    category_code text not null,
    description text not null,
    answers jsonb not null,
    received_lon double precision,
    received_lat double precision,
    received_datum text,
    accuracy_m double precision,
    observed_at timestamptz,
    submitted_at timestamptz not null,
    area_path text collate "C",
    area_names text[],
    needs_confirmation boolean not null default false,
    is_trusted boolean not null default false,
    case_id bigint,
    primary key (district_id, id),
    foreign key (district_id, rider_id) references rider (district_id, id),
    foreign key (district_id, case_id) references community_case (district_id, id),
    constraint report_key_unique unique (district_id, rider_id, key)
);
create index report_own on report (district_id, rider_id, id desc);

-- Photos announced with the report (`position`) or sent later (without one); once `stored_at` is set, the file is safe
-- on the disk under its SHA-256.
create table report_photo (
    district_id int not null,
    report_id bigint not null,
    sha256 text collate "C" not null constraint report_photo_hash check (sha256 ~ '^[0-9a-f]{64}$'),
    position int,
    media_type text constraint report_photo_format check (media_type in ('image/jpeg', 'image/png', 'image/webp')),
    size int,
    stored_at timestamptz,
    primary key (district_id, report_id, sha256),
    foreign key (district_id, report_id) references report (district_id, id),
    constraint report_photo_stored_whole check ((stored_at is null) = (media_type is null) and (stored_at is null) = (size is null))
);
