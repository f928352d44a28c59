"""Generations of areas: one draft, one active, the past kept, and everything told to who must know."""

import pytest

from core.database import Connection
from core.queries import list_events
from geo import queries
from geo.errors import DraftHasErrors, NoDraft, NothingToRollBack
from geo.generations import activate, discard, roll_back
from geo.models import Generation, GenerationStatus, Level, Place, PlaceKind
from tests.conftest import DISTRICT, START
from tests.geo.boundaries import area, draft_of, square


async def make_active(conn: Connection, code: str = "1") -> Generation:
    await draft_of(conn, (area(code), square(0, 0)))
    return await activate(conn, district_id=DISTRICT, actor_name="王工", now=START)


async def statuses(conn: Connection) -> list[str]:
    return [generation.status for generation in await queries.list_generations(conn, district_id=DISTRICT)]


async def test_a_draft_becomes_active(conn: Connection) -> None:
    made = await make_active(conn)
    assert made == await queries.find_active_generation(conn, district_id=DISTRICT)
    assert (START, "王工", None) == (made.activated_at, made.activated_by, made.replaced_id)


async def test_activation_retires_the_generation_before(conn: Connection) -> None:
    first, second = await make_active(conn), await make_active(conn)
    assert first.id == second.replaced_id
    assert ["active", "retired"] == await statuses(conn)


async def test_a_draft_with_errors_stays_a_draft(conn: Connection) -> None:
    await make_active(conn)
    await draft_of(conn, (area("9", is_leaf=False), square(0, 0)), (area("91", "9"), square(3, 0)))
    with pytest.raises(DraftHasErrors, match="91 lies outside"):
        await activate(conn, district_id=DISTRICT, actor_name="王工", now=START)
    assert ["draft", "active"] == await statuses(conn)


async def test_without_a_draft_there_is_nothing_to_activate(conn: Connection) -> None:
    await make_active(conn)
    with pytest.raises(NoDraft):
        await activate(conn, district_id=DISTRICT, actor_name="王工", now=START)


async def test_rolling_back_makes_the_former_generation_active(conn: Connection) -> None:
    first, _ = await make_active(conn), await make_active(conn)
    restored = await roll_back(conn, district_id=DISTRICT, actor_name="王工", now=START)
    assert (first.id, GenerationStatus.ACTIVE) == (restored.id, restored.status)
    assert ["retired", "active"] == await statuses(conn)


async def test_rolling_back_twice_goes_one_further_back(conn: Connection) -> None:
    for _ in range(3):
        await make_active(conn)
    for _ in range(2):
        await roll_back(conn, district_id=DISTRICT, actor_name="王工", now=START)
    assert ["retired", "retired", "active"] == await statuses(conn)


async def test_the_first_generation_has_nothing_behind_it(conn: Connection) -> None:
    await make_active(conn)
    with pytest.raises(NothingToRollBack):
        await roll_back(conn, district_id=DISTRICT, actor_name="王工", now=START)


async def test_a_discarded_draft_keeps_its_number_and_no_areas(conn: Connection) -> None:
    draft_id = await draft_of(conn, (area("1"), square(0, 0)))
    await discard(conn, district_id=DISTRICT, now=START)
    assert ["discarded"] == await statuses(conn)
    assert [] == await queries.list_levels(conn, district_id=DISTRICT, generation_id=draft_id)


async def test_activation_is_told_to_other_processes_and_to_history(conn: Connection) -> None:
    first = await make_active(conn)
    second = await make_active(conn)
    log = await conn.fetch("select kind, ref from change_log where district_id = $1 order by seq", DISTRICT)
    assert [("areas", str(first.id)), ("areas", str(second.id))] == [tuple(row) for row in log]
    (event,) = await list_events(conn, district_id=DISTRICT, subject="generation", subject_id=second.id)
    assert ("generation.activated", {"by": "王工", "instead_of": first.id}) == (event.kind, event.data)


async def test_leaves_are_read_in_pages_by_code(conn: Connection) -> None:
    key = {"district_id": DISTRICT, "generation_id": await draft_of(conn, *((area(c), square(0, 0)) for c in "cabd"))}
    first = await queries.list_leaves(conn, **key, limit=3)
    rest = await queries.list_leaves(conn, **key, after=first[-1].code, limit=3)
    assert (["a", "b", "c"], ["d"]) == ([leaf.code for leaf in first], [leaf.code for leaf in rest])


async def test_children_are_listed_below_their_parent_only(conn: Connection) -> None:
    tree = [area("9", is_leaf=False), area("8"), area("91", "9"), area("92", "9")]
    key = {"district_id": DISTRICT, "generation_id": await draft_of(conn, *((one, square(0, 0)) for one in tree))}
    page = {"after": "", "limit": 10}
    roots = await queries.list_children(conn, **key, parent_code=None, **page)
    children = await queries.list_children(conn, **key, parent_code="9", **page)
    assert (["8", "9"], ["91", "92"]) == ([one.code for one in roots], [one.code for one in children])


async def test_levels_are_counted_from_the_roots_down(conn: Connection) -> None:
    tree = [area("9", is_leaf=False), area("91", "9"), area("92", "9")]
    draft_id = await draft_of(conn, *((one, square(0, 0)) for one in tree))
    expected = [Level("社区", 1, 1), Level("社区", 2, 2)]
    assert expected == await queries.list_levels(conn, district_id=DISTRICT, generation_id=draft_id)


async def search(conn: Connection, text: str) -> list[Place]:
    return await queries.find_places(conn, district_id=DISTRICT, text=text, limit=5)


async def test_a_typed_name_finds_the_middle_of_the_area(conn: Connection) -> None:
    await make_active(conn, "听涛社区")
    (place,) = await search(conn, "听涛")
    assert ("听涛社区", PlaceKind.AREA) == (place.name, place.kind)
    assert pytest.approx((120.005, 36.005)) == (place.point.lon, place.point.lat)


async def test_the_exact_name_comes_before_longer_ones(conn: Connection) -> None:
    await draft_of(conn, *((area(name), square(n, 0)) for n, name in enumerate(("a街道办", "街道", "街道b"))))
    await activate(conn, district_id=DISTRICT, actor_name="王工", now=START)
    assert "街道" == (await search(conn, "街道"))[0].name


@pytest.mark.parametrize("text", ["%", "_", "\\", "听%"])
async def test_wildcards_are_letters(conn: Connection, text: str) -> None:
    await make_active(conn, "听涛社区")
    assert [] == await search(conn, text)


async def test_drafts_are_not_searched(conn: Connection) -> None:
    await draft_of(conn, (area("听涛社区"), square(0, 0)))
    assert [] == await search(conn, "听涛")
