-- Digests that stood without a key: of who tapped at a station, and of what an appeal said.

-- Taps told so far lead to nobody. Their events named riders who were signed in, which told where they had been.
update station_feedback set teller = '';
update event set actor_kind = 'anonymous', actor_id = null
where actor_kind = 'rider' and (
    kind in ('station.found_open', 'station.found_locked', 'station.amenity_broken', 'case.told_again')
    or (kind = 'case.opened' and exists (
        select from community_case where community_case.district_id = event.district_id
            and community_case.id = event.subject_id and origin = 'station_fault'
    ))
);

-- An appeal sent before and once more after this is refused as another one under its key; it is not doubled.
update appeal set body_hash = '\x00' where body_hash <> '';

update retention_rule set position = position + 1 where position > 9;
insert into retention_rule (district_id, position, purpose, days, least_days, most_days, zh, en)
select
    id, 10, 'taps', 30, 1, 365, '驿站随手报的本人摘要：反馈后',
    'Taps at stations, by which a repetition is known: after they were told'
from district;
create index station_feedback_age on station_feedback (district_id, told_at);
