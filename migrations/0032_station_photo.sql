-- The photo of a station: `photo_sha256` names the file as it was announced or sent, `photo_stored_sha256` the one in the
-- store once it has arrived. Whoever announces another photo has sent nothing of it yet.
alter table station
add column photo_stored_sha256 text collate "C",
add constraint station_photo_stored_hash check (photo_stored_sha256 ~ '^[0-9a-f]{64}$'),
add constraint station_photo_stored_named check (photo_stored_sha256 is null or photo_sha256 is not null);

create index station_photo_stored on station (district_id, photo_stored_sha256) where photo_stored_sha256 is not null;
