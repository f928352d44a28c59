"""An empty service: the token on its terminal makes the first administrator, once."""

import re
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.acceptance.program import Program
from tests.web.browser import desk_options, expect_accessible, opened, shoot
from tests.web.people import bind_authenticator

PASSWORD = "harbour seven lantern oak"


@pytest_asyncio.fixture
async def empty() -> AsyncIterator[Program]:
    """Run the program on a folder of its own without the demonstration."""
    with tempfile.TemporaryDirectory(prefix="station-web-") as folder:
        started = Program(Path(folder), is_demo=False)
        try:
            await started.start()
            yield started
        finally:
            started.stop()


async def test_the_first_administrator_comes_in_by_the_token_and_nobody_after_him(
    browser: Browser, empty: Program
) -> None:
    (token,) = re.findall(r"^  ([\w-]{43})$", empty.log.read_text(), re.MULTILINE)
    assert f"  {empty.url}/console/set-up\n" in empty.log.read_text()
    async with opened(browser, empty.url, **desk_options()) as desk:
        page = await desk.new_page()
        await _set_up(page, token, "short")
        await expect(page.get_by_role("alert").first).to_contain_text("密码至少 12 个字符")
        await expect(page.get_by_label("令牌")).to_have_value(token)
        await page.get_by_label("密码", exact=True).fill(PASSWORD)
        await page.get_by_role("button", name="创建并登录").click()
        await expect(page).to_have_url("/console/account")
        owed = page.get_by_role("listitem").filter(has_text="绑定验证器")
        await expect(owed).to_be_visible()
        await page.goto("/console/people/staff")  # nothing else is open before that
        await expect(page).to_have_url("/console/account")
        await expect_accessible(page)
        await shoot(page, "console-first-account")
        await bind_authenticator(page)
        await page.get_by_role("button", name="开始工作").click()
        await expect(page).to_have_url("/console/queue")
        await expect(page.get_by_role("link", name="导入区域边界")).to_be_visible()
        await expect_accessible(page)
        await shoot(page, "console-first-queue")

        async with opened(browser, empty.url, **desk_options()) as another:
            late = await another.new_page()
            await _set_up(late, token, PASSWORD)
            await expect(late.get_by_role("alert")).to_contain_text("令牌不正确、已过期或已使用")
        await page.goto("/console/people/staff")
        await expect(page.get_by_role("listitem").filter(has_text="区级管理员")).to_have_count(1)
        await shoot(page, "console-first-staff")


async def _set_up(page: Page, token: str, password: str) -> None:
    await page.goto("/console/set-up")
    await page.get_by_label("令牌").fill(token)
    await page.get_by_label("用户名").fill("first")
    await page.get_by_label("姓名").fill("示例管理员")
    await page.get_by_label("密码", exact=True).fill(password)
    await page.get_by_role("button", name="创建并登录").click()
