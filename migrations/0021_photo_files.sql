-- Photos are kept as they are written anew from their pixels: a row's `sha256` stays the name under which it was sent,
-- `stored_sha256` is of the file in the store. Until now originals were kept, with whatever cameras write into them; no
-- release did, so what development installations hold is forgotten rather than served.
delete from case_photo;
update report_photo set media_type = null, size = null, stored_at = null where stored_at is not null;

alter table case_photo
add column stored_sha256 text collate "C" not null constraint case_photo_stored_hash check (
    stored_sha256 ~ '^[0-9a-f]{64}$'
);
alter table report_photo
add column stored_sha256 text collate "C" constraint report_photo_stored_hash check (stored_sha256 ~ '^[0-9a-f]{64}$'),
drop constraint report_photo_stored_whole,
add constraint report_photo_stored_whole check (
    (stored_at is null) = (media_type is null) and (stored_at is null) = (size is null)
    and (stored_at is null) = (stored_sha256 is null)
);

-- Which rows speak of a file: before it is removed, and when the store is compared with them.
create index case_photo_stored on case_photo (district_id, stored_sha256);
create index report_photo_stored on report_photo (district_id, stored_sha256) where stored_sha256 is not null;
