-- Since when a promised date stands in place of the limit: what was paused or extended before is part of the promise.
alter table deadline add column fixed_since timestamptz;
update deadline set fixed_since = started_at where fixed_at is not null;
