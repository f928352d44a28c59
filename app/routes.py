"""The routes page: the whole HTTP interface in one list."""

from app.health import livez, readyz
from app.traffic import APPEAL, BULK, HEALTH, PHOTO, RENEWAL, REPORT, SEARCH, SIGN_IN, STREAM, TAP
from community import api as cases
from community.appeals import api as appeals
from community.appeals.on_behalf import INTAKE_ROLES
from community.clocks import api as clocks
from community.desk.bulk import api as bulk
from community.desk.day import api as day
from community.desk.filters import api as filters
from community.desk.notes import api as notes
from community.desk.templates import api as templates
from community.duplicates import api as duplicates
from community.duplicates.dismiss import JUDGES
from community.figures import api as figures
from community.followup import api as follow_up
from community.notices import api as notices
from community.oversights import api as oversights
from community.photos import api as case_photos
from community.routing import api as routing
from community.routing.choose import DUTY_ROLES
from community.routing.reroute import REROUTERS
from community.routing.rota import api as rota
from community.routing.rota import posts
from community.sight import AREA_ROLES
from community.staff import api as colleagues
from community.staff.granting import GIVES
from community.staff.granting import READERS as STAFF_READERS
from community.stream.api import stream_cases
from community.verification import api as looks
from core.access import api as access
from core.access.models import Role
from core.access.own import api as account
from core.access.policy import ANY_STAFF, ANYONE, OWN_ACCOUNT, OWN_SESSION, RIDER, SIGNED_IN, staff
from core.http.endpoint import Route
from core.http.photos import PHOTO_TYPES, get_upload
from core.privacy.api import get_retention, put_retention
from core.trail.api import get_audit
from geo import api as geo
from geo.answers import LocateAnswer
from geo.boundaries import api as boundaries
from geo.importing import BoundaryReport
from riders import api as reports
from riders.contacts import api as contacts
from riders.points import api as points
from riders.privacy import api as rights
from riders.reporters import api as reporters
from riders.reporters.appointments import REVIEWERS
from riders.signup import api as signup
from riders.signup.wechat import api as wechat
from riders.verification import api as verification
from station import api as stations
from station.feedback import api as taps
from station.nearby import NearbyAnswer
from station.registry import KEEPERS, READERS
from station.transfer import api as station_lists
from station.transfer.lists import ImportReport

_ADMIN, _JUDGE = staff(Role.DISTRICT_ADMIN), staff(*JUDGES)
_STAFF = staff(*GIVES)
_DISTRICT = staff(Role.DISTRICT_ADMIN, whole_district=True)
_AUDIT = staff(Role.DISTRICT_ADMIN, Role.AUDITOR, whole_district=True)
_KEEPER, _READER, _REVIEWER = staff(*KEEPERS), staff(*READERS), staff(*REVIEWERS)
_ROTA, _ROTA_READER = staff(*posts.KEEPERS), staff(*posts.READERS)
_REVIEWS_READER = staff(*REVIEWERS, Role.AUDITOR)
_JSON_LINES = "application/x-ndjson"

ROUTES: tuple[Route, ...] = (
    # health
    Route("GET", "/livez", livez, ANYONE, traffic=HEALTH),
    Route("GET", "/readyz", readyz, ANYONE, traffic=HEALTH),
    # sessions
    Route("POST", "/api/v1/session", access.sign_in_staff, ANYONE, 201, traffic=SIGN_IN),
    Route("POST", "/api/v1/session/refresh", access.refresh_session, ANYONE, traffic=RENEWAL),
    Route("POST", "/api/v1/session/proof", access.prove_session, OWN_ACCOUNT, traffic=SIGN_IN),
    Route("GET", "/api/v1/session", access.get_session, OWN_SESSION),
    Route("DELETE", "/api/v1/session", access.sign_out, OWN_SESSION, 204),
    Route("GET", "/api/v1/sessions", access.list_sessions, SIGNED_IN),
    Route("DELETE", "/api/v1/sessions", access.end_other_sessions, SIGNED_IN, 204),
    Route("DELETE", "/api/v1/sessions/{session_id}", access.end_session, SIGNED_IN, 204),
    # one's own account
    Route("POST", "/api/v1/setup", account.set_up_district, ANYONE, 201, traffic=SIGN_IN),
    Route("GET", "/api/v1/account", account.get_account, OWN_ACCOUNT),
    Route("PUT", "/api/v1/account/password", account.put_password, OWN_ACCOUNT, 204, traffic=SIGN_IN),
    Route("POST", "/api/v1/account/second-factor", account.offer_second_factor, OWN_ACCOUNT),
    Route(
        "POST", "/api/v1/account/second-factor/confirm", account.confirm_second_factor, OWN_ACCOUNT, traffic=SIGN_IN
    ),
    Route("POST", "/api/v1/account/recovery-codes", account.renew_recovery_codes, OWN_ACCOUNT),
    # staff
    Route("GET", "/api/v1/staff", colleagues.list_staff, staff(*STAFF_READERS)),
    Route("POST", "/api/v1/staff", colleagues.add_staff, _STAFF, 201),
    Route("POST", "/api/v1/staff/{staff_id}/disable", colleagues.disable_staff, _STAFF, 204),
    Route("POST", "/api/v1/staff/{staff_id}/enable", colleagues.enable_staff, _STAFF, 204),
    Route("POST", "/api/v1/staff/{staff_id}/roles", colleagues.give_role, _STAFF, 204),
    Route("POST", "/api/v1/staff/{staff_id}/roles/take", colleagues.take_role, _STAFF, 204),
    Route("POST", "/api/v1/staff/{staff_id}/password", colleagues.reset_password, _STAFF),
    Route("POST", "/api/v1/staff/{staff_id}/second-factor", colleagues.reset_second_factor, _STAFF),
    # the audit trail, and what is kept how long
    Route("GET", "/api/v1/audit", get_audit, _AUDIT),
    Route("GET", "/api/v1/retention", get_retention, ANYONE),
    Route("PUT", "/api/v1/retention/{purpose}", put_retention, _DISTRICT),
    # places
    Route("GET", "/api/v1/areas/locate", geo.locate_point, ANYONE, traffic=SEARCH),
    Route(
        "POST", "/api/v1/areas/locate", geo.locate_points, ANYONE,
        answer=LocateAnswer, media_type=_JSON_LINES, accepts=(_JSON_LINES,), traffic=BULK,
    ),
    Route("GET", "/api/v1/areas", geo.list_areas, ANYONE),
    Route("GET", "/api/v1/areas/outlines", geo.list_outlines, ANY_STAFF),
    Route("GET", "/api/v1/areas/{code}", geo.get_area, ANYONE),
    Route("GET", "/api/v1/places", geo.search_places, ANYONE, traffic=SEARCH),
    Route("GET", "/api/v1/generations", geo.list_generations, staff(Role.DISTRICT_ADMIN, Role.AUDITOR)),
    Route(
        "POST", "/api/v1/generations/draft/description", boundaries.describe_boundary_file, _DISTRICT,
        accepts=boundaries.MEDIA_TYPES, traffic=BULK,
    ),
    Route(
        "POST", "/api/v1/generations/draft/areas", boundaries.import_boundary_file, _DISTRICT,
        answer=BoundaryReport, accepts=boundaries.MEDIA_TYPES, traffic=BULK,
    ),
    Route("GET", "/api/v1/generations/draft/check", boundaries.check_boundaries, _DISTRICT),
    Route("GET", "/api/v1/generations/draft/comparison", boundaries.compare_boundaries, _DISTRICT),
    Route("POST", "/api/v1/generations/draft/activation", boundaries.activate_boundaries, _DISTRICT),
    Route("DELETE", "/api/v1/generations/draft", boundaries.discard_boundaries, _DISTRICT),
    # stations
    Route(
        "GET", "/api/v1/stations/nearby", stations.find_nearby_stations, ANYONE, answer=NearbyAnswer, traffic=SEARCH
    ),
    Route("GET", "/api/v1/stations", stations.list_stations, _READER),
    Route("POST", "/api/v1/stations", stations.create_station, _KEEPER, 201),
    Route(
        "POST", "/api/v1/stations/import", station_lists.import_station_list, _KEEPER,
        answer=ImportReport, accepts=station_lists.MEDIA_TYPES, traffic=BULK,
    ),
    Route(
        "GET", "/api/v1/stations/export", station_lists.export_station_list, _READER,
        answer=bytes, media_type="text/csv", traffic=BULK,
    ),
    Route("GET", "/api/v1/stations/hours", stations.preview_hours, _KEEPER),
    Route("GET", "/api/v1/stations/feedback", taps.list_feedback, _READER),
    Route("GET", "/api/v1/stations/qr/{qr_token}", stations.find_station_by_qr, ANYONE),
    Route("GET", "/api/v1/stations/{station_id}", stations.get_station, ANYONE),
    Route(
        "GET", "/api/v1/stations/{station_id}/photo", stations.get_station_photo, ANYONE,
        answer=bytes, media_type="image/jpeg",
    ),
    Route(
        "PUT", "/api/v1/stations/{station_id}/photos/{sha256}", stations.put_station_photo, _KEEPER,
        accepts=PHOTO_TYPES, traffic=PHOTO,
    ),
    Route("PATCH", "/api/v1/stations/{station_id}", stations.edit_station, _KEEPER),
    Route("GET", "/api/v1/stations/{station_id}/record", stations.get_station_record, _READER),
    Route("PUT", "/api/v1/stations/{station_id}/suspension", stations.suspend_station, _KEEPER),
    Route("DELETE", "/api/v1/stations/{station_id}/suspension", stations.resume_station, _KEEPER),
    Route("PUT", "/api/v1/stations/{station_id}/amenities/{amenity}", stations.set_amenity, _KEEPER),
    Route("POST", "/api/v1/stations/{station_id}/feedback", taps.give_feedback, ANYONE, traffic=TAP),
    Route("GET", "/api/v1/amenities", stations.list_amenities, ANYONE),
    # riders
    Route("GET", "/api/v1/riders/challenge", signup.get_challenge, ANYONE, traffic=SIGN_IN),
    Route("POST", "/api/v1/riders/codes", signup.send_code, ANYONE, 202, traffic=SIGN_IN),
    Route("POST", "/api/v1/riders/sessions", signup.sign_in_rider, ANYONE, 201, traffic=SIGN_IN),
    Route("POST", "/api/v1/riders/wechat-sessions", wechat.sign_in_by_wechat, ANYONE, 201, traffic=SIGN_IN),
    Route("PUT", "/api/v1/riders/me/wechat", wechat.put_wechat, RIDER, 204, traffic=SIGN_IN),
    Route("DELETE", "/api/v1/riders/me/wechat", wechat.delete_wechat, RIDER, 204),
    Route("GET", "/api/v1/riders/me", signup.get_rider_profile, RIDER),
    Route("PATCH", "/api/v1/riders/me", signup.update_rider_profile, RIDER),
    Route("DELETE", "/api/v1/riders/me", rights.erase_own_account, RIDER, 204),
    Route("PUT", "/api/v1/riders/me/phone", rights.change_own_phone, RIDER),
    Route(
        "GET", "/api/v1/riders/me/export", rights.export_own_data, RIDER, answer=bytes, media_type="application/zip",
    ),
    Route("POST", "/api/v1/riders/{rider_id}/sign-out", signup.sign_rider_out, _REVIEWER, 204),
    Route("GET", "/api/v1/riders/me/consents", signup.list_consents, RIDER),
    Route("POST", "/api/v1/riders/me/consents", signup.decide_consent, RIDER),
    # reporters
    Route("POST", "/api/v1/riders/me/applications", reporters.apply_as_reporter, RIDER, 201),
    Route("GET", "/api/v1/applications", reporters.list_applications, SIGNED_IN),
    Route("POST", "/api/v1/applications/{application_id}/approve", reporters.approve_application, _REVIEWER, 201),
    Route("POST", "/api/v1/applications/{application_id}/decline", reporters.decline_application, _REVIEWER),
    Route("POST", "/api/v1/applications/{application_id}/unmask", contacts.unmask_applicant, _REVIEWER),
    Route("GET", "/api/v1/appointments", reporters.list_appointments, SIGNED_IN),
    Route("POST", "/api/v1/appointments/{appointment_id}/renew", reporters.renew_appointment, _REVIEWER),
    Route("POST", "/api/v1/appointments/{appointment_id}/revoke", reporters.revoke_appointment, _REVIEWER),
    # points
    Route("GET", "/api/v1/riders/me/points", points.get_own_points, RIDER),
    Route("GET", "/api/v1/riders/me/honours", points.list_own_honours, RIDER),
    Route("GET", "/api/v1/riders/{rider_id}/points", points.get_points_of_rider, _REVIEWS_READER),
    Route("POST", "/api/v1/riders/{rider_id}/points", points.award_points, _REVIEWER, 201),
    Route("POST", "/api/v1/points/entries/{entry_id}/reverse", points.reverse_points, _REVIEWER),
    Route("GET", "/api/v1/points/rules", points.list_point_rules, SIGNED_IN),
    Route("PUT", "/api/v1/points/rules", points.put_point_rule, _DISTRICT),
    Route("DELETE", "/api/v1/points/rules/{rule_id}", points.retire_point_rule, _DISTRICT, 204),
    Route("POST", "/api/v1/points/objections", points.object_to_points, RIDER, 201),
    Route("GET", "/api/v1/points/objections", points.list_objections, SIGNED_IN),
    Route("POST", "/api/v1/points/objections/{objection_id}/grant", points.grant_objection, _REVIEWER),
    Route("POST", "/api/v1/points/objections/{objection_id}/decline", points.decline_objection, _REVIEWER),
    Route("GET", "/api/v1/honours", points.list_honours, SIGNED_IN),
    Route("GET", "/api/v1/honours/record", points.list_honour_records, _REVIEWS_READER),
    # reports
    Route("POST", "/api/v1/reports", reports.submit_report, RIDER, 201, traffic=REPORT),
    Route("GET", "/api/v1/reports", reports.list_reports, RIDER),
    Route("GET", "/api/v1/reports/{report_id}", reports.get_report, SIGNED_IN),
    Route(
        "PUT", "/api/v1/reports/{report_id}/photos/{sha256}", reports.put_photo, RIDER, accepts=PHOTO_TYPES,
        traffic=PHOTO,
    ),
    Route(
        "GET", "/api/v1/reports/{report_id}/photos/{sha256}", reports.get_photo, SIGNED_IN,
        answer=bytes, media_type="image/jpeg",
    ),
    Route("GET", "/api/v1/photo-uploads/{sha256}", get_upload, SIGNED_IN),
    # duplicates
    Route("GET", "/api/v1/cases/nearby", duplicates.get_nearby_cases, RIDER),
    Route("GET", "/api/v1/cases/duplicate-counts", duplicates.get_duplicate_counts, ANY_STAFF),
    Route("GET", "/api/v1/cases/{case_id}/duplicates", duplicates.get_case_duplicates, ANY_STAFF),
    Route("POST", "/api/v1/cases/{case_id}/duplicates/{other_id}/dismissal", duplicates.dismiss_duplicate, _JUDGE, 204),
    Route(
        "DELETE", "/api/v1/cases/{case_id}/duplicates/{other_id}/dismissal", duplicates.undo_duplicate_dismissal,
        _JUDGE, 204,
    ),
    Route("GET", "/api/v1/duplicate-rules", duplicates.get_duplicate_rules, ANY_STAFF),
    Route("PUT", "/api/v1/duplicate-rules", duplicates.put_duplicate_rules, _DISTRICT),
    # routing rules; a case's own address comes before the one for any verb
    Route("GET", "/api/v1/routing-rules", routing.list_rules, ANY_STAFF),
    Route("POST", "/api/v1/routing-rules", routing.add_routing_rule, _ADMIN, 201),
    Route("POST", "/api/v1/routing-rules/try", routing.try_routing_rules, _ADMIN),
    Route("GET", "/api/v1/routing-rules/{rule_id}", routing.get_routing_rule, ANY_STAFF),
    Route("POST", "/api/v1/routing-rules/{rule_id}/replace", routing.replace_routing_rule, _ADMIN, 201),
    Route("POST", "/api/v1/routing-rules/{rule_id}/move", routing.move_routing_rule, _ADMIN),
    Route("POST", "/api/v1/routing-rules/{rule_id}/retire", routing.retire_routing_rule, _ADMIN),
    Route("POST", "/api/v1/cases/{case_id}/reroute", routing.reroute_case, staff(*REROUTERS)),
    # posts and their rota
    Route("GET", "/api/v1/posts", rota.list_posts, _ROTA_READER),
    Route("POST", "/api/v1/posts", rota.add_post, _ROTA, 201),
    Route("DELETE", "/api/v1/posts/{post_id}", rota.remove_post, _ROTA, 204),
    Route("GET", "/api/v1/posts/{post_id}/rota", rota.show_rota, _ROTA_READER),
    Route("GET", "/api/v1/posts/{post_id}/people", rota.list_fit_people, staff(*DUTY_ROLES)),
    Route("POST", "/api/v1/posts/{post_id}/shifts", rota.add_shifts, _ROTA, 201),
    Route("DELETE", "/api/v1/posts/{post_id}/shifts/{shift_id}", rota.remove_shift, _ROTA, 204),
    Route("POST", "/api/v1/posts/{post_id}/hand-over", rota.hand_over_post, staff(*DUTY_ROLES)),
    # the secretary's desk; its addresses beneath a case come before the verbs, which would take them for theirs
    Route("GET", "/api/v1/my-day", day.get_my_day, ANY_STAFF),
    Route("GET", "/api/v1/templates", templates.get_templates, ANY_STAFF),
    Route("POST", "/api/v1/templates", templates.create_template, ANY_STAFF, 201),
    Route("PUT", "/api/v1/templates/{template_id}", templates.replace_template, ANY_STAFF),
    Route("DELETE", "/api/v1/templates/{template_id}", templates.delete_template, ANY_STAFF, 204),
    Route("POST", "/api/v1/templates/{template_id}/render", templates.render_template, ANY_STAFF),
    Route("GET", "/api/v1/saved-filters", filters.get_saved_filters, ANY_STAFF),
    Route("POST", "/api/v1/saved-filters", filters.create_saved_filter, ANY_STAFF, 201),
    Route("PUT", "/api/v1/saved-filters/{filter_id}", filters.replace_saved_filter, ANY_STAFF),
    Route("DELETE", "/api/v1/saved-filters/{filter_id}", filters.delete_saved_filter, ANY_STAFF, 204),
    Route("POST", "/api/v1/cases/bulk", bulk.act_on_cases, ANY_STAFF, answer=bulk.BulkAnswer),
    Route("GET", "/api/v1/cases/{case_id}/notes", notes.get_notes, ANY_STAFF),
    Route("POST", "/api/v1/cases/{case_id}/notes", notes.create_note, ANY_STAFF, 201),
    Route("DELETE", "/api/v1/cases/{case_id}/notes/{note_id}", notes.delete_note, ANY_STAFF),
    Route("GET", "/api/v1/cases/{case_id}/mentionable", notes.get_mentionable, ANY_STAFF),
    Route("GET", "/api/v1/notices", notices.get_notices, SIGNED_IN),
    Route("POST", "/api/v1/notices/read", notices.read_notices, SIGNED_IN),
    # the live stream of cases
    Route(
        "GET", "/api/v1/cases/stream", stream_cases, ANY_STAFF, answer=str, media_type="text/event-stream",
        traffic=STREAM,
    ),
    # cases
    Route("GET", "/api/v1/cases", cases.get_cases, ANY_STAFF),
    Route("GET", "/api/v1/cases/{case_id}", cases.get_case, ANY_STAFF),
    Route("POST", "/api/v1/cases/{case_id}/unmask", contacts.unmask_case, ANY_STAFF),
    Route("POST", "/api/v1/cases/{case_id}/{verb}", cases.act_on_case, ANY_STAFF),
    Route(
        "PUT", "/api/v1/cases/{case_id}/photos/{sha256}", case_photos.put_case_photo, ANY_STAFF, accepts=PHOTO_TYPES,
        traffic=PHOTO,
    ),
    Route(
        "GET", "/api/v1/cases/{case_id}/photos/{sha256}", case_photos.get_case_photo, ANY_STAFF,
        answer=bytes, media_type="image/jpeg",
    ),
    Route("GET", "/api/v1/oversights", oversights.get_oversights, staff(Role.DISTRICT_ADMIN, Role.AUDITOR)),
    # looks on site
    Route("GET", "/api/v1/riders/me/willingness", verification.get_willingness, RIDER),
    Route("PUT", "/api/v1/riders/me/willingness", verification.put_willingness, RIDER),
    Route("GET", "/api/v1/verification-tasks", verification.list_offered_tasks, RIDER),
    Route("GET", "/api/v1/verification-tasks/mine", verification.list_own_tasks, RIDER),
    Route("POST", "/api/v1/verification-tasks/{task_id}/accept", verification.accept_task, RIDER),
    Route("POST", "/api/v1/verification-tasks/{task_id}/give-back", verification.give_task_back, RIDER, 204),
    Route(
        "PUT", "/api/v1/verification-tasks/{task_id}/photos/{sha256}", verification.put_look_photo, RIDER,
        accepts=PHOTO_TYPES, traffic=PHOTO,
    ),
    Route("POST", "/api/v1/verification-tasks/{task_id}/answer", verification.answer_task, SIGNED_IN),
    Route("GET", "/api/v1/cases/{case_id}/verification-tasks", verification.list_tasks_of_case, ANY_STAFF),
    Route("GET", "/api/v1/look-rules", looks.get_look_rules, ANY_STAFF),
    Route("PUT", "/api/v1/look-rules/{code}", looks.put_look_rule, _DISTRICT),
    # clocks
    Route("GET", "/api/v1/clock-rules", clocks.get_clock_rules, ANY_STAFF),
    Route("PUT", "/api/v1/clock-rules", clocks.put_clock_rule, _ADMIN),
    Route("DELETE", "/api/v1/clock-rules/{rule_id}", clocks.delete_clock_rule, _ADMIN, 204),
    Route("GET", "/api/v1/calendar", clocks.get_calendar, ANY_STAFF),
    Route("PUT", "/api/v1/calendar/days", clocks.put_calendar_days, _DISTRICT),
    Route("DELETE", "/api/v1/calendar/days/{day}", clocks.delete_calendar_day, _DISTRICT),
    Route("PUT", "/api/v1/calendar/week", clocks.put_calendar_week, _DISTRICT),
    Route("GET", "/api/v1/categories", cases.get_categories, ANYONE),
    Route("PUT", "/api/v1/categories/{code}", cases.put_category, _DISTRICT),
    Route("GET", "/api/v1/departments", cases.get_departments, ANY_STAFF),
    # appeals
    Route("POST", "/api/v1/appeals", appeals.post_appeal, ANYONE, 201, traffic=APPEAL),
    Route("POST", "/api/v1/appeals/on-behalf", appeals.post_appeal_on_behalf, staff(*INTAKE_ROLES), 201),
    Route("GET", "/api/v1/appeals/{token}", appeals.get_appeal, ANYONE),
    Route("POST", "/api/v1/appeals/{token}/words", appeals.post_words, ANYONE, traffic=APPEAL),
    Route("POST", "/api/v1/appeals/{token}/withdrawal", appeals.withdraw, ANYONE, traffic=APPEAL),
    Route("GET", "/api/v1/appeals/{token}/export", appeals.get_appeal_copy, ANYONE),
    Route("PUT", "/api/v1/appeals/{token}/contact", appeals.put_contact, ANYONE, traffic=APPEAL),
    Route("DELETE", "/api/v1/appeals/{token}/contact", appeals.delete_contact, ANYONE, 204, traffic=APPEAL),
    # follow-up
    Route("GET", "/api/v1/follow-ups", follow_up.get_visits, staff(*sorted(AREA_ROLES))),
    Route("GET", "/api/v1/follow-ups/{token}", follow_up.read_follow_up, ANYONE),
    Route("POST", "/api/v1/follow-ups/{token}", follow_up.post_follow_up, ANYONE, traffic=APPEAL),
    # figures
    Route("GET", "/api/v1/figures", figures.get_figures, ANY_STAFF),
    Route(
        "GET", "/api/v1/figures/export", figures.export_figures, ANY_STAFF,
        answer=bytes, media_type=figures.WORKBOOK, traffic=BULK,
    ),
    Route("GET", "/api/v1/figures/definitions", figures.get_figure_definitions, ANYONE),
)  # fmt: skip
