"""The verbs on stored cases: who may, what must be said, what changes, which clocks turn."""

from datetime import timedelta

import pytest

from community.acts import Act
from community.clocks.queries import list_deadlines
from community.clocks.sweep import sweep_deadlines
from community.clocks.turning import start_clocks
from community.errors import (
    AreaNotCandidate,
    CaseChanged,
    CaseNotFound,
    NotADuplicate,
    TransitionNotAllowed,
    UnknownArea,
    UnknownDepartment,
    VerbNotYours,
)
from community.models import Case, Channel, Clock, Kind, Satisfaction, State
from community.triage import carry_out
from community.workflow import TABLE, Field, Transition, Verb
from core.access.models import Actor, Role
from core.database import Connection
from core.errors import InvalidInput
from core.queries import list_events
from tests.community.district import (
    COMMUNITY,
    ELSEWHERE,
    NEIGHBOUR,
    STREET,
    add_areas,
    found,
    hire,
    located,
    open_report,
    put_in_state,
    read,
)
from tests.community.workflow_by_hand import NEXT_STATE
from tests.conftest import DISTRICT, START

LATER = START + timedelta(minutes=5)


async def do(conn: Connection, case: Case, verb: Verb, actor: Actor, **said: object) -> Case:
    act = Act(**said)  # type: ignore[arg-type]
    return await carry_out(conn, case_id=case.id, verb=verb, act=act, actor=actor, now=LATER)


async def say_enough(conn: Connection, case: Case, verb: Verb) -> dict[str, object]:
    """Give every field that some row of the verb requires."""
    required = {field for row in TABLE if row.verb is verb for field in row.required}
    said: dict[str, object] = {}
    if Field.NOTE in required:
        said["note"] = "已与居民联系"
    if Field.RESULT in required:
        said["result"] = "已清理"
    if Field.DEPARTMENT_ID in required:
        said["department_id"] = await found(conn, "of the act")
    if Field.AREA_CODE in required:
        await add_areas(conn, COMMUNITY, NEIGHBOUR)
        said["area_code"] = "03"
    if Field.DUPLICATE_OF in required:
        said["duplicate_of"] = (await open_report(conn, "the other", at=located())).id
    if Field.ASSIGNEE_ID in required:
        said["assignee_id"] = (await hire(conn, "the assignee", Role.GRID_WORKER, COMMUNITY)).id
    plain = {
        Field.CHANNEL: Channel.PHONE,
        Field.KIND: Kind.COORDINATED,
        Field.UNTIL: LATER + timedelta(days=1),
        Field.EXTEND_BY: 1,
        Field.SATISFACTION: Satisfaction.SATISFIED,
    }
    return said | {field.value: value for field, value in plain.items() if field in required}


async def prepare(conn: Connection, case: Case, verb: Verb) -> None:
    """Let the case be one on which the verb makes sense: a running clock, a transfer, a wish to reopen."""
    if verb is Verb.EXTEND:
        await start_clocks(conn, case=case, clocks=[Clock.HANDLE], now=START)
    await conn.execute(
        "update community_case set reopening_asked_at = $3, desk_before = desk_path where district_id = $1 and id = $2",
        *(DISTRICT, case.id, START),
    )


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("verb", Verb)
async def test_each_verb_does_what_the_field_says_and_nothing_else(conn: Connection, state: State, verb: Verb) -> None:
    department_id = await found(conn)
    actor = await hire(conn, "admin", Role.DISTRICT_ADMIN)
    if verb in (Verb.ACCEPT, Verb.PASS_ON):
        actor = await hire(conn, "handler", Role.DEPARTMENT, "", department_id)
    case = await put_in_state(conn, await open_report(conn, 1, at=located()), state, department_id=department_id)
    said = await say_enough(conn, case, verb)
    await prepare(conn, case, verb)
    case = await read(conn, case)
    if (state, verb) in NEXT_STATE:
        assert NEXT_STATE[state, verb] is (await do(conn, case, verb, actor, **said)).state
    else:
        with pytest.raises(TransitionNotAllowed, match=state.value):
            await do(conn, case, verb, actor, **said)
        assert case == await read(conn, case)


@pytest.mark.parametrize(
    ("row", "role"),
    [(row, role) for row in TABLE for role in Role if role not in (Role.STATION_HOST, Role.AUDITOR)],
    ids=lambda part: part.value if isinstance(part, Role) else f"{part.verb.value}-{min(part.states)}",
)
async def test_only_the_roles_of_the_table_may(conn: Connection, row: Transition, role: Role) -> None:
    department_id = await found(conn)
    actor = await hire(conn, "actor", role, COMMUNITY, department_id)
    at = located(candidates=("02", "03"))
    case = await put_in_state(conn, await open_report(conn, 1, at=at), min(row.states), department_id=department_id)
    said = await say_enough(conn, case, row.verb)
    await prepare(conn, case, row.verb)
    if role in row.roles:
        assert case.version + 1 == (await do(conn, case, row.verb, actor, **said)).version
    else:
        with pytest.raises(VerbNotYours):
            await do(conn, case, row.verb, actor, **said)


async def test_every_missing_field_and_every_needless_one_is_named(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    case = await put_in_state(conn, await open_report(conn, 1, at=located()), State.VERIFIED)
    with pytest.raises(InvalidInput) as refused:
        await do(conn, case, Verb.CLOSE, secretary, note="好了", area_code="03")
    assert ["/result", "/area_code"] == [wrong.pointer for wrong in refused.value.errors]


async def test_a_foreign_secretary_is_told_there_is_no_such_case(conn: Connection) -> None:
    case = await open_report(conn, 1, at=located())
    for path in (NEIGHBOUR, ELSEWHERE, f"{COMMUNITY}/001"):
        foreign = await hire(conn, path, Role.SECRETARY, path)
        with pytest.raises(CaseNotFound):
            await do(conn, case, Verb.FILE, foreign)


async def test_an_unknown_case_is_answered_like_a_foreign_one(conn: Connection) -> None:
    admin = await hire(conn, "admin", Role.DISTRICT_ADMIN)
    with pytest.raises(CaseNotFound):
        await carry_out(conn, case_id=10**12, verb=Verb.FILE, act=Act(), actor=admin, now=LATER)


async def test_a_stale_version_is_told_the_new_one(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    case = await open_report(conn, 1, at=located())
    await do(conn, case, Verb.CONTACT, secretary, note="在路上", channel=Channel.PHONE, version=case.version)
    with pytest.raises(CaseChanged, match="version 2"):
        await do(conn, case, Verb.FILE, secretary, version=case.version)


async def test_each_act_is_one_event_with_who_from_to_and_why(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    case = await open_report(conn, 1, at=located())
    await do(conn, case, Verb.REJECT, secretary, note="不属实")
    events = await list_events(conn, district_id=DISTRICT, subject="case", subject_id=case.id)
    assert ["case.opened", "case.rejected"] == [event.kind for event in events]
    assert (secretary.id, LATER) == (events[1].actor_id, events[1].occurred_at)
    assert {"from": "collected", "to": "rejected", "note": "不属实"} == events[1].data


async def running(conn: Connection, case: Case) -> set[Clock]:
    rows = await list_deadlines(conn, district_id=DISTRICT, case_id=case.id)
    return {row.clock for row in rows if row.met_at is None and row.cancelled_at is None}


async def test_the_clocks_follow_a_case_to_its_end(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    department_id = await found(conn)
    case = await open_report(conn, 1, at=located())
    assert {Clock.RESPOND, Clock.FILE} == await running(conn, case)
    case = await do(conn, case, Verb.FILE, secretary)
    assert {Clock.DISPATCH, Clock.HANDLE} == await running(conn, case)
    # Dispatching within two working hours, lunch left out: 10:05 to 13:35.
    assert START + timedelta(hours=3.5, minutes=5) == case.next_due_at
    case = await do(conn, case, Verb.DISPATCH, secretary, department_id=department_id)
    assert {Clock.HANDLE} == await running(conn, case)
    assert START + timedelta(hours=5.5, minutes=5) == case.next_due_at
    case = await do(conn, case, Verb.HANDLE, secretary, note="已清理")
    assert {Clock.VERIFY} == await running(conn, case)
    case = await do(conn, case, Verb.VERIFY, secretary)
    case = await do(conn, case, Verb.CLOSE, secretary, result="已清理干净")
    assert ("已清理干净", LATER) == (case.result, case.closed_at)
    assert (set(), None) == (await running(conn, case), case.next_due_at)
    case = await do(conn, case, Verb.REOPEN, secretary, note="又有了")
    assert {Clock.DISPATCH, Clock.HANDLE} == await running(conn, case)
    assert (None, None) == (case.closed_at, case.result)


async def test_rework_starts_a_second_round_and_keeps_the_first(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    case = await open_report(conn, 1, at=located(), trusted=True)
    case = await do(conn, case, Verb.HANDLE, secretary, note="好了")
    await do(conn, case, Verb.RETURN, secretary, note="没清干净")
    rows = await list_deadlines(conn, district_id=DISTRICT, case_id=case.id)
    rounds = [(row.round, row.met_at is not None) for row in rows if row.clock is Clock.HANDLE]
    assert [(1, True), (2, False)] == rounds


async def test_nothing_runs_on_a_case_that_was_rejected(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    case = await open_report(conn, 1, at=located(), trusted=True)
    await do(conn, case, Verb.REJECT, secretary, note="不属实")
    rows = await list_deadlines(conn, district_id=DISTRICT, case_id=case.id)
    ends = {row.clock: (row.met_at, row.cancelled_at) for row in rows}
    assert {Clock.RESPOND: (LATER, None), Clock.DISPATCH: (None, LATER), Clock.HANDLE: (None, LATER)} == ends


async def test_whoever_answers_first_leads_the_case(conn: Connection) -> None:
    first = await hire(conn, "first", Role.GRID_WORKER, COMMUNITY)
    second = await hire(conn, "second", Role.SECRETARY, COMMUNITY)
    case = await open_report(conn, 1, at=located())
    await do(conn, case, Verb.CONTACT, first, note="已当面了解", channel=Channel.FACE_TO_FACE)
    assert first.id == (await do(conn, case, Verb.FILE, second)).assignee_id


async def test_a_late_answer_leaves_the_breach_on_record(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    case = await open_report(conn, 1, at=located())
    late = START + timedelta(minutes=20)
    await sweep_deadlines(conn, district_id=DISTRICT, now=late)
    act = Act(note="来了", channel=Channel.PHONE)
    await carry_out(conn, case_id=case.id, verb=Verb.CONTACT, act=act, actor=secretary, now=late)
    (row,) = [
        row for row in await list_deadlines(conn, district_id=DISTRICT, case_id=case.id) if row.clock is Clock.RESPOND
    ]
    assert (late, late) == (row.breached_at, row.met_at)


async def test_only_an_active_department_can_be_dispatched_to(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    case = await open_report(conn, 1, at=located(), trusted=True)
    department_id = await found(conn)
    await conn.execute("update department set is_active = false")
    for wrong in (department_id, 10**12):
        with pytest.raises(UnknownDepartment, match=str(wrong)):
            await do(conn, case, Verb.DISPATCH, secretary, department_id=wrong)


async def test_a_department_that_returns_a_case_sees_it_no_more(conn: Connection) -> None:
    department_id = await found(conn)
    handler = await hire(conn, "handler", Role.DEPARTMENT, "", department_id)
    case = await put_in_state(
        conn, await open_report(conn, 1, at=located()), State.DISPATCHED, department_id=department_id
    )
    case = await do(conn, case, Verb.RETURN, handler, note="非本部门职责")
    assert (State.FILED, None) == (case.state, case.department_id)
    with pytest.raises(CaseNotFound):
        await do(conn, case, Verb.HANDLE, handler, note="好了")


async def test_a_case_on_a_line_is_handed_over_in_one_step(conn: Connection) -> None:
    await add_areas(conn, COMMUNITY, NEIGHBOUR)
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    case = await open_report(conn, 1, at=located(candidates=("02", "03")))
    case = await do(conn, case, Verb.HAND_OVER, secretary, area_code="03")
    assert (NEIGHBOUR, NEIGHBOUR, False, None) == (
        case.area_path,
        case.desk_path,
        case.needs_confirmation,
        case.assignee_id,
    )
    assert {Clock.RESPOND, Clock.FILE} == await running(conn, case)
    with pytest.raises(CaseNotFound):
        await do(conn, case, Verb.FILE, secretary)


async def test_whoever_hands_a_case_over_leads_it_no_longer(conn: Connection) -> None:
    await add_areas(conn, COMMUNITY, NEIGHBOUR)
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    case = await open_report(conn, 1, at=located(candidates=("02", "03")))
    assert (
        secretary.id
        == (await do(conn, case, Verb.CONTACT, secretary, note="已了解", channel=Channel.PHONE)).assignee_id
    )
    assert (await do(conn, case, Verb.HAND_OVER, secretary, area_code="03")).assignee_id is None


async def test_a_community_cannot_push_a_case_onto_anyone(conn: Connection) -> None:
    await add_areas(conn, COMMUNITY, NEIGHBOUR)
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    case = await open_report(conn, 1, at=located())
    with pytest.raises(AreaNotCandidate, match="03"):
        await do(conn, case, Verb.HAND_OVER, secretary, area_code="03")


async def test_the_duty_desk_gives_a_case_its_area(conn: Connection) -> None:
    await add_areas(conn, COMMUNITY)
    centre = await hire(conn, "centre", Role.SUBDISTRICT, STREET)
    case = await do(conn, await open_report(conn, 1), Verb.HAND_OVER, centre, area_code="02")
    assert (COMMUNITY, 1) == (case.area_path, case.generation_id)


async def test_an_unknown_area_is_refused_by_name(conn: Connection) -> None:
    admin = await hire(conn, "admin", Role.DISTRICT_ADMIN)
    with pytest.raises(UnknownArea, match="99"):
        await do(conn, await open_report(conn, 1), Verb.HAND_OVER, admin, area_code="99")


async def test_a_case_is_no_duplicate_of_itself_or_of_a_duplicate_or_of_a_foreign_one(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    case = await open_report(conn, 1, at=located())
    merged = await put_in_state(conn, await open_report(conn, 2, at=located()), State.DUPLICATE)
    foreign = await open_report(conn, 3, at=located(NEIGHBOUR))
    for other in (case.id, merged.id, foreign.id, 10**12):
        with pytest.raises(NotADuplicate, match=str(other)):
            await do(conn, case, Verb.MARK_DUPLICATE, secretary, duplicate_of=other)


async def test_a_duplicate_names_its_original_and_forgets_it_when_reopened(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    original = await open_report(conn, 1, at=located())
    case = await open_report(conn, 2, at=located())
    case = await do(conn, case, Verb.MARK_DUPLICATE, secretary, duplicate_of=original.id)
    assert (original.id, LATER) == (case.duplicate_of, case.closed_at)
    assert (await do(conn, case, Verb.REOPEN, secretary, note="不是同一处")).duplicate_of is None
