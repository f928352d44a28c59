-- What of a rider's reports ended in a month, whatever he sent before: the figures of a month's honours.
create index community_case_ended_reports on community_case (district_id, reporter_id, closed_at)
where reporter_kind = 'rider' and closed_at is not null;
