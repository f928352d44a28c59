"""The sweep of holds, where one case stands in its own way."""

from datetime import timedelta

import pytest

from community import holds
from community.acts import Deed
from community.holds import sweep_holds
from community.models import Case, State
from community.triage import perform
from core.database import Connection
from tests.community.district import located, open_report, put_in_state, read
from tests.conftest import DISTRICT, START

OVER = START + timedelta(days=9)


async def test_a_case_that_cannot_be_resumed_holds_up_no_other(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = [
        await put_in_state(conn, await open_report(conn, ref, at=located()), State.HELD) for ref in ("bad", "good")
    ]

    async def perform_but_for_one(deed: Deed) -> Case:
        done = await perform(deed)
        if deed.case.id == bad.id:
            raise OverflowError("date value out of range")
        return done

    monkeypatch.setattr(holds, "perform", perform_but_for_one)
    assert [[good.id], []] == [await sweep_holds(conn, district_id=DISTRICT, now=OVER) for _ in range(2)]
    assert [State.HELD, State.FILED] == [(await read(conn, case)).state for case in (bad, good)]
