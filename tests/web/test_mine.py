"""The rider's own things: applying, points, consents, a copy and deletion; appeals and follow-ups without sign-in."""

import uuid
import zipfile

from playwright.async_api import BrowserContext, expect

from app.demo.areas import draw_areas
from tests.acceptance.program import Caller, Program, sign_in_staff
from tests.web.browser import expect_accessible, expect_touchable, shoot
from tests.web.people import SignIns
from tests.web.reporting import Json


async def test_a_new_rider_applies_and_leaves_with_everything(phone: BrowserContext, sign_ins: SignIns) -> None:
    await sign_ins.as_rider(phone, "19911112222")
    page = await phone.new_page()
    await page.goto("/rider/me/profile")
    await page.get_by_label("姓名").fill("试用骑手")
    await page.get_by_role("button", name="保存").click()
    await expect(page.get_by_text("已保存")).to_be_visible()

    await page.goto("/rider/me/reporter")
    await page.get_by_role("combobox", name="街道").select_option(label="湾畔街道")
    await page.get_by_role("combobox", name="社区").select_option(label="听涛社区")
    await page.get_by_role("button", name="提交申请").click()
    await expect(page.get_by_role("heading", name="申请已提交，等待社区审核")).to_be_visible()

    await page.goto("/rider/me/profile")
    async with page.expect_download() as copy:
        await page.get_by_role("button", name="下载我的数据").click()
    with zipfile.ZipFile(await (await copy.value).path()) as packed:
        assert any(name.endswith(".json") for name in packed.namelist())
    await page.get_by_role("button", name="注销账号").click()
    erase = page.get_by_role("button", name="注销账号")
    await expect(erase).to_be_disabled()
    await page.get_by_label("确定注销吗").fill("注销")
    await erase.click()
    await expect(page.get_by_role("link", name="登录")).to_be_visible()


async def test_an_appeal_goes_out_once_is_followed_and_taken_back(phone: BrowserContext) -> None:
    page = await phone.new_page()
    await page.goto("/rider/appeals")
    words = f"楼道灯不亮 {uuid.uuid4().hex[:6]}"
    await page.get_by_label("哪一类").select_option(index=1)
    await page.get_by_label("请写明情况").fill(words)
    await page.reload()
    await expect(page.get_by_label("请写明情况")).to_have_value(words)  # nothing typed is lost
    await page.get_by_role("button", name="提交", exact=True).click()
    await page.get_by_role("link", name="看进度").click()
    await expect(page.get_by_role("heading", name="案件")).to_be_visible()
    await page.get_by_label("补充说明").fill("三楼也不亮")
    await page.get_by_role("button", name="补充", exact=True).click()
    await expect(page.get_by_text("三楼也不亮")).to_be_visible()
    await expect_accessible(page)
    await shoot(page, "rider-appeal")
    await page.get_by_role("button", name="撤回诉求").click()
    await page.get_by_role("button", name="撤回诉求").click()
    await expect(page.get_by_text("已撤回").first).to_be_visible()


async def test_a_follow_up_is_answered_once_by_who_appealed(phone: BrowserContext, site: Program) -> None:
    token, case_id, secretary = await _closed_appeal(site)
    page, other = await phone.new_page(), await phone.new_page()
    await page.goto(f"/rider/appeals/{token}")
    await page.get_by_role("link", name="评价办理结果").click()
    await expect(page.get_by_role("group", name="您满意吗？")).to_be_visible()
    await expect(page.get_by_text("已换灯泡，请放心")).to_be_visible()
    await other.goto(page.url)
    await other.get_by_role("radio", name="满意", exact=True).check()
    await page.get_by_role("radio", name="不满意，请重新办理").check()
    await page.get_by_label("想说的话（可不填）").fill("晚上还是不亮")
    await expect_accessible(page)
    await expect_touchable(page)
    await shoot(page, "rider-follow-up")
    await page.get_by_role("button", name="提交").click()
    answered = page.get_by_role("status").filter(has_text="谢谢您的评价")
    await expect(answered).to_contain_text("已申请重新办理，社区会答复。")
    await expect_accessible(page)
    await shoot(page, "rider-follow-up-answered")

    # Whoever else had the same page open is told so, and then sees what was answered.
    await other.get_by_label("想说的话（可不填）").fill("都好")
    await other.get_by_role("button", name="提交").click()
    await expect(other.get_by_role("alert")).to_contain_text("已评价为“不满意”，每次结案只能评价一次")
    await expect(other.get_by_label("想说的话（可不填）")).to_have_value("都好")
    await other.reload()
    await expect(other.get_by_role("status").filter(has_text="谢谢您的评价")).to_contain_text("晚上还是不亮")
    await expect(other.get_by_role("button", name="提交")).to_have_count(0)
    await page.goto(f"/rider/appeals/{token}")
    await expect(page.get_by_text("已换灯泡，请放心").first).to_be_visible()
    await expect(page.get_by_role("link", name="评价办理结果")).to_have_count(0)

    _, detail = await secretary.ask("GET", f"/api/v1/cases/{case_id}")
    case = detail["case"]
    assert ("followed_up", "dissatisfied") == (case["state"], case["satisfaction"])
    assert case["reopening_asked_at"] is not None
    assert ["晚上还是不亮"] == [
        step["data"]["note"] for step in detail["history"] if step["kind"] == "case.followed_up"
    ]


async def _closed_appeal(site: Program) -> tuple[str, int, Caller]:
    """Let somebody appeal and a secretary close it; give the code he holds, the case, and the secretary."""
    (spot,) = (area.shape.representative_point() for area in draw_areas() if area.code == "370299001003")
    text = f"渔灯路灯不亮 {uuid.uuid4().hex[:6]}"
    place = {"lon": spot.x, "lat": spot.y, "datum": "wgs84", "accuracy_m": 15}
    body = {"category": "street_light", "text": text, "place": place}
    status, sent = await Caller(site).ask("POST", "/api/v1/appeals", body, key=uuid.uuid4().hex)
    assert 201 == status, sent
    secretary = await sign_in_staff(site, "demo-secretary3")
    _, found = await secretary.ask("GET", "/api/v1/cases", origin="appeal", state="collected", limit="200")
    (case,) = (each for each in found["cases"] if each["description"] == text)
    acts: list[tuple[str, Json]] = [
        ("file", {}),
        ("handle", {"note": "已换灯泡"}),
        ("verify", {}),
        ("close", {"result": "已换灯泡，请放心"}),
    ]
    for verb, said in acts:
        status, answer = await secretary.ask("POST", f"/api/v1/cases/{case['id']}/{verb}", said)
        assert 200 == status, answer
    return str(sent["token"]), int(case["id"]), secretary


async def test_a_link_that_opens_nothing_says_so(phone: BrowserContext) -> None:
    page = await phone.new_page()
    await page.goto("/rider/follow-ups/nothing-here")
    await expect(page.get_by_role("alert")).to_be_visible()
