"""Finding an open door, with and without a position, and all that a rider sees and does at a station."""

import re
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from geo.datum import from_wgs84
from geo.models import Datum
from tests.acceptance.program import Program
from tests.pictures import jpeg, sha256
from tests.web.browser import expect_accessible, expect_touchable, opened, phone_options, shoot
from tests.web.people import SignIns

#: A station that is open day and night, whatever the time of the test.
ALWAYS_OPEN = "演示驿站·白帆24小时警民站"

#: How each app is told where to go, and in which datum.
MAP_APPS = {
    "高德地图": ("to", Datum.GCJ02),
    "百度地图": ("location", Datum.BD09),
    "腾讯地图": ("tocoord", Datum.GCJ02),
    "苹果地图": ("daddr", Datum.GCJ02),
}


async def look_at(page: Page, name: str) -> None:
    """Hold the page to what every page holds to, and keep its picture."""
    await expect_accessible(page)
    await expect_touchable(page)
    await shoot(page, name)


@pytest.mark.maps
async def test_a_rider_finds_an_open_door_near_him(phone: BrowserContext) -> None:
    page = await phone.new_page()
    await page.goto("/rider/")
    stations = page.get_by_role("region", name="驿站")
    await expect(page.get_by_text("离我的位置由近到远")).to_be_visible()
    await expect(stations.get_by_role("link", name=ALWAYS_OPEN)).to_contain_text("开放中 · 24 小时")
    await expect(stations.get_by_role("link", name=re.compile("未开放|暂停"))).to_have_count(0)
    await expect(page.get_by_role("region", name="地图").locator("canvas")).to_be_visible()
    await look_at(page, "rider-nearby")

    await page.get_by_role("button", name="全部").click()
    await expect(stations.get_by_role("link", name="图书角站")).to_contain_text("暂停开放")
    await page.get_by_role("button", name="更多设施").click()
    await page.get_by_role("button", name="淋浴").click()
    await expect(stations.get_by_role("link", name="帆船公园站")).to_be_visible()
    await expect(stations.get_by_role("link", name=ALWAYS_OPEN)).to_have_count(0)
    await page.get_by_role("button", name="自动体外除颤器").click()
    await page.get_by_role("button", name="换电").click()
    await expect(page.get_by_text("附近没有同时有这些设施的驿站。")).to_be_visible()
    await page.get_by_role("button", name="不限设施").click()
    await expect(stations.get_by_role("link", name=ALWAYS_OPEN)).to_be_visible()

    await stations.get_by_role("link", name=ALWAYS_OPEN).click()
    await expect(page.get_by_role("heading", level=1, name=ALWAYS_OPEN)).to_be_visible()
    await page.get_by_role("button", name="返回").click()
    await expect(page.get_by_role("button", name="全部")).to_have_attribute("aria-pressed", "true")


async def test_without_a_position_a_place_is_typed_or_tapped(browser: Browser, site: Program) -> None:
    """In English and in the dark, by somebody who tells nobody where he is."""
    async with opened(
        browser, site.url, has_maps=True, **phone_options(language="en", is_dark=True, knows_place=False)
    ) as context:
        page = await context.new_page()
        await page.goto("/rider/")
        await expect(page.get_by_text(re.compile("Where you are is not known"))).to_be_visible()
        await expect(page.get_by_role("region", name="Stations").get_by_role("link").first).to_be_visible()
        await page.get_by_role("button", name="My position").click()
        await expect(page.get_by_role("alert")).to_contain_text("type a place")
        field = page.get_by_role("searchbox", name="Type a place")
        await field.fill("无此地名")
        await field.press("Enter")
        await expect(page.get_by_text("“无此地名” was not found")).to_be_visible()
        await page.get_by_role("button", name="All", exact=True).click()  # riders found that door locked, now and then
        await field.fill("灯塔公园")
        await field.press("Enter")
        await expect(page.get_by_text(re.compile("Nearest to “.*灯塔公园站” first"))).to_be_visible()
        nearest = page.get_by_role("region", name="Stations").get_by_role("link").first
        await expect(nearest).to_contain_text("灯塔公园站")
        await expect(nearest).to_contain_text("Door code")
        ground = page.get_by_role("region", name="Map").locator("canvas")
        await expect(ground).to_be_visible()
        await look_at(page, "rider-nearby-en-dark")
        await ground.click(position={"x": 240, "y": 185})  # beside all stations, open or not
        await expect(page.get_by_text("Nearest to the point on the map first")).to_be_visible()
        await page.get_by_role("button", name="Close the map").click()
        await page.reload()
        await expect(page.get_by_role("region", name="Stations").get_by_role("link").first).to_be_visible()
        await expect(page.get_by_role("button", name="Open the map")).to_be_visible()


async def test_a_station_shows_all_and_takes_a_tap(phone: BrowserContext, sign_ins: SignIns, site: Program) -> None:
    staff = await phone.browser.new_context(base_url=site.url)  # type: ignore[union-attr]
    await sign_ins.as_staff(staff, "demo-secretary4")
    token = (await (await staff.request.get("/api/v1/session")).json())["csrf_token"]
    listed = await (await staff.request.get("/api/v1/stations?text=松间站")).json()
    station_id = listed["stations"][0]["id"]
    record = await (await staff.request.get(f"/api/v1/stations/{station_id}/record")).json()
    photo = jpeg(3)
    sent = await staff.request.put(
        f"/api/v1/stations/{station_id}/photos/{sha256(photo)}",
        data=photo,
        headers={"Content-Type": "image/jpeg", "X-CSRF-Token": token, "Origin": site.url},
    )
    assert sent.ok, await sent.text()
    await staff.close()

    page = await phone.new_page()
    await page.goto(f"/rider/q/{record['qr_token']}")
    await expect(page).to_have_url(f"/rider/stations/{station_id}?at=door")
    await expect(page.get_by_role("heading", level=1, name="松风松间站")).to_be_visible()
    await expect(page.get_by_text("刷脸 ·")).to_be_visible()
    await expect(page.get_by_role("row")).to_have_count(7)
    await expect(page.get_by_role("row").first).to_contain_text("08:00–20:00")
    await expect(page.get_by_role("link", name="打电话 0532-00000111")).to_have_attribute("href", "tel:0532-00000111")
    assert await page.get_by_role("img", name="松风松间站的门面照片").evaluate("image => image.decode()") is None

    await page.get_by_role("button", name="导航过去").click()
    for name, (told, datum) in MAP_APPS.items():
        href = await page.get_by_role("link", name=name).get_attribute("href")
        lon, lat = from_wgs84(record["entrance_lon"], record["entrance_lat"], datum)
        asked = parse_qs(urlsplit(href or "").query)
        first, second = (lon, lat) if name == "高德地图" else (lat, lon)
        assert asked[told][0].startswith(f"{first:.6f},{second:.6f}"), (name, href)

    await page.get_by_role("button", name="门开着").click()
    await expect(page.get_by_text("已收到，谢谢。")).to_be_visible()
    await expect(page.get_by_text("刚刚骑手反馈可进")).to_be_visible()
    await page.get_by_role("button", name="设施坏了").click()
    await page.get_by_role("button", name="桌椅").click()
    await expect(page.get_by_text("已收到并转交社区处理，谢谢。")).to_be_visible()
    await look_at(page, "rider-station")

    await page.goto("/rider/stations/99999")
    await expect(page.get_by_role("alert")).to_contain_text("没有这个驿站")
    await page.get_by_role("link", name="看附近驿站").click()
    await expect(page).to_have_url("/rider/")


async def test_a_rider_signs_in_and_goes_on(browser: Browser, sign_ins: SignIns, site: Program) -> None:
    """In English; so many codes have gone out from here that his phone must first compute something."""
    number = f"1990000{datetime.now(UTC):%M%S}"
    async with opened(browser, site.url, **phone_options(language="en")) as context:
        for each in (1, 2):
            await sign_ins.send_code(context, f"1990001000{each}", f"another-device-{each:04}")
        page = await context.new_page()
        await page.goto("/rider/me/points?from=test")
        await expect(page).to_have_url("/rider/sign-in?next=/me/points?from=test")
        field = page.get_by_role("textbox", name="Phone number")
        await field.fill("123")
        await page.get_by_role("button", name="Send me a code").click()
        await expect(field).to_have_attribute("aria-invalid", "true")
        await look_at(page, "rider-sign-in")
        await field.fill(number)
        await page.get_by_role("button", name="Send me a code").click()
        await expect(page.get_by_text(re.compile("Security check"))).to_be_visible()
        code = page.get_by_role("textbox", name="6-digit code")
        await expect(code).to_be_focused(timeout=60_000)
        await expect(code).to_have_attribute("autocomplete", "one-time-code")
        await expect(page.get_by_role("button", name=re.compile(r"Another code in \d+ s"))).to_be_disabled()
        right = site.code_for(number)
        await code.fill("000000" if right != "000000" else "111111")
        await expect(page.get_by_text(re.compile("The code is wrong"))).to_be_visible()
        await code.fill(right)
        await expect(page).to_have_url("/rider/me/points?from=test")
        assert {"__Host-access", "__Host-refresh"} <= {each["name"] for each in await context.cookies()}
