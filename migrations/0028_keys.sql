-- Keys of codes and of links are numbered and registered as those that seal and index, so that they change while serving.
alter table sealing_key
drop constraint sealing_key_purpose_known,
add constraint sealing_key_purpose_known check (purpose in ('seal', 'index', 'codes', 'links'));

-- Which key made a digest of a WeChat account: whoever signs in by it brings it to the newest.
alter table rider_wechat add column keyed_with int not null default 1;
alter policy caller_update on rider_wechat using (
    district_id = (select caller_district())
    and ((select caller_acts_for_system()) or rider_id = (select caller_rider()) or (select caller_acts('sign_in')))
);
