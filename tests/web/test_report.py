"""Three taps to a report, and where it stands afterwards."""

import pytest
from playwright.async_api import Browser, BrowserContext, expect

from tests.acceptance.program import Program
from tests.web.browser import expect_accessible, expect_touchable, opened, phone_options, shoot
from tests.web.people import SignIns
from tests.web.reporting import ask, begin, heic, photo

RIDER, STRANGER = "19900000008", "13900004408"

#: Whether the photo that is to be sent tells what the camera wrote in it, and its size, upright.
KEPT = """async () => {
  const done = (asked) => new Promise((resolve) => (asked.onsuccess = () => resolve(asked.result)))
  const box = await done(indexedDB.open('outbox'))
  const [{ bytes }] = await done(box.transaction('photos').objectStore('photos').getAll())
  const picture = await createImageBitmap(new Blob([bytes]))
  box.close()
  return [new TextDecoder('latin1').decode(bytes).includes('Exif'), picture.width, picture.height]
}"""


@pytest.mark.maps
async def test_three_taps_and_the_community_has_it(phone: BrowserContext, sign_ins: SignIns) -> None:
    await sign_ins.as_rider(phone, RIDER)
    page = await phone.new_page()
    await page.goto("/rider/report")
    await expect(page.get_by_label("拍照")).to_be_enabled()
    await expect_accessible(page)
    await expect_touchable(page)
    await shoot(page, "report-camera")
    await page.get_by_label("拍照").set_input_files(photo(1))

    await expect(page.get_by_text("误差约 12 米")).to_be_visible(timeout=20_000)
    await expect(page.get_by_text("白帆社区")).to_be_visible()
    await expect(page.locator("canvas")).to_be_visible()
    await expect_accessible(page)
    await expect_touchable(page)
    await shoot(page, "report-place")
    assert [False, 1536, 2048] == await page.evaluate(KEPT)
    await page.get_by_role("button", name="就在这里").click()

    await expect(page.get_by_role("button", name="暴露垃圾")).to_be_visible()
    await expect_accessible(page)
    await expect_touchable(page)
    await shoot(page, "report-category")
    await page.get_by_role("button", name="路灯不亮").click()

    await expect(page.get_by_text("已收到，编号")).to_be_visible(timeout=20_000)
    await shoot(page, "report-received")
    await page.get_by_role("link", name="看办理进度").or_(page.get_by_role("button", name="看办理进度")).click()

    await expect(page.get_by_role("heading", name="路灯不亮")).to_be_visible()
    await expect(page.get_by_role("button", name="照片 1")).to_be_visible()
    await expect(page.get_by_text("白帆社区")).to_be_visible()
    await expect_accessible(page)
    await expect_touchable(page)
    await shoot(page, "report-progress")


async def test_who_stands_where_something_was_reported_sees_it(phone: BrowserContext, sign_ins: SignIns) -> None:
    await sign_ins.as_rider(phone, RIDER)
    page = await phone.new_page()
    for turn in ("first", "second"):
        await begin(page, photo(2))
        await page.get_by_role("button", name="就在这里").click()
        again = page.get_by_text("已有人报")
        if turn == "first":
            await page.get_by_role("button", name="绿化损坏").click()
            await expect(page.get_by_text("已收到，编号")).to_be_visible(timeout=20_000)
    await expect(page.get_by_role("button", name="绿化损坏").get_by_text("已有人报 · 0 米 · 待立案")).to_be_visible()
    await expect(again.first).to_be_visible()
    await expect_accessible(page)
    await shoot(page, "report-already-reported")


async def test_a_stranger_reports_then_signs_in_and_agrees_and_it_is_sent(
    browser: Browser, site: Program, sign_ins: SignIns
) -> None:
    options = phone_options(language="en", is_dark=True, knows_place=False)
    async with opened(browser, site.url, has_maps=True, **options) as phone:
        page = await phone.new_page()
        await page.goto("/rider/report")
        await page.get_by_label("From the gallery").set_input_files([photo(3), heic(4)])
        await expect(page.get_by_text("No permission to use your position")).to_be_visible(timeout=20_000)
        await page.get_by_role("searchbox").fill("听涛")
        await page.get_by_role("button", name="Find", exact=True).click()
        await page.get_by_role("listitem").get_by_role("button", name="听涛").first.click()
        await expect(page.get_by_text("In: ")).to_be_visible()
        await expect(page.get_by_role("button", name="It is here")).to_have_css("opacity", "1")  # it has lit up
        await expect_accessible(page)
        await expect_touchable(page)
        await shoot(page, "report-place-by-hand-dark")
        await page.get_by_role("button", name="It is here").click()
        await page.get_by_role("button", name="Missing or loose manhole cover").click()
        await expect(page.get_by_text("Is the spot guarded or fenced")).to_be_visible()
        await expect_accessible(page)
        await page.get_by_role("button", name="No", exact=True).click()

        await expect(page.get_by_role("heading", name="Sign in and it goes out")).to_be_visible()
        await expect_accessible(page)
        await shoot(page, "report-kept-until-sign-in-dark")
        kept_at = page.url
        await sign_ins.as_rider(phone, STRANGER)  # the sign-in page leads back here, with a mark that it is his
        await page.goto(f"{kept_at}&mine=1")

        await expect(page.get_by_role("heading", name="Your consent is missing")).to_be_visible(timeout=20_000)
        await expect_accessible(page)
        await expect_touchable(page)
        await shoot(page, "report-consent-dark")
        await page.get_by_role("switch", name="Photos of a report").click()
        await page.get_by_role("button", name="Send it like this").click()
        await expect(page.get_by_text("Received as")).to_be_visible(timeout=20_000)

        reports = (await ask(page, "/api/v1/reports"))["reports"]
        assert [(2, 2)] == [(each["photos_expected"], each["photos_received"]) for each in reports]
        report = (await ask(page, f"/api/v1/reports/{reports[0]['id']}"))["report"]
        assert report["area_path"] is None  # he did not agree to the place: it went to the duty desk
        await page.goto("/rider/me/reports")
        await expect(page.get_by_role("link", name="Missing or loose manhole cover")).to_be_visible()
        await expect_accessible(page)
        await expect_touchable(page)
        await shoot(page, "reports-dark")


async def test_the_place_may_be_left_out_and_a_file_that_is_no_photo_is_named(
    phone: BrowserContext, sign_ins: SignIns
) -> None:
    await sign_ins.as_rider(phone, RIDER)
    page = await phone.new_page()
    await page.goto("/rider/report")
    await page.get_by_label("拍照").set_input_files({"name": "1.jpg", "mimeType": "image/jpeg", "buffer": b"no photo"})
    await expect(page.get_by_text("这个文件不是能识别的照片")).to_be_visible()
    await page.get_by_role("button", name="确认").click()
    await page.get_by_role("button", name="没有照片，直接报").click()
    await page.get_by_role("button", name="不带位置，由值班人员确认地点").click()
    await page.get_by_label("补充说明（可不填）").fill("在桥洞下面")
    await page.get_by_role("button", name="其他").click()
    await expect(page.get_by_text("已收到，编号")).to_be_visible(timeout=20_000)
    newest = (await ask(page, "/api/v1/reports"))["reports"][0]
    assert ("other", "在桥洞下面", 0) == (newest["category"], newest["description"], newest["photos_expected"])
