"""The frame of both apps: that they open, alone by files of ours, and what they may keep."""

import pytest
from playwright.async_api import Browser, BrowserContext, expect

from tests.acceptance.program import Program
from tests.web.people import SignIns


async def test_the_riders_app_opens(phone: BrowserContext) -> None:
    page = await phone.new_page()
    await page.goto("/rider/")
    await expect(page.get_by_role("link", name="附近驿站")).to_be_visible()


@pytest.mark.parametrize("address", ["/rider/", "/console/sign-in"])
async def test_a_script_within_the_page_is_not_run(address: str, browser: Browser, site: Program) -> None:
    """Were it run, whatever slips into a page could act in the name of who reads it."""
    context = await browser.new_context(base_url=site.url)
    page = await context.new_page()
    await page.goto(address)
    told = await page.evaluate("""() => new Promise((told) => {
        document.addEventListener('securitypolicyviolation', (event) => told(event.effectiveDirective))
        document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.ran = true' }))
        setTimeout(() => told('nothing'), 2000)
    })""")
    assert ("script-src-elem", None) == (told, await page.evaluate("window.ran ?? null"))
    await context.close()


async def test_the_console_knows_who_is_signed_in(desk: BrowserContext, sign_ins: SignIns) -> None:
    await sign_ins.as_staff(desk, "demo-secretary5")
    page = await desk.new_page()
    await page.goto("/console/")
    await expect(page).to_have_url("/console/queue")


async def test_a_page_whose_files_are_gone_says_so_and_opens_when_loaded_anew(
    desk: BrowserContext, sign_ins: SignIns
) -> None:
    await sign_ins.as_staff(desk, "demo-secretary5")
    page = await desk.new_page()
    await page.goto("/console/queue")
    await page.route("**/assets/StationsPage-*", lambda route: route.fulfill(status=404))  # as after an upgrade
    await page.get_by_role("navigation", name="主要页面").get_by_role("link", name="驿站").click()
    told = page.get_by_role("alert").filter(has_text="这个页面没有打开")
    await expect(told).to_be_visible()
    await page.unroute("**/assets/StationsPage-*")
    await told.get_by_role("link", name="重新载入并打开").click()
    await expect(page.get_by_role("heading", name="驿站", exact=True)).to_be_visible()


async def test_who_is_not_signed_in_is_led_to_sign_in(desk: BrowserContext, site: Program) -> None:
    page = await desk.new_page()
    await page.goto("/console/stations")
    await expect(page).to_have_url("/console/sign-in?next=/stations")
