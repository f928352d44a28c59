"""Every page stands, for everybody: also on a phone, in English, in the dark, without WebGL."""

from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.acceptance.program import Program
from tests.web.browser import (
    expect_accessible,
    expect_fits,
    expect_touchable,
    opened,
    phone_options,
    shoot,
)
from tests.web.people import SignIns

RIDER = {
    "nearby": "/",
    "station": "/stations/1",
    "report": "/report",
    "outbox": "/outbox",
    "me": "/me",
    "reports": "/me/reports",
    "tasks": "/me/tasks",
    "points": "/me/points",
    "reporter": "/me/reporter",
    "profile": "/me/profile",
    "new-appeal": "/appeals",
    "no-appeal": "/appeals/none",
    "no-follow-up": "/follow-ups/none",
}
CONSOLE = {
    "queue": "/queue",
    "case": "/cases/1",
    "case-print": "/cases/1/print",
    "follow-ups": "/follow-ups",
    "areas": "/areas",
    "new-boundaries": "/areas?step=file",
    "stations": "/stations",
    "station-poster": "/stations/1/poster",
    "people-applications": "/people/applications",
    "people-appointments": "/people/appointments",
    "people-points": "/people/points",
    "people-rota": "/people/rota",
    "people-staff": "/people/staff",
    "people-trail": "/people/trail",
    "people-retention": "/people/retention",
    "figures": "/figures",
    "wall": "/wall",
    "account": "/account",
}
SIDES: dict[str, dict[str, Any]] = {"zh": {"language": "zh-CN"}, "en-dark": {"language": "en", "is_dark": True}}
_UNREADY = "[aria-busy=true], .el-skeleton, .van-skeleton, .el-loading-mask"


@pytest.mark.parametrize("side", SIDES)
async def test_every_page_of_the_riders_app(side: str, browser: Browser, site: Program, sign_ins: SignIns) -> None:
    async with opened(browser, site.url, **phone_options(**SIDES[side])) as phone:
        await sign_ins.as_rider(phone, "19900000001")
        page = await phone.new_page()
        looks = {name: await _look_at(page, f"/rider{RIDER[name]}", f"every-rider-{name}-{side}") for name in RIDER}
    assert not any(looks.values()), looks


async def test_every_page_of_the_console(browser: Browser, site: Program, sign_ins: SignIns) -> None:
    """On the phone in English in the dark; on the desk in Chinese each is looked at by the test of its own."""
    async with opened(browser, site.url, **phone_options(language="en", is_dark=True)) as context:
        await sign_ins.as_staff(context, "demo-admin")
        page = await context.new_page()
        looks = {
            name: await _look_at(page, f"/console{CONSOLE[name]}", f"every-console-{name}-dark-en") for name in CONSOLE
        }
    assert not any(looks.values()), looks


async def _look_at(page: Page, address: str, name: str) -> str:
    """Give what is wrong with a page; nothing when it is as it should be."""
    await page.goto(address)
    try:
        await expect(page.get_by_role("heading", level=1)).to_be_attached()
        await expect(page.locator(_UNREADY)).to_have_count(0)
        if address == "/console/areas":
            await expect(page.get_by_text("This browser cannot draw maps")).to_be_visible()
        await shoot(page, name)
        await expect_accessible(page)
        await expect_fits(page)
        if address.startswith("/rider/"):
            await expect_touchable(page)
    except AssertionError as wrong:
        return str(wrong)
    return ""
