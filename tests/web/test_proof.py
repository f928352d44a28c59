"""Who has not proved for a while who he is proves it again before he sees somebody in the clear."""

from playwright.async_api import BrowserContext, Locator, Page, expect

from tests.acceptance.program import Program, sign_in_staff
from tests.web.browser import expect_accessible, shoot
from tests.web.cases import community_of, enter, inside, open_case
from tests.web.people import SignIns, apply_as_reporter, let_proof_grow_old, prove_again


async def test_a_contact_is_shown_after_the_proof_for_the_reason_typed_before(
    desk: BrowserContext, site: Program
) -> None:
    await SignIns(site).as_staff(desk, "demo-street2")
    case = await enter(desk, "help", "想问老人证怎么办（演示）", inside(4), phone="19900004411")
    page = await open_case(desk, case)
    await let_proof_grow_old(site, "demo-street2")
    contact = page.get_by_role("region", name="联系人")
    await contact.get_by_role("button", name="查看完整").click()
    await contact.get_by_label("查看理由").fill("当面核实材料")
    show = contact.get_by_role("button", name="显示")
    await show.click()
    await _decline(page)
    await expect(contact.get_by_label("查看理由")).to_have_value("当面核实材料")
    await _prove(page, site, "demo-street2", show)
    await expect(contact.get_by_role("link", name="19900004411")).to_be_visible()
    await _expect_in_trail(site, "当面核实材料")


async def test_an_applicant_is_shown_after_the_proof_for_the_reason_typed_before(
    desk: BrowserContext, site: Program
) -> None:
    await apply_as_reporter(site, "19911110031", "每天在听涛一带送餐", community=community_of(1))
    await SignIns(site).as_staff(desk, "demo-secretary1")
    page = await desk.new_page()
    await page.goto("/console/people/applications")
    row = page.get_by_role("listitem").filter(has_text="每天在听涛一带送餐")
    await row.get_by_role("button", name="查看完整信息").click()
    await let_proof_grow_old(site, "demo-secretary1")
    reason = page.get_by_label("为什么要查看")
    await reason.fill("明天上门核对身份证")
    show = page.get_by_role("button", name="查看", exact=True)
    await show.click()
    await _decline(page)
    await expect(reason).to_have_value("明天上门核对身份证")
    await _prove(page, site, "demo-secretary1", show)
    await expect(page.get_by_role("link", name="19911110031")).to_be_visible()
    await _expect_in_trail(site, "明天上门核对身份证")


async def _decline(page: Page) -> None:
    await page.get_by_role("dialog", name="请再次验证身份").get_by_role("button", name="取消").click()
    await expect(page.get_by_role("alert")).to_contain_text("没有验证身份，未做任何更改")


async def _prove(page: Page, site: Program, username: str, again: Locator) -> None:
    await again.click()
    await expect(page.get_by_label("密码")).to_be_focused()
    await expect_accessible(page)
    await shoot(page, f"console-proof-{username}")
    await prove_again(page, site, username)


async def _expect_in_trail(site: Program, reason: str) -> None:
    auditor = await sign_in_staff(site, "demo-auditor")
    _, trail = await auditor.ask("GET", "/api/v1/audit", act="person.unmasked")
    assert 1 == [each["reason"] for each in trail["entries"]].count(reason)
