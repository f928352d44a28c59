"""Reporters are appointed by the community of their area, for a term, and trusted there and then only."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from community.errors import UnknownArea
from core.access.models import Actor, Grant, Role
from core.database import Connection
from core.errors import NotFound
from geo.models import Datum, Locate, Received
from riders.errors import AlreadyApplied, AlreadyDecided, AppointmentRevoked, TermNotValid
from riders.models import Application, Appointment, Submission, TrustLevel
from riders.reporters.applications import apply, approve, decline, list_applications
from riders.reporters.appointments import add_months, list_appointments, renew, revoke, sweep_appointments
from riders.submit import submit
from tests.conftest import RING

AddRider = Callable[..., Awaitable[Actor]]
AddSecretary = Callable[[Connection, str], Awaitable[Actor]]
START = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)


@pytest.fixture
async def areas(conn: Connection, north: str, south: str) -> None:
    """Make the two communities beneath one subdistrict the active areas."""
    generation_id = await conn.fetchval(
        """
        insert into generation (district_id, status, created_at, created_by, activated_at, activated_by)
        values (1, 'active', $1, 'test', $1, 'test') returning id
        """,
        START,
    )
    for path in (south.split("/")[0], south.rpartition("/")[0], north, south):
        await conn.execute(
            """
            insert into area (district_id, generation_id, code, level, code_scheme, path, name, names, is_leaf, datum,
                geometry, min_lon, min_lat, max_lon, max_lat)
            values (1, $1, $2, 'level', 'test', $3, 'x', '{x}', false, 'wgs84', '', 0, 0, 0, 0)
            """,
            generation_id,
            path.rpartition("/")[2],
            path,
        )


async def apply_for(conn: Connection, rider: Actor, path: str, now: datetime = START) -> Application:
    return await apply(
        conn, ring=RING, actor=rider, area_code=path.rpartition("/")[2], motivation="常跑这一片", now=now
    )


async def appoint(
    conn: Connection,
    staff: Actor,
    application: Application,
    *,
    trust_level: TrustLevel = TrustLevel.FILED_AT_ONCE,
    months: int | None = 3,
    until: datetime | None = None,
    area_code: str | None = None,
) -> Appointment:
    return await approve(
        conn,
        ring=RING,
        actor=staff,
        application_id=application.id,
        area_code=area_code,
        trust_level=trust_level,
        months=months,
        until=until,
        now=START,
    )


@pytest.fixture
async def appointed(
    conn: Connection, areas: None, add_rider: AddRider, add_secretary: AddSecretary, south: str
) -> tuple[Actor, Actor, Appointment]:
    """Give a rider, the secretary who appointed him for three months in the south, and the appointment."""
    rider, secretary = await add_rider(conn), await add_secretary(conn, south)
    return rider, secretary, await appoint(conn, secretary, await apply_for(conn, rider, south))


async def state_of_a_report(
    conn: Connection, rider: Actor, locate: Locate, *, lat: float = 35.96, now: datetime = START
) -> str:
    body = Submission("litter", received=Received(120.18, lat, Datum.WGS84))
    report = await submit(conn, actor=rider, submission=body, key=f"key-{now:%d%H%M}-{lat}", locate=locate, now=now)
    state: str = await conn.fetchval("select state from community_case where id = $1", report.case_id)
    assert report.is_trusted == (state == "filed")
    return state


@pytest.mark.usefixtures("areas")
async def test_an_application_waits_at_the_community_it_names(
    conn: Connection, add_rider: AddRider, add_secretary: AddSecretary, north: str, south: str
) -> None:
    application = await apply_for(conn, await add_rider(conn), south)
    seen = {}
    for path in (south, north, south.rpartition("/")[0], ""):
        staff = await add_secretary(conn, path)
        found = await list_applications(conn, ring=RING, actor=staff, status=None, before=None, limit=10)
        seen[path] = [one.id for one in found]
    mine = [application.id]
    assert {south: mine, north: [], south.rpartition("/")[0]: mine, "": mine} == seen


@pytest.mark.usefixtures("areas")
async def test_a_rider_sees_only_his_own_applications(conn: Connection, add_rider: AddRider, south: str) -> None:
    rider, other = await add_rider(conn), await add_rider(conn, "+8613800000002")
    mine = await apply_for(conn, rider, south)
    await apply_for(conn, other, south)
    found = await list_applications(conn, ring=RING, actor=rider, status=None, before=None, limit=10)
    assert [mine.id] == [one.id for one in found]


@pytest.mark.usefixtures("areas")
async def test_one_cannot_apply_twice_while_waiting_nor_for_an_area_that_is_not(
    conn: Connection, add_rider: AddRider, south: str
) -> None:
    rider = await add_rider(conn)
    await apply_for(conn, rider, south)
    with pytest.raises(AlreadyApplied):
        await apply_for(conn, rider, south)
    with pytest.raises(UnknownArea):
        await apply_for(conn, rider, "999")


@pytest.mark.usefixtures("areas")
async def test_another_communitys_secretary_can_neither_approve_nor_decline(
    conn: Connection, add_rider: AddRider, add_secretary: AddSecretary, north: str, south: str
) -> None:
    application = await apply_for(conn, await add_rider(conn), south)
    foreign = await add_secretary(conn, north)
    with pytest.raises(NotFound):
        await appoint(conn, foreign, application)
    with pytest.raises(NotFound):
        await decline(conn, ring=RING, actor=foreign, application_id=application.id, reason="名额已满", now=START)


@pytest.mark.usefixtures("areas")
async def test_a_role_without_review_cannot_approve(conn: Connection, add_rider: AddRider, south: str) -> None:
    application = await apply_for(conn, await add_rider(conn), south)
    worker = Actor("staff", 1, 1, grants=(Grant(Role.GRID_WORKER, south), Grant(Role.AUDITOR, "")))
    with pytest.raises(NotFound):
        await appoint(conn, worker, application)


@pytest.mark.usefixtures("areas")
async def test_an_application_is_decided_once(
    conn: Connection, add_rider: AddRider, add_secretary: AddSecretary, south: str
) -> None:
    secretary = await add_secretary(conn, south)
    application = await apply_for(conn, await add_rider(conn), south)
    declined = await decline(
        conn, ring=RING, actor=secretary, application_id=application.id, reason="名额已满", now=START
    )
    assert ("declined", "名额已满") == (declined.status, declined.reason)
    with pytest.raises(AlreadyDecided):
        await appoint(conn, secretary, application)


@pytest.mark.usefixtures("areas")
async def test_one_may_be_appointed_elsewhere_but_only_where_the_reviewer_reviews(
    conn: Connection, add_rider: AddRider, add_secretary: AddSecretary, north: str, south: str
) -> None:
    application = await apply_for(conn, await add_rider(conn), south)
    code = north.rpartition("/")[2]
    with pytest.raises(UnknownArea):
        await appoint(conn, await add_secretary(conn, south), application, area_code=code)
    subdistrict = await add_secretary(conn, south.rpartition("/")[0])
    assert north == (await appoint(conn, subdistrict, application, area_code=code)).area_path


async def test_an_appointed_reporters_case_is_filed_at_once_in_his_area_only(
    conn: Connection, appointed: tuple[Actor, Actor, Appointment], locate: Locate
) -> None:
    rider = appointed[0]
    assert "filed" == await state_of_a_report(conn, rider, locate)
    assert "collected" == await state_of_a_report(conn, rider, locate, lat=36.1)


async def test_a_rider_without_appointment_awaits_verification(
    conn: Connection, add_rider: AddRider, locate: Locate
) -> None:
    assert "collected" == await state_of_a_report(conn, await add_rider(conn), locate)


@pytest.mark.usefixtures("areas")
async def test_low_trust_awaits_verification_even_in_the_own_area(
    conn: Connection, add_rider: AddRider, add_secretary: AddSecretary, locate: Locate, south: str
) -> None:
    rider, secretary = await add_rider(conn), await add_secretary(conn, south)
    await appoint(conn, secretary, await apply_for(conn, rider, south), trust_level=TrustLevel.LOOKED_AT_FIRST)
    assert "collected" == await state_of_a_report(conn, rider, locate)


@pytest.mark.usefixtures("areas")
async def test_an_appointment_for_a_subdistrict_holds_in_its_communities(
    conn: Connection, add_rider: AddRider, add_secretary: AddSecretary, locate: Locate, south: str
) -> None:
    rider, subdistrict = await add_rider(conn), south.rpartition("/")[0]
    await appoint(conn, await add_secretary(conn, subdistrict), await apply_for(conn, rider, subdistrict))
    assert "filed" == await state_of_a_report(conn, rider, locate)


async def test_trust_ends_with_the_term_to_the_second(
    conn: Connection, appointed: tuple[Actor, Actor, Appointment], locate: Locate
) -> None:
    rider, _, appointment = appointed
    last = appointment.ends_at - timedelta(seconds=1)
    assert "filed" == await state_of_a_report(conn, rider, locate, now=last)
    assert "collected" == await state_of_a_report(conn, rider, locate, now=appointment.ends_at)


async def test_revocation_ends_trust_at_once_and_says_why(
    conn: Connection, appointed: tuple[Actor, Actor, Appointment], locate: Locate
) -> None:
    rider, secretary, appointment = appointed
    revoked = await revoke(
        conn, actor=secretary, appointment_id=appointment.id, reason="多次虚报", now=START + timedelta(days=1)
    )
    assert "多次虚报" == revoked.revoke_reason
    assert "collected" == await state_of_a_report(conn, rider, locate, now=START + timedelta(days=1))


async def test_what_is_revoked_can_be_neither_renewed_nor_revoked_again(
    conn: Connection, appointed: tuple[Actor, Actor, Appointment]
) -> None:
    _, secretary, appointment = appointed
    await revoke(conn, actor=secretary, appointment_id=appointment.id, reason="离职", now=START)
    with pytest.raises(AppointmentRevoked):
        await renew(conn, actor=secretary, appointment_id=appointment.id, months=1, until=None, now=START)
    with pytest.raises(AppointmentRevoked):
        await revoke(conn, actor=secretary, appointment_id=appointment.id, reason="离职", now=START)


async def test_another_communitys_secretary_can_neither_renew_nor_revoke_nor_see(
    conn: Connection, appointed: tuple[Actor, Actor, Appointment], add_secretary: AddSecretary, north: str
) -> None:
    foreign, appointment = await add_secretary(conn, north), appointed[2]
    with pytest.raises(NotFound):
        await renew(conn, actor=foreign, appointment_id=appointment.id, months=1, until=None, now=START)
    with pytest.raises(NotFound):
        await revoke(conn, actor=foreign, appointment_id=appointment.id, reason="无", now=START)
    assert [] == await list_appointments(conn, actor=foreign, now=START, only_counting=False, before=None, limit=10)


async def test_renewal_adds_to_a_running_term_and_starts_a_lapsed_one_anew(
    conn: Connection, appointed: tuple[Actor, Actor, Appointment]
) -> None:
    _, secretary, appointment = appointed
    running = await renew(conn, actor=secretary, appointment_id=appointment.id, months=2, until=None, now=START)
    assert datetime(2026, 8, 10, 2, 0, tzinfo=UTC) == running.ends_at
    late = datetime(2027, 1, 31, 2, 0, tzinfo=UTC)
    lapsed = await renew(conn, actor=secretary, appointment_id=appointment.id, months=1, until=None, now=late)
    assert datetime(2027, 2, 28, 2, 0, tzinfo=UTC) == lapsed.ends_at


@pytest.mark.usefixtures("areas")
@pytest.mark.parametrize("until", [START, START - timedelta(days=1), START + timedelta(days=366)])
async def test_a_term_must_end_later_and_within_a_year(
    conn: Connection, add_rider: AddRider, add_secretary: AddSecretary, south: str, until: datetime
) -> None:
    application = await apply_for(conn, await add_rider(conn), south)
    with pytest.raises(TermNotValid) as refused:
        await appoint(conn, await add_secretary(conn, south), application, months=None, until=until)
    assert "/until" == refused.value.pointer


async def test_the_sweep_tells_once_of_a_term_that_ends_and_once_of_its_end(
    conn: Connection, appointed: tuple[Actor, Actor, Appointment]
) -> None:
    ends_at = appointed[2].ends_at
    told = [
        await sweep_appointments(conn, district_id=1, now=ends_at + span)
        for span in (timedelta(days=-15), timedelta(days=-13), timedelta(days=-13), timedelta(0), timedelta(0))
    ]
    assert [0, 1, 0, 1, 0] == told
    kinds = await conn.fetch("select kind from event where subject = 'appointment' order by id")
    assert ["appointment.ending", "appointment.expired"] == [row["kind"] for row in kinds]


async def test_a_sweep_that_never_ran_before_the_end_tells_only_of_the_end(
    conn: Connection, appointed: tuple[Actor, Actor, Appointment]
) -> None:
    assert 1 == await sweep_appointments(conn, district_id=1, now=appointed[2].ends_at + timedelta(days=9))


async def test_after_a_renewal_the_new_end_is_told_again(
    conn: Connection, appointed: tuple[Actor, Actor, Appointment]
) -> None:
    _, secretary, appointment = appointed
    near = appointment.ends_at - timedelta(days=1)
    await sweep_appointments(conn, district_id=1, now=near)
    renewed = await renew(conn, actor=secretary, appointment_id=appointment.id, months=1, until=None, now=near)
    assert 0 == await sweep_appointments(conn, district_id=1, now=near)
    assert 1 == await sweep_appointments(conn, district_id=1, now=renewed.ends_at - timedelta(days=1))


async def test_only_appointments_that_count_are_listed_when_asked_for(
    conn: Connection, appointed: tuple[Actor, Actor, Appointment]
) -> None:
    rider, _, appointment = appointed
    counted = [
        len(await list_appointments(conn, actor=rider, now=now, only_counting=True, before=None, limit=10))
        for now in (START, appointment.ends_at)
    ]
    assert [1, 0] == counted


@pytest.mark.parametrize(
    ("start", "months", "expected"),
    [
        (datetime(2026, 1, 31, tzinfo=UTC), 1, datetime(2026, 2, 28, tzinfo=UTC)),
        (datetime(2024, 1, 31, tzinfo=UTC), 1, datetime(2024, 2, 29, tzinfo=UTC)),
        (datetime(2026, 11, 15, tzinfo=UTC), 2, datetime(2027, 1, 15, tzinfo=UTC)),
        (datetime(2026, 12, 31, tzinfo=UTC), 12, datetime(2027, 12, 31, tzinfo=UTC)),
    ],
)
def test_months_are_calendar_months(start: datetime, months: int, expected: datetime) -> None:
    assert expected == add_months(start, months)
