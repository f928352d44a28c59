"""Who may, as far as cases and the desks before them go: part of `table`."""

from typing import Any

from tests.acceptance.matrix.row import (
    ABOVE,
    ADMIN,
    AUDITOR,
    COMMUNITY,
    DEPARTMENT,
    DEPARTMENTS,
    GRID,
    NOBODY,
    ON_SITE,
    RIDERS,
    SECRETARY,
    SEES,
    SIGNED_IN,
    STAFF,
    STREET,
    Crowd,
    Row,
    anywhere,
    free,
    many,
    one,
    reach,
    statuses,
)
from tests.acceptance.matrix.world import NEW_PHOTO, OWN, Raw

_API = "/api/v1"
_CASE = f"{_API}/cases/{{case_id}}"
_REVIEWERS = anywhere(ADMIN, STREET, SECRETARY)
_X = {"note": "x"}

#: Verb → on which case, who may, what is said. The departments at work on a case act on their own order.
_VERBS: dict[str, tuple[str, Crowd, dict[str, Any]]] = {
    "file": ("collected_id", ON_SITE, {}),
    "contact": ("collected_id", ON_SITE, _X | {"channel": "phone"}),
    "classify": ("filed_id", COMMUNITY, {"kind": "coordinated"}),
    "assign": ("filed_id", COMMUNITY, {"assignee_id": "{staff_id}"}),
    "ask_verification": ("collected_id", ON_SITE, {}),
    "dispatch": ("filed_id", COMMUNITY, {"department_id": "{other_department_id}"}),
    "accept": ("dispatched_id", DEPARTMENT, {}),
    "pass_on": ("dispatched_id", DEPARTMENT, _X | {"department_id": "{other_department_id}"}),
    "feedback": ("dispatched_id", ON_SITE | DEPARTMENT, _X),
    "handle": ("dispatched_id", ON_SITE | DEPARTMENT, _X),
    "verify": ("handled_id", ON_SITE, {}),
    "close": ("verified_id", COMMUNITY, {"result": "x"}),
    "follow_up": ("closed_id", ON_SITE, _X | {"satisfaction": "satisfied"}),
    "return": ("dispatched_id", COMMUNITY | DEPARTMENT, _X),
    "reopen": ("closed_id", COMMUNITY, _X),
    "decline_reopening": ("closed_id", ABOVE, _X),
    "hold": ("filed_id", COMMUNITY, _X | {"until": "{until}"}),
    "resume": ("held_id", COMMUNITY, {}),
    "extend": ("filed_id", COMMUNITY, _X | {"extend_by": 1}),
    "reject": ("filed_id", COMMUNITY, _X),
    "void": ("filed_id", ABOVE, _X),
    "mark_duplicate": ("filed_id", COMMUNITY, {"duplicate_of": "{case_id}"}),
    "split": ("duplicate_id", COMMUNITY, _X),
    "hand_over": ("filed_id", COMMUNITY, {"area_code": "02"}),
    "transfer_up": ("filed_id", COMMUNITY, _X),
    "transfer_back": ("filed_id", ABOVE, _X),
}
#: What makes no sense on these cases, and is said to those who may.
_SENSELESS = {"decline_reopening", "transfer_back"}
#: The first case is dispatched to a department, the others on which verbs are done are not, but for one.
_AT_DEPARTMENT = {"case_id", "dispatched_id"}


def _verb(verb: str) -> Row:
    case, may, said = _VERBS[verb]
    sees = SEES | (DEPARTMENT if case in _AT_DEPARTMENT else NOBODY)
    ok = statuses(409, 422) if verb in _SENSELESS else statuses(200)
    return one(f"POST {_API}/cases/{{{case}}}/{verb}", STAFF, may, said, ok=ok, barred=sees - may)


_SEES_CASE = SEES | DEPARTMENT
_THE_SECRETARY = frozenset({("secretary", "own")})
#: What an area shares reaches all staff in it and beneath it.
_SHARED_WITH = anywhere(ADMIN, STREET, SECRETARY, GRID, "station_host", AUDITOR) & frozenset(
    (role, position)
    for role in (ADMIN, STREET, SECRETARY, GRID, "station_host", AUDITOR)
    for position in ("own", "child")
)
_DESK = (
    free(f"POST {_API}/templates", STAFF, {"title": "x", "body": "x"}, ok=201),
    one(
        f"POST {_API}/templates",
        STAFF,
        COMMUNITY,
        {"title": "x", "body": "x", "area": OWN},
        ok=201,
        otherwise=statuses(403),
    ),
    one(
        f"PUT {_API}/templates/{{template_id}}",
        STAFF,
        COMMUNITY,
        {"title": "x", "body": "x"},
        barred=_SHARED_WITH | {("department", "without id")},
    ),
    one(
        f"DELETE {_API}/templates/{{template_id}}",
        STAFF,
        COMMUNITY,
        ok=204,
        barred=_SHARED_WITH | {("department", "without id")},
    ),
    one(f"DELETE {_API}/templates/{{own_template_id}}", STAFF, _THE_SECRETARY, ok=204),
    one(f"POST {_API}/templates/{{template_id}}/render", STAFF, _SEES_CASE, {"case_id": "{case_id}"}),
    many(f"GET {_API}/templates", STAFF, COMMUNITY | _SHARED_WITH | {("department", "without id")}, finds="暗语"),
    one(f"GET {_API}/templates?case_id={{case_id}}", STAFF, _SEES_CASE, finds="暗语"),
    many(f"GET {_API}/saved-filters", STAFF, _SHARED_WITH | {("department", "without id")}, finds="暗语"),
    free(f"POST {_API}/saved-filters", STAFF, {"name": "x", "query": {}}, ok=201, sees=_THE_SECRETARY),
    one(
        f"POST {_API}/saved-filters",
        STAFF,
        COMMUNITY,
        {"name": "x", "query": {}, "area": OWN},
        ok=201,
        otherwise=statuses(403),
    ),
    one(f"PUT {_API}/saved-filters/{{filter_id}}", STAFF, _THE_SECRETARY, {"name": "x", "query": {}}),
    one(f"DELETE {_API}/saved-filters/{{filter_id}}", STAFF, _THE_SECRETARY, ok=204),
    many(f"GET {_API}/my-day", STAFF, SEES | DEPARTMENT),
    many(f"GET {_API}/notices", SIGNED_IN, SEES | DEPARTMENT | RIDERS),
    many(f"POST {_API}/notices/read", SIGNED_IN, NOBODY, {"up_to": 2**62}),
)

_NEARBY = f"{_API}/cases/nearby?lon=120.0043&lat=36.0065&category=litter"
CASES: tuple[Row, ...] = (
    *(_verb(verb) for verb in _VERBS),
    many(f"GET {_API}/cases", STAFF, _SEES_CASE, finds="暗语"),
    many(f"GET {_API}/cases?order=newest&limit=200", STAFF, _SEES_CASE, finds="暗语"),
    many(f"GET {_API}/cases?order=newest&area={OWN}", STAFF, _SEES_CASE, finds="暗语"),
    many(f"GET {_API}/cases?order=newest&duty_desk=true", STAFF, NOBODY),
    many(f"GET {_NEARBY}", RIDERS, RIDERS),
    many(f"GET {_API}/cases/duplicate-counts?case_id={{filed_id}}&case_id={{other_id}}", STAFF, SEES),
    one(f"GET {_CASE}", STAFF, _SEES_CASE, finds="暗语"),
    one(f"GET {_API}/cases/{{other_id}}", STAFF, SEES, finds="暗语"),
    one(f"GET {_CASE}/duplicates", STAFF, _SEES_CASE),
    one(
        f"POST {_API}/cases/{{filed_id}}/duplicates/{{handled_id}}/dismissal", _REVIEWERS, COMMUNITY, {}, ok=204,
    ),
    one(f"DELETE {_API}/cases/{{filed_id}}/duplicates/{{handled_id}}/dismissal", _REVIEWERS, COMMUNITY, ok=204),
    one(f"POST {_API}/cases/{{filed_id}}/reroute", anywhere(ADMIN, STREET), ABOVE, _X),
    one(f"GET {_CASE}/notes", STAFF, _SEES_CASE, finds="暗语"),
    one(
        f"POST {_CASE}/notes", STAFF, ON_SITE | DEPARTMENT, {"text": "x"}, ok=201, barred=reach(AUDITOR)
    ),
    one(
        f"DELETE {_CASE}/notes/{{note_id}}", STAFF, frozenset({("secretary", "own")}),
        barred=_SEES_CASE - {("secretary", "own")},
    ),
    one(f"GET {_CASE}/mentionable", STAFF, _SEES_CASE),
    one(f"PUT {_CASE}/photos/{{new_sha256}}", STAFF, ON_SITE | DEPARTMENT, Raw(NEW_PHOTO), barred=reach(AUDITOR)),
    one(f"GET {_CASE}/photos/{{sha256}}", STAFF, _SEES_CASE, finds="JFIF"),
    one(f"GET {_API}/cases/{{other_id}}/photos/{{sha256}}", STAFF, ON_SITE, barred=reach(AUDITOR),
        barred_with=statuses(404), finds="JFIF"),
    one(f"GET {_CASE}/verification-tasks", STAFF, _SEES_CASE, finds="{task_id}"),
    many(f"GET {_API}/oversights", anywhere(ADMIN, AUDITOR), reach(ADMIN, AUDITOR), finds="{case_id}"),
    many(
        f"POST {_API}/cases/bulk", STAFF, _SEES_CASE, {"verb": "transfer_up", "case_ids": ["{case_id}"], "note": "x"}
    ),
    one(
        f"GET {_API}/figures?from=2026-03-01&to=2026-04-01&area={OWN}&by=category", STAFF, SEES,
        # A department counts what was dispatched to it, wherever that lies.
        otherwise=statuses(422), barred=DEPARTMENTS, barred_with=statuses(200, 422),
    ),
    one(
        f"GET {_API}/figures/export?from=2026-03-01&to=2026-04-01&area={OWN}&by=category", STAFF, SEES,
        otherwise=statuses(422), barred=DEPARTMENTS, barred_with=statuses(200, 422),
    ),
    free(f"GET {_API}/figures?from=2026-02-01&to=2026-03-01", STAFF, ok=(200, 404, 422)),
    *_DESK,
)  # fmt: skip
