"""Staff see to people by the console's pages: applications, appointments, accounts, the rota, the trail."""

import uuid

from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.acceptance.program import Caller, Program, sign_in_staff
from tests.web.browser import desk_options, expect_accessible, opened, phone_options, shoot
from tests.web.people import SignIns, solve

COMMUNITY = "370299003002"


async def _applicant(site: Program, phone: str, motivation: str) -> Caller:
    anyone = Caller(site)
    _, made = await anyone.ask("GET", "/api/v1/riders/challenge")
    device = {"phone": phone, "device_nonce": uuid.uuid4().hex}
    asked = device | {"proof": solve(made["challenge"])}
    assert 202 == (await anyone.ask("POST", "/api/v1/riders/codes", asked))[0]
    status, opened = await anyone.ask("POST", "/api/v1/riders/sessions", device | {"code": site.code_for(phone)})
    assert 201 == status
    rider = Caller(site, opened["session"]["access"])
    body = {"area_code": COMMUNITY, "motivation": motivation}
    assert 201 == (await rider.ask("POST", "/api/v1/riders/me/applications", body))[0]
    return rider


async def test_an_applicant_is_seen_whole_and_appointed(desk: BrowserContext, site: Program, sign_ins: SignIns) -> None:
    rider = await _applicant(site, "19900000010", "每天在星浦一带送餐")
    await sign_ins.as_staff(desk, "demo-secretary8")
    page = await desk.new_page()
    await page.goto("/console/people")
    await expect(page).to_have_title("申请 · 人员 · 骑士驿站")
    row = page.get_by_role("listitem").filter(has_text="每天在星浦一带送餐")
    await expect(row).to_contain_text("演*")
    await expect(row).not_to_contain_text("演示骑手10")
    await expect_accessible(page)
    await shoot(page, "console-people-applications")

    await row.get_by_role("button", name="查看完整信息").click()
    await page.get_by_role("button", name="核对身份后审核").click()
    await expect_accessible(page)
    await page.get_by_role("button", name="查看", exact=True).click()
    person = page.get_by_role("dialog", name="查看完整信息")
    await expect(person).to_contain_text("19900000010")
    await expect(person).to_contain_text("演示骑手10")
    await person.get_by_role("button", name="关闭", exact=True).click()
    await expect(page.get_by_text("19900000010")).to_have_count(0)

    await row.get_by_role("button", name="聘任", exact=True).click()
    dialog = page.get_by_role("dialog", name="聘任")
    await dialog.get_by_text("可核实他人", exact=True).click()
    await dialog.get_by_text("12 个月").click()
    await expect_accessible(page)
    await shoot(page, "console-people-approve")
    await dialog.get_by_role("button", name="聘任", exact=True).click()
    await expect(page.get_by_text("已聘任，至")).to_be_visible()
    await expect(row).to_have_count(0)
    _, own = await rider.ask("GET", "/api/v1/appointments")
    assert (3, None) == (own["appointments"][0]["trust_level"], own["appointments"][0]["revoked_at"])

    await page.get_by_role("link", name="聘任").click()
    appointed = (
        page.get_by_role("listitem")
        .filter(has_text="演")
        .filter(has_text="可核实他人")
        .filter(has_text="星浦社区")
        .first
    )
    await expect(appointed).to_contain_text("有效")
    await expect_accessible(page)
    await shoot(page, "console-people-appointments")
    await appointed.get_by_role("link", name="积分记录").click()
    await expect(page.get_by_role("region", name="演*的积分")).to_be_visible()
    await expect_accessible(page)
    await shoot(page, "console-people-points")


async def test_a_decline_says_why(browser: Browser, site: Program, sign_ins: SignIns) -> None:
    rider = await _applicant(site, "19900000012", "wants to help")
    async with opened(browser, site.url, **phone_options(language="en", is_dark=True)) as phone:
        await sign_ins.as_staff(phone, "demo-secretary8")
        page = await phone.new_page()
        await page.goto("/console/people/applications")
        row = page.get_by_role("listitem").filter(has_text="wants to help")
        await row.get_by_role("button", name="Decline").click()
        dialog = page.get_by_role("dialog", name="Decline")
        await expect(dialog.get_by_role("button", name="Decline")).to_be_disabled()
        await dialog.get_by_role("button", name="We could not reach you").click()
        await expect_accessible(page)
        await shoot(page, "console-people-decline-dark")
        await dialog.get_by_role("button", name="Decline").click()
        await expect(row).to_have_count(0)
        await expect_accessible(page)
        await shoot(page, "console-people-applications-dark")
    _, own = await rider.ask("GET", "/api/v1/applications")
    assert own["applications"][0]["status"] == "declined"
    assert own["applications"][0]["reason"].startswith("We could not reach you")


async def test_an_account_is_made_and_its_password_shown_once(
    browser: Browser, site: Program, sign_ins: SignIns
) -> None:
    name = f"示例新人{uuid.uuid4().hex[:6]}"
    async with opened(browser, site.url, **desk_options()) as desk:
        await sign_ins.as_staff(desk, "demo-admin")
        page = await desk.new_page()
        await page.goto("/console/people/staff")
        await page.get_by_role("button", name="新增工作人员").click()
        dialog = page.get_by_role("dialog", name="新增工作人员")
        await dialog.get_by_label("姓名").fill(name)
        await dialog.get_by_label("用户名").fill(f"new-{uuid.uuid4().hex[:8]}")
        await _choose_area(page, "演示区", "松林街道")
        await expect_accessible(page)
        await shoot(page, "console-people-add-staff")
        await dialog.get_by_role("button", name="新增工作人员").click()
        once = page.get_by_role("dialog", name="一次性密码")
        password = await once.locator("code").inner_text()
        assert len(password) >= 12
        await expect_accessible(page)
        await once.get_by_text("我已交给本人").click()
        await once.get_by_role("button", name="完成").click()
        await expect(page.get_by_text(password)).to_have_count(0)

        await page.get_by_label("按姓名或用户名查找").fill(name)
        row = page.get_by_role("listitem").filter(has_text=name)
        await expect(row).to_contain_text("社区书记 · 松林街道")
        await row.get_by_role("button", name="加角色").click()
        await _choose_area(page, "演示区", "帆影街道")
        await page.get_by_role("button", name="授予").click()
        await expect(row).to_contain_text("网格员 · 帆影街道")
        await row.get_by_role("button", name="收回 网格员 · 帆影街道").click()
        await page.get_by_role("button", name="收回", exact=True).click()
        await expect(row).not_to_contain_text("帆影街道")
        await expect_accessible(page)
        await shoot(page, "console-people-staff")

        await page.get_by_role("link", name="审计").click()
        await expect(page.get_by_role("listitem").filter(has_text="收回角色").first).to_be_visible()
        await expect_accessible(page)
        await shoot(page, "console-people-trail")
        await page.get_by_role("link", name="保存期限").click()
        await expect(page.get_by_role("spinbutton").first).to_be_visible()
        await expect_accessible(page)
        await shoot(page, "console-people-retention")


async def test_a_shift_is_put_on_the_rota_and_taken_off(desk: BrowserContext, site: Program, sign_ins: SignIns) -> None:
    secretary = await sign_in_staff(site, "demo-secretary6")
    name = f"示例值班岗{uuid.uuid4().hex[:6]}"
    area = "370299/370299002/370299002003"
    body = {"name": name, "area_path": area, "is_default": False}
    assert 201 == (await secretary.ask("POST", "/api/v1/posts", body))[0]
    await sign_ins.as_staff(desk, "demo-secretary6")
    page = await desk.new_page()
    await page.goto("/console/people/rota")
    await page.get_by_role("combobox", name="值班岗").click()
    await page.get_by_role("option", name=name).click()
    await page.get_by_role("button", name="下一周").click()
    await page.get_by_role("button", name="排班").click()
    dialog = page.get_by_role("dialog", name="排班")
    await dialog.get_by_label("值班人").click()
    await page.get_by_role("option", name="演示书记·槐香社区").click()
    await expect(dialog.get_by_text("将排 1 班")).to_be_visible()
    await expect_accessible(page)
    await dialog.get_by_role("button", name="排班").click()
    shift = page.get_by_role("list", name="这一周的班次").get_by_role("listitem").filter(has_text="08:00")
    shift = shift.filter(has_text="演示书记·槐香社区")
    await expect(shift).to_have_count(1)
    await expect_accessible(page)
    await shoot(page, "console-people-rota")
    await page.set_viewport_size({"width": 390, "height": 844})
    await shoot(page, "console-people-rota")
    await shift.get_by_role("button", name="撤下").click()
    await expect(page.get_by_text("这一周还没有排班。")).to_be_visible()


async def _choose_area(page: Page, *names: str) -> None:
    for level, name in enumerate(names, 1):
        await page.get_by_role("dialog").get_by_label(f"区域，第 {level} 级").click()
        await page.get_by_role("option", name=name, exact=True).click()
