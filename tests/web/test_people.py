"""Staff see to people by the console's pages: applications, appointments, accounts, the rota, the trail."""

import uuid
from datetime import UTC, datetime, timedelta

from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.acceptance.program import Program, sign_in_staff
from tests.web.browser import DESK, desk_options, expect_accessible, opened, phone_options, shoot
from tests.web.people import SignIns, apply_as_reporter

COMMUNITY = "370299003002"


async def test_an_applicant_is_seen_whole_and_appointed(desk: BrowserContext, site: Program, sign_ins: SignIns) -> None:
    rider = await apply_as_reporter(site, "19900000010", "每天在星浦一带送餐", community=COMMUNITY)
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
    rider = await apply_as_reporter(site, "19900000012", "wants to help", community=COMMUNITY)
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


async def test_a_number_of_days_is_kept_and_a_wrong_one_refused_at_its_field(
    desk: BrowserContext, sign_ins: SignIns
) -> None:
    await sign_ins.as_staff(desk, "demo-admin")
    page = await desk.new_page()
    await page.goto("/console/people/retention")
    row = page.get_by_role("listitem").filter(has_text="通知：发出后")
    field, save = row.get_by_role("spinbutton", name="保存天数：通知：发出后"), row.get_by_role("button", name="保存")
    await expect(field).to_have_value("180")
    await expect(save).to_be_disabled()
    await field.fill("5")
    await field.press("Enter")
    await expect(row.get_by_role("alert")).to_have_text("须为 30 至 730 天。")
    await expect(field).to_have_value("5")
    assert 180 == await _days_of(page, "notices")
    await expect_accessible(page)
    await shoot(page, "console-people-retention")
    await field.fill("200")
    await save.click()
    await expect(page.get_by_text("已改为 200 天")).to_be_visible()
    await expect(row.get_by_role("alert")).to_have_count(0)
    await expect(row).to_contain_text("修改")
    assert 200 == await _days_of(page, "notices")
    await page.reload()
    await expect(field).to_have_value("200")
    await field.fill("180")
    await field.press("Enter")
    await expect(page.get_by_text("已改为 180 天")).to_be_visible()
    assert 180 == await _days_of(page, "notices")


async def _days_of(page: Page, purpose: str) -> int:
    answer = await (await page.request.get("/api/v1/retention")).json()
    return int(next(each["days"] for each in answer["rules"] if each["purpose"] == purpose))


async def test_a_shift_is_put_on_the_rota_taken_off_and_handed_over(
    desk: BrowserContext, site: Program, sign_ins: SignIns
) -> None:
    secretary = await sign_in_staff(site, "demo-secretary6")
    name = f"示例值班岗{uuid.uuid4().hex[:6]}"
    area = "370299/370299002/370299002003"
    body = {"name": name, "area_path": area, "is_default": False}
    status, post = await secretary.ask("POST", "/api/v1/posts", body)
    assert 201 == status
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

    _, me = await secretary.ask("GET", "/api/v1/session")
    now = datetime.now(UTC)
    now_on = {"staff_id": me["id"], "starts_at": now.isoformat(), "ends_at": (now + timedelta(hours=8)).isoformat()}
    assert 201 == (await secretary.ask("POST", f"/api/v1/posts/{post['id']}/shifts", {"shifts": [now_on]}))[0]
    await page.set_viewport_size(DESK)
    await page.get_by_role("button", name="本周").click()
    await expect(page.get_by_text("当班：演示书记·槐香社区")).to_be_visible()
    await page.get_by_role("button", name="交班").click()
    dialog = page.get_by_role("dialog", name="交班")
    await dialog.get_by_label("接班人").click()
    await expect(page.get_by_role("option", name="演示书记·槐香社区")).to_have_count(0)
    await page.get_by_role("option", name="演示街道中心·松林街道").click()
    await dialog.get_by_role("button", name="身体不适").click()
    await expect_accessible(page)
    await shoot(page, "console-people-hand-over")
    await dialog.get_by_role("button", name="交班", exact=True).click()
    await expect(page.get_by_text("已交班，移交 0 件案件")).to_be_visible()
    await expect(page.get_by_text("当班：演示街道中心·松林街道")).to_be_visible()
    await expect(page.get_by_role("listitem").filter(has_text="演示街道中心·松林街道")).to_contain_text(
        "接班：身体不适"
    )
    _, rota = await secretary.ask("GET", f"/api/v1/posts/{post['id']}/rota")
    assert ("演示街道中心·松林街道", "身体不适") == (
        rota["on_duty"]["staff_name"],
        rota["on_duty"]["handed_over_reason"],
    )
    await page.get_by_role("button", name="撤销此岗").click()
    await page.get_by_role("button", name="撤销", exact=True).click()
    await expect(page.get_by_text("已撤销", exact=True)).to_be_visible()


async def _choose_area(page: Page, *names: str) -> None:
    for level, name in enumerate(names, 1):
        await page.get_by_role("dialog").get_by_label(f"区域，第 {level} 级").click()
        await page.get_by_role("option", name=name, exact=True).click()
