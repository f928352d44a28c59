"""Staff sign in, and see to their own account, by the console's pages."""

import uuid

from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.acceptance.program import Program, sign_in_staff
from tests.web.browser import desk_options, expect_accessible, opened, phone_options, shoot
from tests.web.people import SignIns, bind_authenticator, let_proof_grow_old


async def test_staff_sign_in_by_name_password_and_code(desk: BrowserContext, site: Program) -> None:
    page = await desk.new_page()
    await page.goto("/console/stations")
    await expect(page).to_have_title("登录 · 骑士驿站")
    password = page.get_by_label("密码", exact=True)
    await expect(password).to_have_attribute("type", "password")
    await expect(password).to_have_attribute("autocomplete", "current-password")
    await expect_accessible(page)
    await shoot(page, "console-sign-in")
    await _sign_in(page, "demo-grid4", "wrong", "000000")
    await expect(page.get_by_role("alert")).to_contain_text("用户名、密码或验证码不正确")
    await expect(page.get_by_label("用户名")).to_have_value("demo-grid4")
    await expect_accessible(page)
    await _sign_in(page, "demo-grid4", site.password_of("demo-grid4"), await site.second_factor_of("demo-grid4"))
    await expect(page).to_have_url("/console/stations")
    await page.get_by_role("button", name="我的账号").click()
    await page.get_by_role("menuitem", name="退出登录").click()
    await expect(page).to_have_url("/console/sign-in")
    await page.goto("/console/")
    await expect(page.get_by_label("用户名")).to_be_visible()


async def test_a_newcomer_sets_a_password_and_an_authenticator_before_anything_else(
    browser: Browser, site: Program
) -> None:
    admin = await sign_in_staff(site, "demo-admin")
    area = "370299/370299002/370299002003"
    name = f"newcomer-{uuid.uuid4().hex[:8]}"
    body = {"username": name, "name": "示例新人", "role": "secretary", "area": area}
    status, made = await admin.ask("POST", "/api/v1/staff", body)
    assert 201 == status, made
    async with opened(browser, site.url, **phone_options()) as phone:
        page = await phone.new_page()
        sent = _addresses_asked_for(page)
        await page.goto("/console/queue")
        await _sign_in(page, name, made["one_time_password"], "")
        await expect(page).to_have_url("/console/account")
        await expect(page.get_by_role("listitem").filter(has_text="设置自己的密码")).to_be_visible()
        await page.get_by_label("原密码").fill(made["one_time_password"])
        await page.get_by_label("新密码").fill("short")
        await page.get_by_role("button", name="保存新密码").click()
        await expect(page.get_by_role("alert").first).to_contain_text("密码至少 12 个字符")
        await page.get_by_label("新密码").fill("harbour seven lantern oak")
        await page.get_by_role("button", name="保存新密码").click()
        secret = await bind_authenticator(page)
        await page.get_by_role("button", name="开始工作").click()
        await expect(page).to_have_url("/console/queue")
        assert not [address for address in sent if secret in address]


async def test_who_proved_himself_long_ago_is_asked_again_and_the_act_goes_on(browser: Browser, site: Program) -> None:
    async with opened(browser, site.url, **desk_options(language="en", is_dark=True)) as desk:
        await SignIns(site).as_staff(desk, "demo-auditor")
        page = await desk.new_page()
        await let_proof_grow_old(site, "demo-auditor")
        await page.goto("/console/account")
        await page.get_by_role("button", name="Renew recovery codes").click()
        dialog = page.get_by_role("dialog", name="Prove again who you are")
        await dialog.get_by_label("Password").fill("wrong")
        await dialog.get_by_role("button", name="Confirm").click()
        await expect(dialog.get_by_role("alert")).to_contain_text("is wrong")
        await expect_accessible(page)
        await shoot(page, "console-proof-dark")
        await dialog.get_by_label("Password").fill(site.password_of("demo-auditor"))
        await dialog.get_by_label("Code").fill(await site.second_factor_of("demo-auditor"))
        await dialog.get_by_role("button", name="Confirm").click()
        await expect(page.get_by_role("group", name="Recovery codes").get_by_role("listitem")).to_have_count(10)
        await expect_accessible(page)
        await shoot(page, "console-account-dark")


async def test_the_first_administrator_is_told_why_his_token_is_not_taken(desk: BrowserContext) -> None:
    page = await desk.new_page()
    await page.goto("/console/set-up")
    for label in ("令牌", "用户名", "姓名", "密码"):
        await page.get_by_label(label, exact=True).fill("harbour seven lantern oak")
    await page.get_by_role("button", name="创建并登录").click()
    await expect(page.get_by_role("alert")).to_contain_text("令牌不正确、已过期或已使用，或已有工作人员账号")
    await expect_accessible(page)
    await shoot(page, "console-set-up")


async def _sign_in(page: Page, username: str, password: str, code: str) -> None:
    await page.get_by_label("用户名").fill(username)
    await page.get_by_label("密码", exact=True).fill(password)
    await page.get_by_label("验证码").fill(code)
    await page.get_by_role("button", name="登录", exact=True).click()


def _addresses_asked_for(page: Page) -> list[str]:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url + (request.post_data or "")))
    return sent
