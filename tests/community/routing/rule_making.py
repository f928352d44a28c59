"""Posts, people and rules for the tests of routing."""

from datetime import datetime, timedelta

from community.models import Category, ClosingPhotos
from community.routing.changes import Add
from community.routing.models import RuleTerms
from community.routing.rota.models import Planned, Post, Shift
from community.routing.rota.posts import open_post, plan_shifts
from community.routing.rules import add_rule
from core.access.models import Actor
from core.database import Connection
from tests.community.district import COMMUNITY
from tests.conftest import DISTRICT, START

HOUR = timedelta(hours=1)


def category_of(code: str, default_department_id: int | None = None) -> Category:
    """Give a category as routing sees it."""
    return Category(
        code=code,
        zh=code,
        en=code,
        questions=(),
        closing_photos=ClosingPhotos.NONE,
        default_department_id=default_department_id,
        is_active=True,
    )


async def make_rule(conn: Connection, terms: RuleTerms, position: int | None = None) -> int:
    """Add a rule by the shell and give its id."""
    record = await add_rule(conn, district_id=DISTRICT, add=Add(terms, position), actor=None, now=START)
    return record.rule.id


async def make_post(
    conn: Connection, area_path: str = COMMUNITY, *, name: str = "值班岗", is_default: bool = True
) -> Post:
    """Open a post by the shell; the area must exist."""
    return await open_post(
        conn,
        district_id=DISTRICT,
        name=name,
        area_path=area_path,
        is_default=is_default,
        actor=None,
        now=START,
    )


async def put_on_duty(
    conn: Connection, post: Post, who: Actor, *, starts_at: datetime = START, hours: int = 8
) -> Shift:
    """Plan a shift by the shell."""
    assert who.id is not None
    (shift,) = await plan_shifts(
        conn,
        district_id=DISTRICT,
        post_id=post.id,
        planned=[Planned(who.id, starts_at, starts_at + hours * HOUR)],
        actor=None,
        now=START,
    )
    return shift
