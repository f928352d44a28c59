"""A contact that reached nobody: kept, shown to the resident, and no answer."""

from datetime import timedelta

import pytest

from community.clocks.queries import list_deadlines
from community.errors import ContactOwed
from community.models import Channel, Clock
from community.progress import get_progress
from community.workflow import Verb
from core.access.models import Role
from core.database import Connection
from core.errors import InvalidInput
from tests.community.district import COMMUNITY, hire, read
from tests.community.followup.story import SOON, appeal, do, events_of, kinds_of
from tests.conftest import DISTRICT

TRY = {"note": "电话无人接听", "channel": Channel.PHONE, "reached": False}


async def test_the_clock_runs_on_and_nobody_leads_until_the_resident_is_reached(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    _, case = await appeal(conn)
    due_at = case.next_due_at
    for _ in range(3):
        case = await do(conn, case, Verb.CONTACT, secretary, **TRY)
    assert (None, due_at) == (case.assignee_id, case.next_due_at)
    case = await do(conn, case, Verb.CONTACT, secretary, note="已当面说明", channel=Channel.FACE_TO_FACE, reached=True)
    clocks = await list_deadlines(conn, district_id=DISTRICT, case_id=case.id)
    assert [SOON] == [each.met_at for each in clocks if each.clock is Clock.RESPOND]
    assert (secretary.id, "case.contacted") == (case.assignee_id, (await kinds_of(conn, case))[-1])


async def test_a_try_does_not_let_the_case_be_ended(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    _, case = await appeal(conn)
    await do(conn, case, Verb.CONTACT, secretary, **TRY)
    with pytest.raises(ContactOwed):
        await do(conn, case, Verb.REJECT, secretary, note="不属实")


async def test_the_resident_sees_that_it_was_tried_and_by_which_words(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    _, case = await appeal(conn)
    await do(conn, case, Verb.CONTACT, secretary, **TRY)
    step = (await get_progress(conn, district_id=DISTRICT, case_id=case.id)).steps[-1]
    assert ("case.contact_tried", "联系未接通", "电话无人接听") == (step.kind, step.text.zh, step.words)
    event = (await events_of(conn, case))[-1]
    assert {"from": "collected", "to": "collected", "channel": "phone", "reached": False} == {
        name: value for name, value in event.data.items() if name != "note"
    }


async def test_a_try_needs_its_channel_and_words_like_any_contact(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    _, case = await appeal(conn)
    with pytest.raises(InvalidInput) as caught:
        await do(conn, case, Verb.CONTACT, secretary, reached=False)
    assert ["/note", "/channel"] == [error.pointer for error in caught.value.errors]
    with pytest.raises(InvalidInput):
        await do(conn, case, Verb.FILE, secretary, reached=False)
    assert (await read(conn, case)).updated_at < SOON + timedelta(0)
