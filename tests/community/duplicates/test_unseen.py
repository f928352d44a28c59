"""What a reader of one case is told of another that it was merged with or compared to, and that he does not see."""

from community.acts import Act
from community.detail import get_case_detail
from community.duplicates.dismiss import dismiss
from community.triage import carry_out
from community.workflow import Verb
from core.access.models import Role
from core.database import Connection
from tests.community.district import COMMUNITY, NEIGHBOUR, STREET, hire, located, open_report
from tests.conftest import RING, START


async def test_the_history_names_another_case_only_to_those_who_see_it(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    centre = await hire(conn, "centre", Role.SUBDISTRICT, STREET)
    case = await open_report(conn, 1, at=located())
    compared, original = [await open_report(conn, n, at=located(NEIGHBOUR)) for n in (2, 3)]
    await dismiss(conn, case_id=case.id, other_id=compared.id, actor=centre, now=START)
    act = Act(duplicate_of=original.id)
    await carry_out(conn, case_id=case.id, verb=Verb.MARK_DUPLICATE, act=act, actor=centre, now=START)
    whole = await get_case_detail(conn, ring=RING, case_id=case.id, actor=centre)
    assert original.id == whole.case.duplicate_of
    assert (compared.id, original.id) == (whole.history[1].data["other_id"], whole.history[2].data["duplicate_of"])
    part = await get_case_detail(conn, ring=RING, case_id=case.id, actor=secretary)
    assert (whole.state, None) == (part.state, part.case.duplicate_of)
    assert [step.kind for step in whole.history] == [step.kind for step in part.history]
    assert not {compared.id, original.id} & {value for step in part.history for value in step.data.values()}
