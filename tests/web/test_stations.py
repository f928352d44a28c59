"""The page of stations: editing in the table, hours as a week, lists in and out, the photo, riders' taps, posters."""

import csv
import io
import re
import uuid
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from playwright.async_api import Browser, BrowserContext, FilePayload, Page, expect

from geo.datum import wgs84_to_gcj02
from tests.acceptance.program import Program
from tests.pictures import draw, encode
from tests.web.browser import PHONE, desk_options, expect_accessible, expect_fits, opened, shoot
from tests.web.people import SignIns
from tests.web.reporting import ask, heic

#: Keeps the stations of a street where no other test of the pages is at work.
KEEPER = "demo-street3"


async def sit_down(context: BrowserContext, sign_ins: SignIns) -> Page:
    await sign_ins.as_staff(context, KEEPER)
    page = await context.new_page()
    await page.emulate_media(reduced_motion="reduce")  # nothing half faded is judged
    await page.goto("/console/stations")
    await expect(page.get_by_role("button", name="修改名称").first).to_be_visible()
    return page


async def first_station(page: Page) -> dict[str, object]:
    answer = await page.request.get("/api/v1/stations?limit=1")
    (station,) = (await answer.json())["stations"]
    return dict(station)


async def named(page: Page, text: str) -> dict[str, Any]:
    answer = await page.request.get("/api/v1/stations", params={"text": text})
    (station,) = (await answer.json())["stations"]
    return dict(station)


async def change(page: Page, station: dict[str, object], **fields: object) -> None:
    """Change a station as a colleague would meanwhile."""
    csrf = (await (await page.request.get("/api/v1/session")).json())["csrf_token"]
    answer = await page.request.patch(
        f"/api/v1/stations/{station['id']}",
        data={"row_version": station["row_version"], **fields},
        headers={"X-CSRF-Token": csrf, "Origin": page.url.split("/console")[0]},
    )
    assert answer.ok, await answer.text()


async def test_a_cell_is_edited_and_a_colleague_who_was_quicker_overwrites_nothing(
    desk: BrowserContext, sign_ins: SignIns
) -> None:
    page = await sit_down(desk, sign_ins)
    await expect_accessible(page)
    await shoot(page, "stations")
    station = await first_station(page)
    await page.get_by_role("button", name="修改地址").first.click()
    field = page.get_by_role("textbox", name="修改地址")
    await field.fill("帆影路 1 号后门")
    await change(page, station, address="帆影路 1 号前门")
    await field.press("Enter")
    conflict = page.get_by_role("alert").filter(has_text="刚被别人改过")
    await expect(conflict).to_contain_text("帆影路 1 号前门")
    await expect(conflict).to_contain_text("帆影路 1 号后门")
    await expect_accessible(page)
    await shoot(page, "stations-conflict")
    await conflict.get_by_role("button", name="用我填的").click()
    await expect(page.get_by_role("button", name="修改地址： 帆影路 1 号后门")).to_be_visible()
    await expect(conflict).to_have_count(0)
    assert "帆影路 1 号后门" == (await first_station(page))["address"]


async def test_typed_hours_show_their_week_before_they_are_saved(desk: BrowserContext, sign_ins: SignIns) -> None:
    page = await sit_down(desk, sign_ins)
    await page.get_by_role("button", name="修改开放时间").first.click()
    dialog = page.get_by_role("dialog", name="开放时间")
    typed = dialog.get_by_label("照门口牌子的写法")
    await typed.fill("看情况开")
    await expect(dialog.get_by_role("alert")).to_contain_text("看情况开")
    await expect(dialog.get_by_role("button", name="保存")).to_be_disabled()
    await typed.fill("每天 上午9点至下午6点半")
    await expect(dialog.get_by_text("读作 09:00-18:30")).to_be_visible()
    await expect(dialog.get_by_text("09:00–18:30")).to_have_count(7)
    await expect_accessible(page)
    await shoot(page, "stations-hours")
    await dialog.get_by_role("button", name="保存").click()
    await expect(page.get_by_role("button", name="修改开放时间： 每天 上午9点至下午6点半")).to_be_visible()


async def test_a_list_is_tried_with_its_report_before_it_is_taken_in(
    desk: BrowserContext, sign_ins: SignIns, tmp_path: Path
) -> None:
    page = await sit_down(desk, sign_ins)
    code, address = (await first_station(page))["code"], "帆影路 2 号"
    file = tmp_path / "list.csv"
    await page.get_by_role("button", name="导入", exact=True).click()
    dialog = page.get_by_role("dialog", name="导入驿站名单")
    file.write_text(f"名称,编码,地址,容纳人数\n,{code},{address},很多\n", encoding="utf-8")
    await dialog.get_by_label("选择文件").set_input_files(file)
    await dialog.get_by_role("button", name="试导入").click()
    await expect(dialog.get_by_text("没有保存任何内容").last).to_be_visible()
    await expect(dialog.get_by_text("第 2 行").first).to_be_visible()
    await expect(dialog.get_by_role("button", name="正式导入")).to_be_disabled()
    file.write_text(f"名称,编码,地址\n改名的驿站,{code},{address}\n", encoding="utf-8")
    await dialog.get_by_label("选择文件").set_input_files(file)
    await dialog.get_by_role("button", name="试导入").click()
    await expect(dialog.get_by_text("试导入完成，没有保存任何内容。")).to_be_visible()
    await expect_accessible(page)
    await shoot(page, "stations-import")
    await dialog.get_by_role("button", name="正式导入").click()
    await expect(dialog.get_by_text("已导入。")).to_be_visible()
    await dialog.get_by_role("button", name="关闭", exact=True).click()
    await expect(page.get_by_role("button", name=f"修改地址： {address}")).to_be_visible()


@pytest.mark.maps
async def test_a_station_is_added_where_a_map_says_it_is_and_moved(desk: BrowserContext, sign_ins: SignIns) -> None:
    page = await sit_down(desk, sign_ins)
    known = await named(page, "DEMO-021")
    name = f"新站{uuid.uuid4().hex[:6]}"
    await page.get_by_role("button", name="新增驿站").click()
    dialog = page.get_by_role("dialog", name="新增驿站")
    await dialog.get_by_role("textbox", name="名称").fill(name)
    place = dialog.get_by_role("textbox", name="位置")
    await place.fill("帆影路东头")
    await expect(dialog.get_by_text("看不懂这个坐标")).to_be_visible()
    await expect(dialog.get_by_role("button", name="保存驿站")).to_be_disabled()
    lon, lat = wgs84_to_gcj02(known["lon"], known["lat"])
    await place.fill(f"{lat:.6f}, {lon:.6f}")  # as some maps give them, the latitude first
    await expect(dialog.get_by_text("白帆社区 · 第一网格")).to_be_visible()
    await dialog.get_by_role("textbox", name="照门口牌子的写法").fill("每天 9:00-18:00")
    await expect(dialog.get_by_text("读作")).to_be_visible()
    await expect_accessible(page)
    await shoot(page, "stations-new")
    await dialog.get_by_role("button", name="保存驿站").click()

    drawer = page.get_by_role("dialog", name=name)
    await expect(drawer).to_be_visible()
    await drawer.get_by_role("button", name="修改位置").click()
    made = await named(page, name)
    assert (True, True) == (abs(made["lon"] - known["lon"]) < 1e-5, abs(made["lat"] - known["lat"]) < 1e-5)
    await expect(drawer.get_by_role("textbox", name="位置")).to_have_value(f"{made['lon']:.6f},{made['lat']:.6f}")
    map_ = drawer.get_by_role("region", name="位置地图")
    box = await map_.bounding_box()
    assert box is not None
    await map_.click(position={"x": box["width"] / 2 + 30, "y": box["height"] / 2})  # close by the pin
    await expect(drawer.get_by_role("textbox", name="位置")).not_to_have_value(f"{made['lon']:.6f},{made['lat']:.6f}")
    await drawer.get_by_role("region", name="位置", exact=True).get_by_role("button", name="保存").click()
    await expect(drawer.get_by_role("button", name="修改位置")).to_be_visible()
    assert made["lon"] != (await named(page, name))["lon"]


async def test_the_register_leaves_as_a_file_that_can_be_read(desk: BrowserContext, sign_ins: SignIns) -> None:
    page = await sit_down(desk, sign_ins)
    listed = (await ask(page, "/api/v1/stations?limit=200"))["stations"]
    files = {}
    for form in ("csv", "xlsx"):
        async with page.expect_download() as started:
            await page.get_by_role("button", name=f"导出 {form}", exact=False).click()
        file = await started.value
        assert re.fullmatch(rf"stations-\d{{8}}\.{form}", file.suggested_filename)
        files[form] = (await file.path()).read_bytes()
    rows = list(csv.DictReader(io.StringIO(files["csv"].decode("utf-8-sig"))))
    assert [(each["code"], each["name"], each["address"]) for each in listed] == [
        (each["code"], each["name"], each["address"]) for each in rows
    ]
    sheet = openpyxl.load_workbook(io.BytesIO(files["xlsx"])).active
    assert sheet is not None
    head, *lines = sheet.iter_rows(values_only=True)
    assert ([*rows[0]], [each["code"] for each in rows]) == ([*head], [line[0] for line in lines])


async def test_the_photo_of_a_door_is_sent_seen_by_riders_and_replaced(
    desk: BrowserContext, phone: BrowserContext, sign_ins: SignIns
) -> None:
    page = await sit_down(desk, sign_ins)
    station = await first_station(page)
    await change(page, station, photo_sha256="ab" * 32)  # as a list does that names a photo which nobody has sent
    await page.get_by_role("button", name="详情").first.click()
    photo = page.get_by_role("dialog").get_by_role("region", name="照片")
    await expect(photo).to_contain_text("还没有照片")
    field = photo.get_by_label("上传照片")
    await field.set_input_files({"name": "1.jpg", "mimeType": "image/jpeg", "buffer": b"no photo"})
    await expect(photo.get_by_role("alert")).to_be_visible()
    rider = await phone.new_page()
    second: FilePayload = {"name": "2.png", "mimeType": "image/png", "buffer": encode(draw(6, width=96), "PNG")}
    for picture, width in ((heic(5), 64), (second, 96)):
        await field.set_input_files(picture)
        await expect(photo.get_by_role("img", name="的照片")).to_have_js_property("naturalWidth", width)
        await expect(photo.get_by_role("alert")).to_have_count(0)
        await rider.goto(f"/rider/stations/{station['id']}")
        await expect(rider.get_by_role("img", name="的门面照片")).to_have_js_property("naturalWidth", width)
    await expect_accessible(page)
    await shoot(page, "stations-photo")
    await shoot(rider, "stations-photo")


async def test_what_riders_tapped_is_lifted_by_who_keeps_the_station(desk: BrowserContext, sign_ins: SignIns) -> None:
    page = await sit_down(desk, sign_ins)
    station = await first_station(page)
    record = await (await page.request.get(f"/api/v1/stations/{station['id']}/record")).json()
    amenity = record["amenities"][0]["code"]
    path = f"/api/v1/stations/{station['id']}/feedback"
    csrf = (await (await page.request.get("/api/v1/session")).json())["csrf_token"]
    headers = {"X-CSRF-Token": csrf, "Origin": page.url.split("/console")[0]}
    tap = {"kind": "amenity_broken", "amenity": amenity, "device_nonce": "device-of-a-rider"}
    assert (await page.request.post(path, data=tap, headers=headers)).ok
    await page.goto("/console/stations?show=feedback")
    item = page.get_by_role("article").filter(has_text=str(record["name"])).filter(has_text="坏了").first
    await expect(item).to_contain_text("1 人反映 1 次")
    await expect_accessible(page)
    await shoot(page, "stations-feedback")
    count = await page.get_by_role("article").count()
    await item.get_by_role("button", name="是好的，解除").click()
    await expect(page.get_by_role("article")).to_have_count(count - 1)


async def test_it_works_in_english_in_the_dark_on_a_phone_and_prints_a_poster(
    browser: Browser, site: Program, sign_ins: SignIns
) -> None:
    dark = desk_options(language="en", is_dark=True) | {"viewport": PHONE}
    async with opened(browser, site.url, **dark) as context:
        await sign_ins.as_staff(context, KEEPER)
        page = await context.new_page()
        await page.goto("/console/stations")
        await page.get_by_role("button", name="Details").first.click()
        drawer = page.get_by_role("dialog")
        await expect(drawer.get_by_role("heading", name="Amenities")).to_be_visible()
        await expect_accessible(page)
        await shoot(page, "stations-details-dark")
        await drawer.get_by_label("Reason").fill("Painting the walls")
        await drawer.get_by_role("button", name="Suspend").click()
        await drawer.get_by_role("button", name="Resume").click()
        await expect(drawer.get_by_label("Reason")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect_fits(page)
        await page.get_by_role("link", name="QR poster").first.click()
        await expect(page.get_by_role("img", name="QR code of")).to_be_visible()
        await expect_accessible(page)
        await shoot(page, "stations-poster")
