"""Who may: the whole interface, each address with what is asked of it and what each person gets.

`{…}` stand for ids of the world. A route of the application that no line here asks for fails a test.
"""

from tests.acceptance.matrix.cases import CASES
from tests.acceptance.matrix.row import (
    ABOVE,
    ADMIN,
    ANYONE,
    AUDITOR,
    COMMUNITY,
    DEPARTMENT,
    KEEPER_ROLES,
    KEEPERS,
    LOOKER,
    NOBODY,
    ON_SITE,
    OWNER,
    READER_ROLES,
    READERS,
    RIDERS,
    SECRETARY,
    SEES,
    SIGNED_IN,
    STAFF,
    STREET,
    UNTRUSTED,
    Row,
    anywhere,
    free,
    many,
    one,
    reach,
    setting,
    statuses,
    whole,
)
from tests.acceptance.matrix.world import DRAWN, NEW_PHOTO, OWN, PHONE, Raw, boundaries

_API = "/api/v1"
_HERE = {"lon": 120.005, "lat": 36.005, "datum": "wgs84"}
_AT = "lon=120.0043&lat=36.0065"
_CSV = f"名称,编码,经度,纬度,坐标系\n{{}},{{}},{_HERE['lon']},{_HERE['lat']},wgs84\n"

_THE_SECRETARY = frozenset({("secretary", "own")})
_ADMINS = anywhere(ADMIN)
_ADMIN_OR_AUDITOR = anywhere(ADMIN, AUDITOR)
_REVIEWERS = anywhere(ADMIN, STREET, SECRETARY)
_REVIEW_READERS = _REVIEWERS | anywhere(AUDITOR)
_REVIEWED_BY = COMMUNITY | reach(AUDITOR)


def _csv(name: str, code: str) -> Raw:
    return Raw(_CSV.format(name, code).encode(), "text/csv")


_SERVICE = (
    free("GET /livez"),
    free("GET /readyz", ok=(200, 503)),  # no sweep runs in these tests
    free("GET /"),
    free("GET /docs"),
    free("GET /docs/problems"),
    free("GET /docs/style.css"),
    free(f"GET {_API}/district"),
    free(f"GET {_API}/openapi.json"),
)

_SESSION = f"{_API}/session"
_ACCOUNT = f"{_API}/account"
_SESSIONS = (
    free(f"POST {_SESSION}", said={"username": "nobody", "password": "not this one"}, ok=401),
    free(f"POST {_SESSION}/refresh", said={"refresh": "nobody's"}, ok=401),
    free(f"POST {_SESSION}/proof", STAFF, {"password": "not this one", "refresh": "not his"}, ok=401),
    free(f"GET {_SESSION}", SIGNED_IN, sees=_THE_SECRETARY),
    free(f"DELETE {_SESSION}", SIGNED_IN, ok=204),
    free(f"GET {_SESSION}s", SIGNED_IN),
    free(f"DELETE {_SESSION}s", SIGNED_IN, ok=204),
    one(f"DELETE {_SESSION}s/{{session_id}}", SIGNED_IN, _THE_SECRETARY, ok=204),
    free(f"POST {_API}/setup", said={"token": "x", "username": "x", "name": "x", "password": "x" * 20}, ok=403),
    free(f"GET {_ACCOUNT}", STAFF, sees=_THE_SECRETARY),
    free(
        f"PUT {_ACCOUNT}/password",
        STAFF,
        {"old_password": "not this one", "new_password": "four plain words more"},
        ok=403,
    ),
    free(f"POST {_ACCOUNT}/second-factor", STAFF),
    free(f"POST {_ACCOUNT}/second-factor/confirm", STAFF, {"code": "123456"}, ok=(409, 422)),
    free(f"POST {_ACCOUNT}/recovery-codes", STAFF),
    free(f"GET {_API}/photo-uploads/{{sha256}}", SIGNED_IN),
)

_COLLEAGUE = f"{_API}/staff/{{colleague_id}}"
_STAFF_ADMINS = anywhere(ADMIN, STREET)
_STAFF = (
    many(f"GET {_API}/staff", _STAFF_ADMINS | anywhere(AUDITOR), ABOVE | reach(AUDITOR), finds="暗名"),
    one(
        f"POST {_API}/staff",
        _STAFF_ADMINS,
        ABOVE,
        {"username": "new", "name": "新人", "role": "secretary", "area": OWN},
        ok=201,
        otherwise=statuses(403),
    ),
    one(f"POST {_COLLEAGUE}/disable", _STAFF_ADMINS, ABOVE, ok=204),
    one(f"POST {_COLLEAGUE}/enable", _STAFF_ADMINS, ABOVE, ok=204),
    one(f"POST {_COLLEAGUE}/roles", _STAFF_ADMINS, ABOVE, {"role": "grid_worker", "area": OWN}, ok=204),
    one(f"POST {_COLLEAGUE}/roles/take", _STAFF_ADMINS, ABOVE, {"role": "secretary", "area_path": OWN}, ok=204),
    one(f"POST {_COLLEAGUE}/password", _STAFF_ADMINS, ABOVE),
    one(f"POST {_COLLEAGUE}/second-factor", _STAFF_ADMINS, ABOVE),
)

_DRAFT = f"{_API}/generations/draft"
_PLACES = (
    free(f"GET {_API}/areas/locate?{_AT}"),
    free(f"POST {_API}/areas/locate", said=Raw(b'{"lon": 120.0043, "lat": 36.0065}\n', "application/x-ndjson")),
    free(f"GET {_API}/areas"),
    free(f"GET {_API}/areas/02"),
    free(f"GET {_API}/places?q=听涛"),
    free(f"GET {_API}/areas/outlines?leaves=1", STAFF),
    setting(f"GET {_API}/areas/outlines?generation={{draft_id}}", STAFF, whole(ADMIN), otherwise=statuses(404)),
    free(f"GET {_API}/generations", _ADMIN_OR_AUDITOR),
    free(f"POST {_DRAFT}/description", whole(ADMIN), boundaries("n2")),
    free(f"POST {_DRAFT}/areas?{DRAWN}", whole(ADMIN), boundaries("n2")),
    free(f"GET {_DRAFT}/check", whole(ADMIN)),
    free(f"GET {_DRAFT}/comparison", whole(ADMIN)),
    free(f"POST {_DRAFT}/activation", whole(ADMIN), {"generation_id": "{draft_id}"}),
    free(f"DELETE {_DRAFT}", whole(ADMIN)),
)

_STATION = f"{_API}/stations/{{station_id}}"
_STATION_WORDS = ("{qr_token}",)
_STATIONS = (
    free(f"GET {_API}/stations/nearby?{_AT}", words=_STATION_WORDS),
    many(f"GET {_API}/stations", READER_ROLES, READERS, finds="ST-OWN", words=("ST-OWN", *_STATION_WORDS)),
    one(
        f"POST {_API}/stations",
        KEEPER_ROLES,
        KEEPERS,
        {"name": "新驿站", "position": _HERE},
        ok=201,
        otherwise=statuses(403),
    ),
    one(f"POST {_API}/stations/import", KEEPER_ROLES, KEEPERS, _csv("新驿站", "ST-NEW"), otherwise=statuses(422)),
    one(
        f"POST {_API}/stations/import?dry_run=1", KEEPER_ROLES, KEEPERS, _csv("改名", "ST-OWN"), otherwise=statuses(422)
    ),
    many(f"GET {_API}/stations/export", READER_ROLES, READERS, finds="ST-OWN", words=("ST-OWN", *_STATION_WORDS)),
    free(f"GET {_API}/stations/hours?typed=8:00-18:00", KEEPER_ROLES),
    many(f"GET {_API}/stations/feedback", READER_ROLES, READERS, finds="ST-OWN", words=("ST-OWN", *_STATION_WORDS)),
    free(f"GET {_STATION}", words=_STATION_WORDS),
    free(f"GET {_API}/stations/qr/{{qr_token}}"),
    free(f"GET {_STATION}/photo", ok=404),
    one(f"PUT {_STATION}/photos/{{new_sha256}}", KEEPER_ROLES, KEEPERS, Raw(NEW_PHOTO)),
    one(f"PATCH {_STATION}", KEEPER_ROLES, KEEPERS, {"row_version": "{row_version}", "phone": "1"}),
    one(f"GET {_STATION}/record", READER_ROLES, READERS, finds="暗名", words=_STATION_WORDS),
    one(f"PUT {_STATION}/suspension", KEEPER_ROLES, KEEPERS, {"reason": "x"}),
    one(f"DELETE {_STATION}/suspension", KEEPER_ROLES, KEEPERS),
    one(f"PUT {_STATION}/amenities/wifi", KEEPER_ROLES, KEEPERS, {"state": "working"}),
    free(f"POST {_STATION}/feedback", said={"kind": "found_open", "device_nonce": "b7c1f09e55aa"}),
    free(f"GET {_API}/amenities"),
)

_RIDERS = (
    free(f"POST {_API}/riders/codes", said={"phone": "19900000001", "device_nonce": "b7c1f09e55aa40d2"}, ok=(202, 503)),
    free(f"POST {_API}/riders/sessions", said={"phone": "19900000001", "code": "123456"}, ok=(401, 422, 429)),
    free(f"GET {_API}/riders/me", RIDERS, sees=OWNER, reveals=OWNER),
    free(f"PATCH {_API}/riders/me", RIDERS, {"name": "骑手甲"}, sees=OWNER, reveals=OWNER),
    one(f"POST {_API}/riders/{{rider_id}}/sign-out", _REVIEWERS, COMMUNITY, {"reason": "手机遗失"}, ok=204),
    free(f"GET {_API}/riders/me/consents", RIDERS),
    free(f"POST {_API}/riders/me/consents", RIDERS, {"purpose": "photo", "version": 1, "is_given": False}),
    free(f"GET {_API}/riders/me/willingness", RIDERS),
    free(f"PUT {_API}/riders/me/willingness", RIDERS, {"may_be_asked": False}),
    free(f"POST {_API}/riders/me/applications", RIDERS, {"area_code": "0"}, ok=201),
    many(f"GET {_API}/applications", SIGNED_IN, _REVIEWED_BY | {("rider", "sibling")}, finds="暗语"),
    one(
        f"POST {_API}/applications/{{application_id}}/approve",
        _REVIEWERS,
        COMMUNITY,
        {"term_months": 6, "trust_level": 1},
        ok=201,
    ),
    one(f"POST {_API}/applications/{{application_id}}/decline", _REVIEWERS, COMMUNITY, {"reason": "x"}),
    many(f"GET {_API}/appointments", SIGNED_IN, _REVIEWED_BY | OWNER | LOOKER | UNTRUSTED, finds=OWN),
    one(f"POST {_API}/appointments/{{appointment_id}}/renew", _REVIEWERS, COMMUNITY, {"term_months": 1}),
    one(f"POST {_API}/appointments/{{appointment_id}}/revoke", _REVIEWERS, COMMUNITY, {"reason": "x"}),
    many(f"GET {_API}/riders/me/points", RIDERS, OWNER, finds="{report_id}"),
    many(f"GET {_API}/riders/me/honours", RIDERS, OWNER),
    one(f"GET {_API}/riders/{{rider_id}}/points", _REVIEW_READERS, _REVIEWED_BY, finds="{entry_id}"),
    one(f"POST {_API}/riders/{{rider_id}}/points", _REVIEWERS, COMMUNITY, {"points": 1, "reason": "x"}, ok=201),
    one(f"POST {_API}/points/entries/{{entry_id}}/reverse", _REVIEWERS, COMMUNITY, {"reason": "x"}),
    free(f"GET {_API}/points/rules", SIGNED_IN),
    setting(
        f"PUT {_API}/points/rules",
        _ADMINS,
        whole(ADMIN),
        {"ground": "filed", "points": 5, "daily_cap": 10, "zh": "x", "en": "x"},
    ),
    setting(f"DELETE {_API}/points/rules/{{point_rule_id}}", _ADMINS, whole(ADMIN), ok=204),
    one(f"POST {_API}/points/objections", RIDERS, OWNER, {"entry_id": "{second_entry_id}", "words": "x"}, ok=201),
    many(f"GET {_API}/points/objections", SIGNED_IN, _REVIEWED_BY | OWNER, finds="暗语"),
    one(f"POST {_API}/points/objections/{{objection_id}}/grant", _REVIEWERS, COMMUNITY, {"answer": "x", "points": 1}),
    one(f"POST {_API}/points/objections/{{objection_id}}/decline", _REVIEWERS, COMMUNITY, {"answer": "x"}),
    free(f"GET {_API}/honours?month=2026-02&area={OWN}", SIGNED_IN),
    one(f"GET {_API}/honours/record?month=2026-02&area={OWN}", _REVIEW_READERS, _REVIEWED_BY),
)

_REPORT = f"{_API}/reports/{{report_id}}"
_REPORTS = (
    free(f"POST {_API}/reports", RIDERS, {"category": "rubble", "point": _HERE, "description": "新的"}, ok=201),
    many(f"GET {_API}/reports", RIDERS, OWNER | UNTRUSTED, finds="暗语"),
    one(f"GET {_REPORT}", SIGNED_IN, SEES | OWNER | {("department", "own")}, finds="暗语"),
    one(f"PUT {_REPORT}/photos/{{new_sha256}}", RIDERS, OWNER, Raw(NEW_PHOTO)),
    one(f"GET {_REPORT}/photos/{{sha256}}", SIGNED_IN, SEES | OWNER | {("department", "own")}, finds="JFIF"),
)

_TASK = f"{_API}/verification-tasks"
_LOOKS = (
    many(f"GET {_TASK}", RIDERS, LOOKER, finds="{task_id}"),
    many(f"GET {_TASK}/mine", RIDERS, NOBODY),
    one(f"POST {_TASK}/{{task_id}}/accept", RIDERS, LOOKER, {}),
    one(f"POST {_TASK}/{{task_id}}/give-back", RIDERS, LOOKER, {}, ok=409),
    one(f"PUT {_TASK}/{{task_id}}/photos/{{new_sha256}}", RIDERS, LOOKER, Raw(NEW_PHOTO), ok=409),
    one(
        f"POST {_TASK}/{{task_id}}/answer",
        SIGNED_IN,
        ON_SITE,
        {"answer": "gone"},
        barred=reach(AUDITOR) | {("department", "own")} | LOOKER,
        barred_with=statuses(403, 404, 409),
    ),
    free(f"GET {_API}/look-rules", STAFF),
    setting(f"PUT {_API}/look-rules/litter", _ADMINS, whole(ADMIN), {"looks": "none"}),
)

_APPEAL = f"{_API}/appeals/{{open_appeal_token}}"
_FORGED = statuses(404)
_APPEALS = (
    free(f"POST {_API}/appeals", said={"category": "help", "text": "新的诉求"}, ok=201),
    one(
        f"POST {_API}/appeals/on-behalf",
        _REVIEWERS,
        COMMUNITY,
        {"category": "help", "text": "x", "channel": "phone", "area_code": "02"},
        ok=201,
        otherwise=statuses(422),
    ),
    # Whoever holds the token is the resident; nobody can guess one.
    one(f"GET {_APPEAL}", ANYONE, ANYONE),
    one(f"POST {_APPEAL}/words", ANYONE, ANYONE, {"text": "x"}),
    one(f"POST {_APPEAL}/withdrawal", ANYONE, ANYONE, {}),
    one(f"GET {_API}/appeals/{{forged_token}}", ANYONE, NOBODY),
    one(f"POST {_API}/appeals/{{forged_token}}/words", ANYONE, NOBODY, {"text": "x"}),
    one(f"POST {_API}/appeals/{{forged_token}}/withdrawal", ANYONE, NOBODY, {}),
    many(f"GET {_API}/follow-ups", anywhere(ADMIN, STREET, SECRETARY, "grid_worker", AUDITOR), SEES, finds="暗语"),
    one(f"GET {_API}/follow-ups/{{link}}", ANYONE, ANYONE),
    one(f"POST {_API}/follow-ups/{{link}}", ANYONE, ANYONE, {"satisfaction": "satisfied"}),
    one(f"GET {_API}/follow-ups/{{forged_link}}", ANYONE, NOBODY),
    one(f"POST {_API}/follow-ups/{{forged_link}}", ANYONE, NOBODY, {"satisfaction": "satisfied"}),
)

_PERSONAL = (
    setting(f"GET {_API}/audit", _ADMIN_OR_AUDITOR, whole(ADMIN, AUDITOR)),
    free(f"GET {_API}/retention"),
    setting(f"PUT {_API}/retention/photos", _ADMINS, whole(ADMIN), {"days": 120}),
    free(f"GET {_API}/riders/challenge"),
    free(f"POST {_API}/riders/wechat-sessions", said={"code": "0a3XYZ"}, ok=404),
    free(f"PUT {_API}/riders/me/wechat", RIDERS, {"code": "0a3XYZ"}, ok=404),
    free(f"DELETE {_API}/riders/me/wechat", RIDERS, ok=204),
    free(
        f"PUT {_API}/riders/me/phone",
        RIDERS,
        {"phone": "19900000002", "code": "123456", "device_nonce": "b7c1f09e55aa40d2"},
        ok=(401, 422),
    ),
    free(f"GET {_API}/riders/me/export", RIDERS, sees=OWNER, reveals=OWNER),
    one(
        f"POST {_API}/cases/{{other_id}}/unmask",
        STAFF,
        ON_SITE,
        {"reason": "回电"},
        barred=reach(AUDITOR),
        reveals=ON_SITE,
        finds=PHONE,
    ),
    one(
        f"POST {_API}/applications/{{application_id}}/unmask",
        _REVIEWERS,
        COMMUNITY,
        {"reason": "面谈"},
        reveals=COMMUNITY,
        finds="13800000005",
    ),
    one(f"GET {_APPEAL}/export", ANYONE, ANYONE, reveals=ANYONE, finds=PHONE),
    one(f"PUT {_APPEAL}/contact", ANYONE, ANYONE, {"contact_phone": "19900000002"}, reveals=ANYONE),
    one(f"GET {_API}/appeals/{{forged_token}}/export", ANYONE, NOBODY),
    one(f"PUT {_API}/appeals/{{forged_token}}/contact", ANYONE, NOBODY, {"contact_phone": "19900000002"}),
    one(f"DELETE {_API}/appeals/{{forged_token}}/contact", ANYONE, NOBODY),
)
#: What is erased takes files along, which no transaction brings back.
_LAST = (
    free(f"DELETE {_API}/riders/me?confirm=erase", RIDERS, ok=204),
    one(f"DELETE {_APPEAL}/contact", ANYONE, ANYONE, ok=204),
)

_RULE = f"{_API}/routing-rules/{{rule_id}}"
_SETTINGS = (
    free(f"GET {_API}/duplicate-rules", STAFF),
    setting(f"PUT {_API}/duplicate-rules", _ADMINS, whole(ADMIN), {"default": {"radius_m": 50, "within_days": 30}}),
    free(f"GET {_API}/routing-rules", STAFF),
    setting(f"POST {_API}/routing-rules", _ADMINS, reach(ADMIN), {"area_path": OWN}, ok=201),
    # A trial counts cases of his own areas alone, by rules that all staff may read.
    free(f"POST {_API}/routing-rules/try", _ADMINS, {"changes": [{"act": "retire", "rule_id": "{rule_id}"}]}),
    free(f"GET {_RULE}", STAFF),
    setting(f"POST {_RULE}/replace", _ADMINS, reach(ADMIN), {"area_path": OWN}, ok=201),
    setting(f"POST {_RULE}/move", _ADMINS, reach(ADMIN), {"position": 5}),
    setting(f"POST {_RULE}/retire", _ADMINS, reach(ADMIN), {"reason": "x"}),
    free(f"GET {_API}/clock-rules", STAFF),
    setting(
        f"PUT {_API}/clock-rules",
        _ADMINS,
        reach(ADMIN),
        {"clock": "file", "area": OWN, "amount": 2, "unit": "working_day"},
    ),
    setting(f"DELETE {_API}/clock-rules/{{clock_rule_id}}", _ADMINS, reach(ADMIN), ok=204),
    free(f"GET {_API}/calendar?year=2026", STAFF),
    setting(
        f"PUT {_API}/calendar/days",
        _ADMINS,
        whole(ADMIN),
        {"source": "x", "days": [{"day": "2026-06-01", "is_workday": False, "name": "x"}]},
    ),
    setting(f"DELETE {_API}/calendar/days/2026-10-01?source=x", _ADMINS, whole(ADMIN)),
    setting(
        f"PUT {_API}/calendar/week",
        _ADMINS,
        whole(ADMIN),
        {"source": "x", "spans": [{"weekday": 1, "opens": "09:00", "closes": "12:00"}]},
    ),
    free(f"GET {_API}/categories"),
    setting(f"PUT {_API}/categories/litter", _ADMINS, whole(ADMIN), {"zh": "垃圾", "en": "Litter"}),
    free(f"GET {_API}/departments", STAFF),
    free(f"GET {_API}/figures/definitions"),
)

_POST = f"{_API}/posts/{{post_id}}"
#: Who may not change a row may not lock it either: for him it is not there.
_NOT_HIS = statuses(403, 404)
_HELPS = anywhere(ADMIN, STREET, SECRETARY, "grid_worker")
_SPAN = {"starts_at": "2026-03-15T08:00:00Z", "ends_at": "2026-03-15T09:00:00Z"}
#: A post is shown to those beneath it too: they must know whom to call.
_BENEATH = anywhere(ADMIN, STREET, SECRETARY, "grid_worker", AUDITOR) & frozenset(
    (role, "child") for role in (ADMIN, STREET, SECRETARY, "grid_worker", AUDITOR)
)
_POSTS = (
    many(f"GET {_API}/posts", _HELPS | anywhere(AUDITOR), SEES | _BENEATH, finds="暗语岗"),
    one(
        f"POST {_API}/posts",
        _REVIEWERS,
        COMMUNITY,
        {"name": "新岗", "area_path": OWN, "is_default": False},
        ok=201,
        otherwise=statuses(403),
    ),
    one(f"DELETE {_POST}", _REVIEWERS, COMMUNITY, ok=204, barred=_BENEATH, barred_with=_NOT_HIS),
    one(f"GET {_POST}/rota", _HELPS | anywhere(AUDITOR), SEES | _BENEATH, finds="暗语岗"),
    one(f"GET {_POST}/people", _HELPS, (SEES | _BENEATH) & _HELPS),
    one(
        f"POST {_POST}/shifts",
        _REVIEWERS,
        COMMUNITY,
        {"shifts": [_SPAN | {"staff_id": "{staff_id}"}]},
        ok=201,
        barred=_BENEATH,
        barred_with=_NOT_HIS,
    ),
    one(f"DELETE {_POST}/shifts/{{shift_id}}", _REVIEWERS, COMMUNITY, ok=204, barred=_BENEATH, barred_with=_NOT_HIS),
    one(
        f"POST {_POST}/hand-over",
        _HELPS,
        COMMUNITY - {("secretary", "own")},
        {"staff_id": "{staff_id}", "reason": "x", "with_cases": True},
        ok=409,
        barred=_BENEATH | reach("grid_worker") | {("secretary", "own")},
        barred_with=statuses(403, 404, 409),
    ),
)

TABLE: tuple[Row, ...] = (
    *_SERVICE, *_SESSIONS, *_STAFF, *_PLACES, *_STATIONS, *_RIDERS, *_REPORTS, *_LOOKS, *_APPEALS, *_SETTINGS, *_POSTS,
    *_PERSONAL, *CASES, *_LAST,
)  # fmt: skip

#: A stream does not end, so nobody walks it: who is admitted, and what he hears, has a test of its own.
STREAM = many(f"GET {_API}/cases/stream", STAFF, SEES | DEPARTMENT)
