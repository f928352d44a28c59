"""The link by which a rider answers how his report was closed: his alone, also where staff read the same report."""

from collections.abc import Awaitable, Callable

from community.acts import Act
from community.followup.tokens import make_token
from community.triage import carry_out
from community.workflow import Verb
from core.access.models import Actor
from core.database import Connection
from geo.models import Datum, Locate, Received
from riders.models import Submission
from riders.progress import get_report_progress
from riders.submit import submit
from tests.conftest import DISTRICT, RING, START

HOLE = Submission("road_damage", "路面有坑", Received(120.18, 35.96, Datum.WGS84), 12.0, {"lane": "bike"})


async def test_the_rider_is_given_his_link_and_staff_who_see_the_report_are_not(
    conn: Connection,
    add_rider: Callable[..., Awaitable[Actor]],
    add_secretary: Callable[[Connection, str], Awaitable[Actor]],
    locate: Locate,
    south: str,
) -> None:
    rider, secretary = await add_rider(conn), await add_secretary(conn, south)
    report = await submit(conn, actor=rider, submission=HOLE, key="0b6ad8f4", locate=locate, now=START)
    for verb, act in [
        (Verb.FILE, Act()),
        (Verb.HANDLE, Act(note="已修补")),
        (Verb.VERIFY, Act()),
        (Verb.CLOSE, Act(result="路面已修补")),
    ]:
        await carry_out(conn, case_id=report.case_id, verb=verb, act=act, actor=secretary, now=START)
    links = []
    for who in (rider, secretary):
        shown = await get_report_progress(conn, actor=who, report_id=report.id, ring=RING)
        links.append(shown.progress.follow_up and shown.progress.follow_up.token)
    assert [make_token(RING, district_id=DISTRICT, case_id=report.case_id, round=1), None] == links
