"""The commands about rules with times, posts and shifts."""

import pytest

from community.routing.queries import list_routing_rules
from core.access.models import Role
from core.database import Connection
from core.errors import InvalidInput
from tests.community.district import COMMUNITY, add_areas, found, hire, located, open_report
from tests.community.test_cli import run
from tests.conftest import DISTRICT, START


async def test_a_rule_with_every_condition_is_added_and_read_out(
    conn: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    await add_areas(conn, COMMUNITY)
    await found(conn, "roads")
    await found(conn, "greens")
    words = ["--weekday", "5", "--weekday", "6", "--between", "22:00-06:00", "--days-off"]
    words += ["--department", "roads", "--department", "greens"]
    assert 0 == await run(conn, "rules", "add", "10", *words)
    capsys.readouterr()
    await run(conn, "rules", "list")
    line = capsys.readouterr().out.splitlines()[0]
    assert line.startswith(
        "10. 全区，所有类别，周五、六，非工作日，22:00—次日06:00：由所在区域受理，建议roads牵头、greens协办 / "
    )


@pytest.mark.parametrize("window", ["22-06", "22:00-22:00", "24:00-06:00", "22:00"])
async def test_a_window_that_is_none_is_refused(conn: Connection, window: str) -> None:
    with pytest.raises(SystemExit):
        await run(conn, "rules", "add", "10", "--between", window)


async def test_a_rule_is_retired_by_its_id(conn: Connection) -> None:
    await run(conn, "rules", "add", "10")
    (rule,) = await list_routing_rules(conn, district_id=DISTRICT)
    assert 0 == await run(conn, "rules", "retire", str(rule.id), "试行结束")
    assert [] == await list_routing_rules(conn, district_id=DISTRICT)


async def test_a_post_and_a_shift_by_local_time_put_someone_on_duty(
    conn: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    await add_areas(conn, COMMUNITY)
    who = await hire(conn, "wang", Role.SECRETARY, COMMUNITY)
    await run(conn, "posts", "add", "值班岗", "--area", COMMUNITY)
    post_id = capsys.readouterr().out.split()[-1]
    assert 0 == await run(conn, "shifts", "add", post_id, "wang", "2026-03-10T10:00", "2026-03-10T18:00")
    assert who.id == (await open_report(conn, 1, at=located(), now=START)).assignee_id
    capsys.readouterr()
    await run(conn, "posts", "list")
    await run(conn, "shifts", "list", post_id)
    posts, shifts = capsys.readouterr().out.splitlines()
    assert f"{post_id}\t值班岗\t{COMMUNITY}\twang的名字" == posts
    assert "2026-03-10 10:00\t2026-03-10 18:00\twang的名字" == shifts


@pytest.mark.parametrize(
    "words", [("nobody", "2026-03-10T10:00", "2026-03-10T18:00"), ("wang", "2026-03-10T10:00", "2026-03-10T10:00")]
)
async def test_a_shift_of_nobody_or_of_no_time_is_refused(conn: Connection, words: tuple[str, ...]) -> None:
    await hire(conn, "wang", Role.SECRETARY, COMMUNITY)
    with pytest.raises(InvalidInput):
        await run(conn, "shifts", "add", "1", *words)


async def test_a_time_with_a_zone_is_refused(conn: Connection) -> None:
    with pytest.raises(SystemExit):
        await run(conn, "shifts", "add", "1", "wang", "2026-03-10T10:00+08:00", "2026-03-10T18:00")
