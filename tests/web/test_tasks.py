"""Looks on site: a rider takes one on his phone and answers it; the secretary who asked has the answer."""

import asyncio
import re
import uuid

from playwright.async_api import BrowserContext, Page, expect

from app.demo.areas import draw_areas
from tests.acceptance.program import Caller, Program, sign_in_staff
from tests.web.browser import expect_accessible, expect_touchable, shoot
from tests.web.people import SignIns
from tests.web.reporting import Json, photo

#: Appointed in this community, and may verify what others report.
RIDER, COMMUNITY, SECRETARY = "19900000004", "370299002001", "demo-secretary4"
(SPOT,) = (area.shape.representative_point() for area in draw_areas() if area.code == COMMUNITY)


async def test_a_rider_takes_a_look_and_the_secretary_has_his_answer_and_photo(
    phone: BrowserContext, site: Program, sign_ins: SignIns
) -> None:
    secretary = await sign_in_staff(site, SECRETARY)
    await sign_ins.as_rider(phone, RIDER)
    page = await phone.new_page()
    await _decide_on_photos(page, "收回")
    await page.goto("/rider/me/tasks")
    willing = page.get_by_role("switch", name="愿意接核实任务")
    await willing.click()
    await expect(page.get_by_text("已保存")).to_be_visible()
    case_id = await _ask_for_a_look(secretary)

    await phone.set_geolocation({"latitude": SPOT.y + 0.009, "longitude": SPOT.x})
    await page.reload()
    await page.get_by_role("button", name="按离我近排序").click()
    await expect(page.get_by_text("约 1000 米")).to_be_visible()
    await expect_accessible(page)
    await shoot(page, "rider-task-offered")
    await page.get_by_role("button", name="我去看").click()
    await expect(page.get_by_role("link", name="怎么走")).to_be_visible()
    await page.get_by_label("拍照").set_input_files(photo(80, width=800))
    await page.get_by_role("radio", name="已经没了").check()
    await page.get_by_label("补充一句（可不填）").fill("已清运，地面干净")
    await expect(page.get_by_role("img", name="照片 1")).to_be_visible()

    # He withdrew his consent to photos before: he is told so, gives it, and finds all as he left it.
    await page.get_by_role("button", name="提交").click()
    await expect(page.get_by_role("alert")).to_contain_text("照片要您同意后才能发出")
    await expect_accessible(page)
    await expect_touchable(page)
    await shoot(page, "rider-task-held")
    await page.get_by_role("link", name="去同意").click()
    await _decide_on_photos(page, "同意")
    await page.goto("/rider/me/tasks")
    await expect(page.get_by_role("img", name="照片 1")).to_be_visible()
    await expect(page.get_by_role("radio", name="已经没了")).to_be_checked()
    await page.get_by_role("button", name="提交").click()
    await expect(page.get_by_text("谢谢，已提交")).to_be_visible()
    await expect(page.get_by_text(re.compile("已作答：已经没了"))).to_be_visible()
    await willing.click()
    await expect(page.get_by_text("已保存")).to_be_visible()

    (look,) = await _looks_at(secretary, case_id)
    assert ("answered", "gone", "已清运，地面干净", "rider") == (
        *(look["state"], look["answer"], look["note"]),
        look["answered_by_kind"],
    )
    _, detail = await secretary.ask("GET", f"/api/v1/cases/{case_id}")
    assert look["photos"] == [each["sha256"] for each in detail["photos"] if each["stage"] == "check"] != []
    assert "case.verification_answered" == detail["history"][-1]["kind"]


async def _decide_on_photos(page: Page, what: str) -> None:
    if not page.url.endswith("/me/profile"):
        await page.goto("/rider/me/profile")
    consent = page.get_by_role("group").filter(has_text="上报照片")
    await consent.get_by_text("上报照片").click()
    await consent.get_by_role("button", name=what, exact=True).click()
    await expect(consent.get_by_role("button", name=what, exact=True)).to_have_count(0)


async def _ask_for_a_look(secretary: Caller) -> int:
    """Enter what a resident told, ask for a look, and wait until riders are offered it; give the case."""
    place = {"lon": SPOT.x, "lat": SPOT.y, "datum": "wgs84", "accuracy_m": 15}
    body = {"category": "litter", "text": "松风东门有人反映垃圾（演示）", "channel": "phone", "place": place}
    status, entered = await secretary.ask("POST", "/api/v1/appeals/on-behalf", body, key=uuid.uuid4().hex)
    assert 201 == status, entered
    case_id = int(entered["case_id"])
    status, answer = await secretary.ask("POST", f"/api/v1/cases/{case_id}/ask_verification", {})
    assert 200 == status, answer
    async with asyncio.timeout(10):
        while True:
            if await _looks_at(secretary, case_id):
                return case_id
            await asyncio.sleep(0.1)


async def _looks_at(secretary: Caller, case_id: int) -> list[Json]:
    _, found = await secretary.ask("GET", f"/api/v1/cases/{case_id}/verification-tasks")
    return list(found["tasks"])
