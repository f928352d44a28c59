"""Cases of one's own in the demonstration: entered for a resident, and acted on by whoever is signed in."""

import uuid
from typing import Any

import shapely
from playwright.async_api import BrowserContext, Page, expect

from app.demo.areas import draw_areas
from app.demo.people import COMMUNITIES
from tests.acceptance.program import Caller

Json = dict[str, Any]

AREAS = {area.code: area for area in draw_areas()}


async def enter(
    context: BrowserContext,
    category: str,
    text: str,
    where: shapely.Point,
    *,
    name: str = "演示居民",
    phone: str | None = "19900003300",
) -> Json:
    """Enter the appeal of a resident who phoned, and give its case."""
    contact = {"contact_name": name, "contact_phone": phone} if phone else {}
    place = {"lon": where.x, "lat": where.y, "datum": "wgs84", "accuracy_m": 15}
    body = {"category": category, "text": text, "channel": "phone", "place": place} | contact
    entered = await post(context, "/api/v1/appeals/on-behalf", body)
    found = await (await context.request.get(f"/api/v1/cases/{entered['case_id']}")).json()
    return dict(found["case"])


async def post(context: BrowserContext, path: str, body: Json) -> Any:
    """Send something as whoever is signed in there."""
    session = await context.request.get("/api/v1/session")
    headers = {
        "Origin": session.url.removesuffix("/api/v1/session"),
        "X-CSRF-Token": (await session.json())["csrf_token"],
        "Idempotency-Key": uuid.uuid4().hex,
    }
    answer = await context.request.post(path, data=body, headers=headers)
    assert answer.ok, await answer.text()
    return await answer.json()


async def act(caller: Caller, case: Json, verb: str, **said: object) -> None:
    """Do something to a case as a colleague would meanwhile."""
    status, answer = await caller.ask("POST", f"/api/v1/cases/{case['id']}/{verb}", said)
    assert 200 == status, answer


async def open_case(context: BrowserContext, case: Json) -> Page:
    """Open the page of a case and wait until it is there."""
    page = await context.new_page()
    await page.goto(f"/console/cases/{case['id']}")
    await expect(page.get_by_role("heading", level=1)).to_contain_text(case["number"], timeout=15_000)
    return page


async def expect_done(page: Page, verb: str) -> None:
    """The page of the case says that this has been done."""
    await expect(page.get_by_role("status").get_by_text(f"“{verb}”已办好")).to_be_visible()


def community_of(number: int) -> str:
    """Give the code of the community of a secretary of the demonstration, by his number."""
    return tuple(COMMUNITIES)[number - 1]


def inside(number: int) -> shapely.Point:
    """Give a place well inside one of the grids of a secretary's community."""
    leaf = next(area for area in AREAS.values() if area.is_leaf and area.code.startswith(community_of(number)))
    return leaf.shape.representative_point()
