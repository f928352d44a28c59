-- The rights of a person: to be erased so that the case stays, and to have nothing of his kept longer than is said.

-- Where a rider stands when he answers a look is another purpose than where a matter lies that he reports.
insert into consent_purpose (district_id, code, version, title_zh, title_en, text_zh, text_en, published_at)
select
    id, 'look_location', 1, '现场核实位置', 'Location of a look on site',
    '您答复现场核实时附带的位置只用来计算您离地点多远，算出后即丢弃，只保留距离。不同意也可以答复。',
    'A position sent with the answer to a look on site only tells how far from the place you stand; it is dropped at '
    'once and the distance alone is kept. You may answer without one.', now()
from district;

-- A rider who was erased stays as a row that leads to nobody: reports, points and events still name its id.
alter table rider
alter column phone drop not null,
add column erased_at timestamptz,
add constraint rider_erased_leads_to_nobody check (
    (erased_at is null) = (phone is not null) and (erased_at is null or (name is null and platform is null))
);

-- The ledger keeps its points; only the words that name an erased rider may be taken out of it.
create or replace function refuse_change_of_ledger() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and to_jsonb(old) - array['reason_zh', 'reason_en'] = to_jsonb(new) - array['reason_zh', 'reason_en']
        and exists (select from rider where district_id = old.district_id and id = old.rider_id and erased_at is not null)
    then
        return new;
    end if;
    raise exception 'rows of % are only added', tg_table_name;
end
$$;

-- Once erased, a contact is not left anew, so that erasing again after a restore cannot take one that is wanted.
alter table appeal
add column contact_erased_at timestamptz,
add constraint appeal_erased_leads_to_nobody check (
    contact_erased_at is null or (contact_name is null and contact_phone is null)
);

-- What is kept how long: `days` after what `zh` and `en` say; null where the service deletes nothing of it. A district may
-- set `days` between the two bounds.
create table retention_rule (
    district_id int not null references district (id),
    purpose text not null,
    position int not null,
    days int,
    least_days int,
    most_days int,
    zh text not null,
    en text not null,
    set_at timestamptz,
    set_by bigint,
    primary key (district_id, purpose),
    foreign key (district_id, set_by) references staff (district_id, id),
    constraint retention_rule_bounded check (
        num_nulls(days, least_days, most_days) in (0, 3) and days between least_days and most_days
    )
);
insert into retention_rule (district_id, position, purpose, days, least_days, most_days, zh, en)
select district.id, rule.*
from district
cross join (
    values
    (
        1, 'sign_in_codes', 1, 1, 1, '登录验证码与其限次记录：发送后',
        'Sign-in codes and the counts that limit them: after they were sent'
    ),
    (2, 'sessions', 30, 1, 180, '登录会话：失效后', 'Sessions: after they ended'),
    (
        3, 'submission_keys', 90, 30, 365, '防重复提交的标识：提交后抹去',
        'Keys against doubled submissions: taken out after the submission'
    ),
    (4, 'bulk_answers', 30, 30, 365, '批量办理的结果：办理后', 'Answers of bulk acts: after the act'),
    (5, 'notices', 180, 30, 730, '通知：发出后', 'Notices: after they were written'),
    (
        6, 'phone_positions', 30, 1, 180, '手机上报的精确位置、精度和时间：案件办结后抹去，只留所属网格',
        'The exact position, accuracy and time a phone sent: taken out after the case ended; the grid stays'
    ),
    (
        7, 'case_positions', 365, 30, 3650, '案件地点：办结后只保留到约 100 米',
        'The place of a case: kept only to about 100 metres after the case ended'
    ),
    (8, 'looks', 365, 90, 1825, '现场核实任务：结束后', 'Looks on site: after they ended'),
    (
        9, 'contacts', 180, 30, 1095, '居民诉求的姓名和电话：案件办结后抹去',
        'Name and phone left with an appeal: taken out after the case ended'
    ),
    (
        10, 'photos', 365, 90, 1825, '照片：案件办结后连同文件删除',
        'Photos: deleted with their files after the case ended'
    ),
    (
        11, 'consents', null::int, null::int, null::int, '同意与撤回记录：作为依据保留，注销后不再指向本人',
        'Consents given and withdrawn: kept as proof; after an erasure they lead to nobody'
    ),
    (
        12, 'cases', null, null, null, '案件及其办理过程：按档案规定保留；注销后不再指向本人',
        'Cases and their history: kept as records; after an erasure they lead to nobody'
    ),
    (
        13, 'points', null, null, null, '积分台账与荣誉：保留；注销后不再指向本人',
        'The ledger of points and honours: kept; after an erasure they lead to nobody'
    ),
    (
        14, 'audit', null, null, null, '审计记录：至少 180 天，本系统不删除；不含姓名、电话',
        'The audit trail: at least 180 days, never deleted by the service; it holds no names and no phones'
    )
) as rule (position, purpose, days, least_days, most_days, zh, en);

-- What the sweeps look for, each no larger than what is left to do.
create index report_positions on report (district_id, submitted_at) where received_lon is not null;
create index report_keys on report (district_id, submitted_at) where body_hash <> '';
create index appeal_keys on appeal (district_id, submitted_at) where body_hash <> '';
create index appeal_contacts on appeal (district_id, submitted_at)
where contact_name is not null or contact_phone is not null;
create index community_case_received on community_case (district_id, closed_at)
where closed_at is not null and received_lon is not null;
create index community_case_exact on community_case (district_id, closed_at)
where closed_at is not null and lon is not null and (lon, lat) <> (round(lon::numeric, 3)::float8, round(lat::numeric, 3)::float8);
create index case_photo_age on case_photo (district_id, stored_at);
create index verification_task_age on verification_task (district_id, asked_at)
where state in ('answered', 'expired', 'cancelled');

-- Files whose rows are gone, until they are gone too: the row first, then the file, so that none is forgotten.
create table photo_removal (
    district_id int not null references district (id),
    stored_sha256 text collate "C" not null,
    primary key (district_id, stored_sha256)
);
