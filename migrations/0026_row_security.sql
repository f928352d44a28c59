-- The second wall: whoever comes by the application's role sees and changes only what is his, whatever the application
-- asks. Each transaction says for whom it works (core/access/wall.py); one that says nothing finds every table empty.
-- Sweeps and reactions come by a role of their own, station_sweeper, which sees all (docs/adr/0021-row-security.md).

-- Who is asking ------------------------------------------------------------------------------------------------------

create function caller_district() returns int language sql stable parallel safe
return nullif(current_setting('app.district', true), '')::int;

create function caller_staff() returns bigint language sql stable parallel safe
return nullif(current_setting('app.staff', true), '')::bigint;

create function caller_rider() returns bigint language sql stable parallel safe
return nullif(current_setting('app.rider', true), '')::bigint;

-- The one case that a link or a token has opened.
create function caller_case() returns bigint language sql stable parallel safe
return nullif(current_setting('app.case', true), '')::bigint;

-- Whether the transaction does one of these works of the system itself (core.access.wall.Work).
create function caller_acts(variadic works text[]) returns boolean language sql stable parallel safe
return coalesce(current_setting('app.acting', true) = any (works), false);

-- Works that begin where the caller's right has been found, and may touch whatever follows from it.
create function caller_acts_for_system() returns boolean language sql stable parallel safe
return coalesce(current_setting('app.acting', true) in ('intake', 'consequence'), false);

-- The areas on which any of these roles is held, as beginnings of paths ('' is the whole district, else 'a/b/'); all
-- roles where none is named.
create function caller_scopes(variadic roles text[] default '{}') returns text[] language sql stable parallel safe
return (
    select coalesce(array_agg(substr(held, strpos(held, ':') + 1)), '{}')
    from unnest(nullif(current_setting('app.grants', true), '')::text[]) as held
    where cardinality(roles) = 0 or split_part(held, ':', 1) = any (roles)
);

create function caller_departments() returns bigint[] language sql stable parallel safe
return coalesce(nullif(current_setting('app.departments', true), '')::bigint[], '{}');

-- Whether what has no area yet, at the duty desk, is before the caller; he `works` there unless he only looks on.
create function caller_at_desk(works boolean) returns boolean language sql stable parallel safe
return cardinality(caller_scopes('district_admin', 'subdistrict')) > 0
    or '' = any (caller_scopes('secretary', 'grid_worker'))
    or (not works and '' = any (caller_scopes('auditor')));

create function lies_in(area_path text, scopes text[]) returns boolean language sql immutable parallel safe
return (area_path || '/') ^@ any (scopes);

-- Whether who asks holds any of these roles on an area or above it; sweepers hold all.
create function caller_holds(area_path text, variadic roles text[]) returns boolean language sql stable
return lies_in(area_path, caller_scopes(variadic roles)) or pg_has_role(current_user, 'station_sweeper', 'usage');

-- Whether something kept for an area reaches down to one of these scopes.
create function reaches_down(area_path text, scopes text[]) returns boolean language sql immutable parallel safe
return exists (select from unnest(scopes) as scope where area_path = '' or scope ^@ (area_path || '/'));

-- Putting up the wall ------------------------------------------------------------------------------------------------

-- The policies of a table: which rows a caller sees, adds, changes (the row before and the row after) and removes, each a
-- condition on its columns. Write every function of the caller as `(select …)`, so that it is asked once a query.
-- Of its own: another district's rows are nobody's; sweepers pass; the owner passes while he migrates.
create function put_wall(
    tbl regclass, sees text, adds text default 'false', changes text default 'false', removes text default 'false',
    district text default 'district_id'
) returns void language plpgsql as $$
declare
    conditions text[] := array[sees, adds, changes, removes];
    commands text[] := array['select', 'insert', 'update', 'delete'];
    wall text;
begin
    execute format('alter table %s enable row level security, force row level security', tbl);
    execute format('create policy sweeper on %s to station_sweeper using (true) with check (true)', tbl);
    execute format(
        'create policy owner on %s to %I using (current_setting(''app.acting'', true) = ''owner'')', tbl, current_user
    );
    for n in 1..4 loop
        wall := format(
            '%I = (select caller_district()) and ((select caller_acts_for_system()) or (%s))', district, conditions[n]
        );
        execute format(
            'create policy caller_%1$s on %2$s for %1$s %3$s', commands[n], tbl,
            case commands[n] when 'insert' then format('with check (%s)', wall) else format('using (%s)', wall) end
        );
    end loop;
end
$$;

-- Whether the caller may do something about a case, not only look on.
create function caller_works_on(in_district int, wanted bigint) returns boolean language sql stable as $$
    select exists (
        select from community_case
        where district_id = in_district and id = wanted and (
            lies_in(area_path, (select caller_scopes('district_admin', 'subdistrict', 'secretary', 'grid_worker')))
            or (area_path is null and (select caller_at_desk(true)))
            or department_ids && (select caller_departments())
        )
    )
$$;

-- What hangs on a case is seen by the staff who see the case.
create function put_wall_of_case(
    tbl regclass, adds text default 'false', changes text default 'false', removes text default 'false'
) returns void language sql as $$
    select put_wall(
        tbl,
        format(
            '(select caller_staff()) is not null and exists (
                select from community_case where community_case.district_id = %1$s.district_id
                    and community_case.id = %1$s.case_id
            )', tbl
        ),
        adds, changes, removes
    )
$$;

-- Core ---------------------------------------------------------------------------------------------------------------

-- What anyone of the district may read; kept by administrators of the whole district.
select put_wall(
    tbl, 'true', district => case tbl when 'district' then 'id' else 'district_id' end,
    adds => whole, changes => whole, removes => whole
)
from unnest(array[
    'district', 'holiday', 'working_week', 'calendar_edition', 'category', 'amenity_kind', 'consent_purpose', 'point_rule',
    'duplicate_rule', 'related_category', 'retention_rule'
]) as tbl, (values ($$'' = any ((select caller_scopes('district_admin'))::text[])$$)) as admin (whole);

-- What anyone of the district may read and only commands write.
select put_wall(tbl, 'true') from unnest(array['generation', 'area', 'department', 'honour_run', 'honour']) as tbl;

-- A role that the caller may give and take: the subdistrict's staff those beneath them, all within their own area. That of a
-- department reaches as far as the department serves. (Not asked of any policy that these tables' own policies ask.)
create function caller_gives(in_district int, given text, area text, of_department bigint) returns boolean
language sql stable as $$
    select lies_in(extent, caller_scopes('district_admin')) or (
        given in ('secretary', 'grid_worker', 'station_host', 'department')
        and lies_in(extent, caller_scopes('subdistrict'))
    )
    from (
        select coalesce((select area_path from department where district_id = in_district and id = of_department), area)
    ) as held (extent)
$$;
-- An account of which the caller may give and take every role.
create function caller_administers(in_district int, wanted bigint) returns boolean language sql stable as $$
    select '' = any (caller_scopes('district_admin')) or (
        exists (select from staff_grant where district_id = in_district and staff_id = wanted) and not exists (
            select from staff_grant where district_id = in_district and staff_id = wanted
                and not caller_gives(in_district, role, area_path, department_id)
        )
    )
$$;

select put_wall(
    'staff',
    sees => $$(select caller_staff()) is not null or (select caller_acts('authenticate', 'sign_in', 'first_run'))$$,
    adds => $$(select caller_scopes('district_admin', 'subdistrict')) <> '{}' or (select caller_acts('first_run'))$$,
    changes => $$
        id = (select caller_staff()) or (select caller_acts('sign_in')) or caller_administers(district_id, id)
    $$
);
-- Each gives and takes the roles below his own, within his area.
select put_wall(
    'staff_grant',
    sees => $$(select caller_staff()) is not null or (select caller_acts('authenticate', 'sign_in'))$$,
    adds => given || $$ or (select caller_acts('first_run'))$$, changes => given, removes => given
)
from (values ('caller_gives(district_id, role, area_path, department_id)')) as staff_grant (given);
-- Who administers accounts ends their sessions; to change rows, one must see them.
select put_wall('session', sees => his, adds => $$(select caller_acts('sign_in'))$$, changes => his)
from (
    values ($$
        (kind = 'staff' and subject_id = (select caller_staff()))
        or (kind = 'rider' and subject_id = (select caller_rider()))
        or (kind = 'staff' and (select caller_scopes('district_admin', 'subdistrict')) <> '{}')
        or (select caller_acts('authenticate', 'sign_in'))
    $$)
) as session (his);

-- Who resets another's second factor takes his codes too; to take rows, one must see them.
select put_wall('recovery_code', sees => own, adds => own, removes => own)
from (
    values ($$
        staff_id = (select caller_staff()) or (select caller_acts('sign_in')) or caller_administers(district_id, staff_id)
    $$)
) as code (own);
select put_wall('first_run', sees => first, removes => first)
from (values ($$(select caller_acts('first_run'))$$)) as run (first);

-- History: of a case to whoever sees the case; of anything else only to who wrote it.
select put_wall('event', sees => seen || $$ or (select caller_acts('stream'))$$, adds => seen)
from (
    values ($$
        case when subject = 'case' then exists (
            select from community_case
            where community_case.district_id = event.district_id and community_case.id = event.subject_id
        )
        when actor_kind = 'staff' then actor_id = (select caller_staff())
        when actor_kind = 'rider' then actor_id = (select caller_rider())
            or (subject = 'rider' and subject_id = actor_id and (select caller_acts('sign_in')))
        else false end
    $$)
) as history (seen);
select put_wall('change_log', sees => 'true', adds => 'true');
select put_wall(
    'audit_entry',
    sees => $$
        '' = any ((select caller_scopes('district_admin', 'auditor'))::text[])
        or (actor_kind = 'staff' and actor_id = (select caller_staff()))
    $$
);
select put_wall('audit_verification', sees => $$'' = any ((select caller_scopes('district_admin', 'auditor'))::text[])$$);
-- append_audit runs as the owner, whom the wall would stop too.
create policy chain on audit_entry to current_user using (true);

-- Stations -----------------------------------------------------------------------------------------------------------

select put_wall(
    'station',
    sees => $$
        (select caller_acts('public')) or lies_in(area_path, (select caller_scopes(
            'district_admin', 'subdistrict', 'secretary', 'station_host', 'grid_worker', 'auditor'
        )))
    $$,
    adds => kept, changes => kept
)
from (
    values ($$lies_in(area_path, (select caller_scopes('district_admin', 'subdistrict', 'secretary', 'station_host')))$$)
) as station (kept);
create function caller_keeps_station(in_district int, wanted bigint) returns boolean language sql stable as $$
    select exists (
        select from station where district_id = in_district and id = wanted
            and lies_in(area_path, (select caller_scopes('district_admin', 'subdistrict', 'secretary', 'station_host')))
    )
$$;
select put_wall(
    tbl,
    sees => format(
        'exists (select from station where station.district_id = %1$s.district_id and station.id = %1$s.station_id)', tbl
    ),
    adds => kept, changes => kept, removes => kept
)
from unnest(array['station_amenity', 'station_fault', 'station_feedback']) as tbl,
    (values ('caller_keeps_station(district_id, station_id)')) as station (kept);

-- Cases --------------------------------------------------------------------------------------------------------------

-- Seen by the staff of its area, the departments at work on it, the duty desk where it has no area, the rider who reported
-- it, and who holds its link. Changed by whoever is in the middle of an act (`consequence`); that begins with locking the
-- row, for which `changes` is asked.
select put_wall(
    'community_case',
    sees => $$
        lies_in(area_path, (select caller_scopes('district_admin', 'subdistrict', 'secretary', 'grid_worker', 'auditor')))
        or (area_path is null and (select caller_at_desk(false)))
        or department_ids && (select caller_departments())
        or (reporter_kind = 'rider' and reporter_id = (select caller_rider()))
        or id = (select caller_case())
        or (select caller_acts('names', 'stream', 'nearby', 'look', 'token'))
    $$,
    changes => $$
        lies_in(area_path, (select caller_scopes('district_admin', 'subdistrict', 'secretary', 'grid_worker')))
        or (area_path is null and (select caller_at_desk(true)))
        or department_ids && (select caller_departments())
        or id = (select caller_case())
    $$
);
-- Under row security only a condition that cannot leak what it compares opens an index: a plain column does, a sum does not.
alter table community_case add column lat_strip int generated always as (floor(lat * 500)::int) stored;
drop index community_case_place;
create index community_case_place on community_case (district_id, lat_strip, lon)
where closed_at is null and lat is not null;
select put_wall_of_case(tbl) from unnest(array['deadline', 'deadline_change', 'work_order']) as tbl;
select put_wall_of_case('case_photo', adds => 'caller_works_on(district_id, case_id)');
select put_wall_of_case(
    'case_note', adds => 'author_id = (select caller_staff()) and caller_works_on(district_id, case_id)',
    changes => 'author_id = (select caller_staff())'
);
select put_wall(
    'follow_up_link',
    sees => $$
        exists (
            select from community_case where community_case.district_id = follow_up_link.district_id
                and community_case.id = follow_up_link.case_id
        )
    $$,
    changes => 'case_id = (select caller_case())'
);
select put_wall(
    'appeal',
    sees => $$
        (select caller_acts('token')) or ((select caller_staff()) is not null and exists (
            select from community_case
            where community_case.district_id = appeal.district_id and origin = 'appeal' and origin_ref = appeal.id::text
        ))
    $$
);
select put_wall(
    'notice', sees => mine, changes => mine
)
from (
    values ($$
        (recipient_kind = 'staff' and recipient_id = (select caller_staff()))
        or (recipient_kind = 'rider' and recipient_id = (select caller_rider()))
    $$)
) as notice (mine);
select put_wall('duplicate_dismissal', sees => seen, adds => judged, removes => judged)
from (
    values ($$
        (select caller_staff()) is not null and exists (
            select from community_case where community_case.district_id = duplicate_dismissal.district_id
                and community_case.id = duplicate_dismissal.low_id
        ) and exists (
            select from community_case where community_case.district_id = duplicate_dismissal.district_id
                and community_case.id = duplicate_dismissal.high_id
        )
    $$)
) as dismissal (seen), lateral (
    select seen || ' and (caller_works_on(district_id, low_id) or caller_works_on(district_id, high_id))' as judged
) as judging;
select put_wall('stream_epoch', sees => staff, adds => staff)
from (values ($$(select caller_staff()) is not null or (select caller_acts('stream'))$$)) as caller (staff);

-- Rules of an area: read by all staff, set by its administrators.
select put_wall(tbl, sees => 'true', adds => set, changes => set, removes => set)
from unnest(array['clock_rule', 'routing_rule']) as tbl,
    (values ($$lies_in(area_path, (select caller_scopes('district_admin')))$$)) as rule (set);

-- Whoever is on duty at a post may hand it over.
create function caller_stands_at(in_district int, wanted bigint) returns boolean language sql stable as $$
    select exists (select from shift where district_id = in_district and post_id = wanted and staff_id = caller_staff())
$$;
select put_wall(
    'post',
    sees => $$
        lies_in(area_path, (select caller_scopes('district_admin', 'subdistrict', 'secretary', 'grid_worker', 'auditor')))
        or reaches_down(
            area_path, (select caller_scopes('district_admin', 'subdistrict', 'secretary', 'grid_worker', 'auditor'))
        )
        or (select caller_acts('names'))
    $$,
    adds => kept, changes => kept || ' or caller_stands_at(district_id, id)'
)
from (
    values ($$lies_in(area_path, (select caller_scopes('district_admin', 'subdistrict', 'secretary')))$$)
) as post (kept);
create function caller_keeps_post(in_district int, wanted bigint) returns boolean language sql stable as $$
    select exists (
        select from post where district_id = in_district and id = wanted
            and lies_in(area_path, (select caller_scopes('district_admin', 'subdistrict', 'secretary')))
    )
$$;
select put_wall(
    'shift',
    sees => 'exists (select from post where post.district_id = shift.district_id and post.id = shift.post_id)',
    adds => kept || ' or caller_stands_at(district_id, post_id)',
    changes => kept || ' or staff_id = (select caller_staff())',
    removes => kept
)
from (values ('caller_keeps_post(district_id, post_id)')) as shift (kept);

-- The desk: one's own, and what an area shares with all beneath it; words also with whoever works on a case there.
select put_wall('template', sees => seen, adds => kept, changes => kept, removes => kept)
from (
    values (
        $$
            owner_id = (select caller_staff()) or reaches_down(area_path, (select caller_scopes()))
            or lies_in(area_path, (select caller_scopes('secretary', 'subdistrict', 'district_admin')))
            or (select caller_acts('names'))
        $$,
        $$
            owner_id = (select caller_staff())
            or lies_in(area_path, (select caller_scopes('secretary', 'subdistrict', 'district_admin')))
        $$
    )
) as template (seen, kept);
select put_wall(
    'saved_filter',
    sees => 'owner_id = (select caller_staff()) or reaches_down(area_path, (select caller_scopes()))',
    adds => shared, changes => shared, removes => 'owner_id = (select caller_staff())'
)
from (
    values ($$
        owner_id = (select caller_staff()) and (area_path is null or lies_in(
            area_path, (select caller_scopes('secretary', 'subdistrict', 'district_admin'))
        ))
    $$)
) as filter (shared);
select put_wall('bulk_act', sees => own, adds => own, changes => own)
from (values ('staff_id = (select caller_staff())')) as act (own);

-- Figures: of one's own area or department; what is shown of others is worked out by the system (`compare`).
select put_wall(
    tbl,
    sees => $$
        lies_in(area_path, (select caller_scopes('district_admin', 'subdistrict', 'secretary', 'grid_worker', 'auditor')))
        or department_id = any ((select caller_departments())::bigint[])
        or (area_path is null and (select caller_at_desk(false)))
        or (select caller_acts('compare'))
    $$
)
from unnest(array['figure_case', 'figure_cell']) as tbl;
-- Whoever changes a case leaves a mark; it names the case and nothing of it.
select put_wall('figure_mark', sees => $$(select caller_acts('compare'))$$, adds => 'true');

-- Riders -------------------------------------------------------------------------------------------------------------

create index application_rider on application (district_id, rider_id);
create index appointment_of on appointment (district_id, rider_id);

create function caller_reviews(in_district int, wanted bigint) returns boolean language sql stable as $$
    select exists (
        select from appointment where district_id = in_district and rider_id = wanted
            and lies_in(area_path, (select caller_scopes('district_admin', 'subdistrict', 'secretary')))
    )
$$;
select put_wall(
    'rider',
    sees => $$
        id = (select caller_rider()) or (select caller_acts('sign_in', 'names'))
        or ((select caller_staff()) is not null and (
            exists (
                select from appointment
                where appointment.district_id = rider.district_id and appointment.rider_id = rider.id
            ) or exists (
                select from application
                where application.district_id = rider.district_id and application.rider_id = rider.id
            ) or exists (
                select from report where report.district_id = rider.district_id and report.rider_id = rider.id
            )
        ))
    $$,
    adds => $$(select caller_acts('sign_in'))$$,
    changes => $$
        id = (select caller_rider()) or (select caller_acts('sign_in')) or caller_reviews(district_id, id)
    $$
);
select put_wall(tbl, sees => coding, adds => coding, changes => coding, removes => coding)
from unnest(array['sign_in_code', 'spending']) as tbl, (values ($$(select caller_acts('sign_in'))$$)) as code (coding);
select put_wall(
    'rider_wechat', sees => own || $$ or (select caller_acts('sign_in'))$$, adds => own, changes => own, removes => own
)
from (values ('rider_id = (select caller_rider())')) as rider (own);
-- Kept by what runs by itself and by commands alone.
select put_wall(tbl, sees => 'false') from unnest(array['sealing_key', 'photo_removal']) as tbl;
select put_wall(tbl, sees => own, adds => own, changes => own)
from unnest(array['consent', 'rider_willingness']) as tbl, (values ('rider_id = (select caller_rider())')) as rider (own);

-- Asked for by riders, decided by the staff of the area.
select put_wall(
    tbl,
    sees => $$
        rider_id = (select caller_rider())
        or lies_in(area_path, (select caller_scopes('district_admin', 'subdistrict', 'secretary', 'auditor')))
        or (select caller_acts('compare'))
    $$,
    adds => case when tbl in ('application', 'point_objection') then 'rider_id = (select caller_rider())' else decided end,
    changes => decided
)
from unnest(array['application', 'appointment', 'point_objection', 'point_entry']) as tbl,
    (values ($$lies_in(area_path, (select caller_scopes('district_admin', 'subdistrict', 'secretary')))$$)) as staff (decided);

select put_wall(
    'report',
    sees => $$
        rider_id = (select caller_rider()) or ((select caller_staff()) is not null and exists (
            select from community_case
            where community_case.district_id = report.district_id and community_case.id = report.case_id
        ))
    $$,
    adds => 'rider_id = (select caller_rider())',
    changes => 'rider_id = (select caller_rider())'
);
create function caller_reported(in_district int, wanted bigint) returns boolean language sql stable as $$
    select exists (
        select from report where district_id = in_district and id = wanted and rider_id = caller_rider()
    )
$$;
select put_wall(
    'report_photo',
    sees => $$
        exists (
            select from report
            where report.district_id = report_photo.district_id and report.id = report_photo.report_id
        )
    $$,
    adds => own, changes => own
)
from (values ('caller_reported(district_id, report_id)')) as photo (own);

-- Looks on site: the rider's who holds it or held it last; on offer to who may look in its area, and nobody else's to take;
-- the case's staff.
select put_wall(
    'verification_task',
    sees => mine || ' or ' || offered || $$ or ((select caller_staff()) is not null and exists (
        select from community_case where community_case.district_id = verification_task.district_id
            and community_case.id = verification_task.case_id
    ))$$,
    changes => mine || $$ or (state = 'open' and $$ || offered || ') or caller_works_on(district_id, case_id)'
)
from (
    values (
        'rider_id = (select caller_rider())',
        $$((select caller_rider()) is not null and exists (
            select from appointment
            where appointment.district_id = verification_task.district_id
                and appointment.rider_id = (select caller_rider())
                and appointment.trust_level = 3 and appointment.revoked_at is null
                and lies_in(
                    verification_task.area_path,
                    array[case appointment.area_path when '' then '' else appointment.area_path || '/' end]
                )
        ))$$
    )
) as task (mine, offered);

-- The sweepers' rights, and which tables even they may not write.
grant usage on schema public to station_sweeper;
grant select, insert, update, delete on all tables in schema public to station_sweeper;
grant usage, select on all sequences in schema public to station_sweeper;
alter default privileges in schema public grant select, insert, update, delete on tables to station_sweeper;
alter default privileges in schema public grant usage, select on sequences to station_sweeper;
revoke insert, update, delete on audit_entry from station_sweeper;
