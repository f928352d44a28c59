-- Boundaries are taken in over HTTP too, by administrators of the whole district; and what riders told lately is listed.

do $$
declare
    tbl text;
    wall constant text := 'district_id = (select caller_district()) and ((select caller_acts_for_system())
        or '''' = any ((select caller_scopes(''district_admin''))::text[]))';
begin
    foreach tbl in array array['generation', 'area'] loop
        execute format('alter policy caller_insert on %I with check (%s)', tbl, wall);
        execute format('alter policy caller_update on %I using (%s)', tbl, wall);
        execute format('alter policy caller_delete on %I using (%s)', tbl, wall);
    end loop;
end
$$;

create index station_feedback_told on station_feedback (district_id, told_at);
