"""What staff do about one reporter: points given by hand, taken back and restored; his appointment revoked."""

import re

from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from tests.acceptance.program import Caller, Program
from tests.web.browser import desk_options, expect_accessible, opened, shoot
from tests.web.cases import community_of, post
from tests.web.people import SignIns, apply_as_reporter

#: Appoints in a community where no other test of the pages appoints; above her is the centre of the street.
SECRETARY, STREET = "demo-secretary3", "demo-street1"
OBJECTION = "那晚守井口的就是我"


async def test_points_are_awarded_taken_back_and_restored_by_somebody_else(
    desk: BrowserContext, browser: Browser, site: Program, sign_ins: SignIns
) -> None:
    await sign_ins.as_staff(desk, SECRETARY)
    rider, rider_id = await _appoint(desk, site, "19911110021")
    page = await desk.new_page()
    await page.goto("/console/people/appointments")
    await _row(page, rider_id).get_by_role("link", name="积分记录").click()
    ledger = _ledger(page)
    await ledger.get_by_role("button", name="奖励积分").click()
    dialog = page.get_by_role("dialog", name="奖励积分")
    await dialog.get_by_role("textbox", name="理由").fill("暴雨夜里守住缺盖的井口")
    await _expect_refused(dialog, "分数", "25", "20")
    await expect_accessible(page)
    await shoot(page, "console-points-refused")
    await dialog.get_by_label("分数").fill("15")
    await dialog.get_by_role("button", name="奖励积分").click()
    await expect(page.get_by_text("已奖励 15 分")).to_be_visible()
    await expect(ledger.get_by_text("您区域内共 15 分")).to_be_visible()
    entry = ledger.get_by_role("listitem").filter(has_text="暴雨夜里守住缺盖的井口")
    await expect(entry).to_contain_text("+15")
    await ledger.get_by_role("button", name="奖励积分").click()
    await dialog.get_by_role("textbox", name="理由").fill("再奖一次")
    await _expect_refused(dialog, "分数", "6", "本月还可奖励 5 分")
    await dialog.get_by_role("button", name="取消").click()

    await entry.get_by_role("button", name="撤销").click()
    dialog = page.get_by_role("dialog", name="撤销")
    await dialog.get_by_role("button", name="记错了人").click()
    await dialog.get_by_role("button", name="撤销", exact=True).click()
    await expect(ledger.get_by_text("您区域内共 0 分")).to_be_visible()
    await expect(entry).to_contain_text("已撤销")
    await expect(ledger.get_by_role("listitem").filter(has_text="-15")).to_contain_text("记错了人")

    # The rider objects; whoever took the points back does not decide on that.
    _, own = await rider.ask("GET", "/api/v1/riders/me/points")
    taken = next(each["id"] for each in own["entries"] if each["points"] == -15)
    status, _ = await rider.ask("POST", "/api/v1/points/objections", {"entry_id": taken, "words": OBJECTION})
    assert 201 == status
    await page.reload()
    dialog = await _grant(page)
    await expect(dialog.get_by_role("alert")).to_contain_text("须由他人处理")
    async with opened(browser, site.url, **desk_options()) as above:
        await sign_ins.as_staff(above, STREET)
        page = await above.new_page()
        await page.goto("/console/people/points")
        await _objection(page).get_by_role("link", name="积分记录").click()
        await expect(_ledger(page).get_by_text("您区域内共 0 分")).to_be_visible()
        dialog = await _grant(page, points="5")
        await expect(dialog.get_by_role("alert").first).to_have_text("支持此申诉即恢复原分数，不另填分数。")
        await dialog.get_by_label("补记分数").fill("")
        await dialog.get_by_role("button", name="支持").click()
        await expect(_ledger(page).get_by_text("您区域内共 15 分")).to_be_visible()
        await expect(_ledger(page).get_by_role("button", name="撤销")).to_have_count(1)
        await page.get_by_text("已支持", exact=True).click()
        await expect(_objection(page)).to_contain_text("已复核，情况属实")
        await shoot(page, "console-points")
    _, own = await rider.ask("GET", "/api/v1/riders/me/points")
    assert [15, -15, 15] == [each["points"] for each in own["entries"]]


async def test_whose_appointment_is_revoked_is_told_why_and_is_no_reporter_any_more(
    desk: BrowserContext, site: Program, sign_ins: SignIns
) -> None:
    await sign_ins.as_staff(desk, SECRETARY)
    rider, rider_id = await _appoint(desk, site, "19911110022")
    page = await desk.new_page()
    await page.goto("/console/people/appointments")
    await _row(page, rider_id).get_by_role("button", name="撤销聘任").click()
    dialog = page.get_by_role("dialog", name="撤销聘任")
    await expect(dialog.get_by_role("button", name="撤销聘任")).to_be_disabled()
    await dialog.get_by_role("button", name="已不在本区域送餐").click()
    await expect_accessible(page)
    await shoot(page, "console-people-revoke")
    await dialog.get_by_role("button", name="撤销聘任").click()
    await expect(_row(page, rider_id)).to_have_count(0)
    await page.get_by_text("只看有效的").click()
    await expect(_row(page, rider_id)).to_contain_text("已不在本区域送餐")
    await expect(_row(page, rider_id).get_by_role("button", name="续聘")).to_have_count(0)
    _, own = await rider.ask("GET", "/api/v1/appointments")
    assert ["已不在本区域送餐"] == [each["revoke_reason"] for each in own["appointments"] if each["revoked_at"]]
    _, counting = await rider.ask("GET", "/api/v1/appointments", only_counting="true")
    assert [] == counting["appointments"]


async def _appoint(context: BrowserContext, site: Program, phone: str) -> tuple[Caller, int]:
    """Give a reporter of the secretary signed in, and his number."""
    rider = await apply_as_reporter(site, phone, "在渔灯一带送餐", community=community_of(3))
    _, own = await rider.ask("GET", "/api/v1/applications")
    (application,) = own["applications"]
    await post(context, f"/api/v1/applications/{application['id']}/approve", {"term_months": 3})
    return rider, application["rider_id"]


def _row(page: Page, rider_id: int) -> Locator:
    return page.get_by_role("listitem").filter(has_text=re.compile(rf"骑手 {rider_id}\b"))


def _ledger(page: Page) -> Locator:
    return page.get_by_role("region", name="的积分")


def _objection(page: Page) -> Locator:
    return page.get_by_role("listitem").filter(has_text=OBJECTION)


async def _grant(page: Page, *, points: str = "") -> Locator:
    """Try to grant the objection, and give the dialog in which that is done."""
    await _objection(page).get_by_role("button", name="支持", exact=True).click()
    dialog = page.get_by_role("dialog", name="支持")
    await dialog.get_by_role("button", name="已复核，情况属实").click()
    await dialog.get_by_label("补记分数").fill(points)
    await dialog.get_by_role("button", name="支持").click()
    return dialog


async def _expect_refused(dialog: Locator, label: str, typed: str, told: str) -> None:
    """Type what is not taken: the field says so, and still holds what was typed."""
    await dialog.get_by_label(label).fill(typed)
    await dialog.get_by_role("button", name="奖励积分").click()
    await expect(dialog.get_by_role("alert").first).to_contain_text(told)
    await expect(dialog.get_by_label(label)).to_have_value(typed)
