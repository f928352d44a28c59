"""The app without a network, and a new version of it while somebody writes."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.acceptance.program import Program
from tests.web.browser import expect_accessible, opened, phone_options, shoot
from tests.web.reporting import begin, finish, photo, take

_UNTIL_IT_WAITS = """async () => {
  const registration = await navigator.serviceWorker.getRegistration('/rider/')
  await registration.update()
  while (!registration.waiting) await new Promise((again) => setTimeout(again, 50))
}"""


async def keep_app(page: Page) -> None:
    """Wait until the app's files are on the phone."""
    await page.evaluate("navigator.serviceWorker.ready.then(() => null)")


async def test_the_app_can_be_put_on_the_phone(phone: BrowserContext) -> None:
    page = await phone.new_page()
    await page.goto("/rider/")
    await keep_app(page)
    browser = await phone.new_cdp_session(page)
    errors = (await browser.send("Page.getInstallabilityErrors"))["installabilityErrors"]
    assert ["in-incognito"] == [each["errorId"] for each in errors]  # so are all pages of tests, and nothing else ails
    manifest = json.loads((await browser.send("Page.getAppManifest"))["data"])
    assert ("骑士驿站", "standalone", "/rider/") == (manifest["name"], manifest["display"], manifest["start_url"])
    for icon in manifest["icons"]:
        answer = await page.request.get(f"/rider/{icon['src']}")
        assert "image/png" == answer.headers["content-type"]


async def test_without_a_network_the_app_opens_with_the_last_answer_marked_as_old(phone: BrowserContext) -> None:
    page = await phone.new_page()
    await page.goto("/rider/")
    stations = page.get_by_role("region", name="驿站")
    await stations.get_by_role("link").first.click()
    await expect(page).to_have_url(re.compile("/rider/stations/"))
    await expect(page.get_by_role("row").first).to_be_visible()
    name = await page.get_by_role("heading", level=1).inner_text()
    await page.go_back()
    await keep_app(page)
    await phone.set_offline(True)
    await page.goto("/rider/")
    await expect(page.get_by_text(re.compile("没有网络。这是 .* 的旧结果，门可能已经关了。"))).to_be_visible()
    await expect(stations.get_by_role("link", name=name)).to_be_visible()
    await expect(page.get_by_text("演示数据，不是真实驿站")).to_be_visible()
    await page.get_by_role("button", name="饮用水").click()
    await expect(stations.get_by_role("link", name=name)).to_be_visible()
    await expect_accessible(page)
    await shoot(page, "rider-nearby-offline")
    await stations.get_by_role("link", name=name).click()
    await expect(page.get_by_text(re.compile("这是 .* 的旧信息"))).to_be_visible()
    await page.get_by_role("button", name="门开着").click()
    await expect(page.get_by_text("没有网络，这次没有发出，也不会自动补发。")).to_be_visible()
    await phone.set_offline(False)
    await page.get_by_role("button", name="重试").click()
    await expect(page.get_by_text(re.compile("旧信息"))).to_be_hidden()


class Release:
    """Stands before the program like an operator's proxy, and hands out another service worker when told to."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.number = 1

    async def pass_on(self, request: web.Request) -> web.Response:
        async with aiohttp.ClientSession() as http:
            headers = {"Accept-Encoding": "identity", "Accept-Language": request.headers.get("Accept-Language", "")}
            async with http.get(self._program.url + request.raw_path, headers=headers) as answer:
                body, kept = await answer.read(), {"Content-Type": answer.headers["Content-Type"]}
        if request.path == "/rider/sw.js":
            body += f"\n// release {self.number}\n".encode()
        return web.Response(status=answer.status, body=body, headers=kept)


@asynccontextmanager
async def released(program: Program) -> AsyncIterator[tuple[Release, str]]:
    release = Release(program)
    app = web.Application()
    app.router.add_get("/{rest:.*}", release.pass_on)
    async with TestServer(app) as server:
        yield release, str(server.make_url("")).rstrip("/")


async def test_a_new_version_waits_while_somebody_writes_and_loses_nothing(browser: Browser, site: Program) -> None:
    async with released(site) as (release, url), opened(browser, url, **phone_options()) as context:
        page = await context.new_page()
        await page.goto("/rider/")
        await expect(page.get_by_role("region", name="驿站").get_by_role("link").first).to_be_visible()
        await keep_app(page)
        await page.evaluate("localStorage.setItem('of the first version', 'kept')")
        await begin(page, photo(90, width=800))
        await finish(page, words="旧版本里写好的")
        await expect(page.get_by_role("heading", name="登录后马上发出")).to_be_visible(timeout=20_000)
        await page.get_by_role("button", name="再报一件").click()
        await take(page, photo(91, width=800))
        await page.get_by_role("button", name="就在这里").click()
        field = page.get_by_label("补充说明（可不填）")
        await field.fill("写到一半")

        release.number = 2
        await page.evaluate(_UNTIL_IT_WAITS)
        await expect(page.get_by_text("有新版本")).to_be_hidden()
        await expect(field).to_have_value("写到一半")

        for _ in range(2):
            await page.get_by_role("button", name="返回").click()
        await page.get_by_role("link", name="有 1 件还没送达").click()
        await expect(page.get_by_text("有新版本")).to_be_visible()
        await shoot(page, "rider-update")
        async with page.expect_navigation():
            await page.get_by_role("button", name="立即更新").click()
        await expect(page.get_by_text("有新版本")).to_be_hidden()
        await _expect_both_kept(page)
        waiting = "navigator.serviceWorker.getRegistration('/rider/').then((one) => one.waiting === null)"
        assert await page.evaluate(waiting)
        assert "kept" == await page.evaluate("localStorage.getItem('of the first version')")
        databases = await page.evaluate("indexedDB.databases().then((all) => all.map((one) => one.name))")
        assert "finding" in databases


async def _expect_both_kept(page: Page) -> None:
    """What waited to be sent and what was half written are there, with their words and photos, and go on."""
    posted = page.get_by_role("article").filter(has_text="旧版本里写好的")
    await expect(posted.get_by_role("status")).to_contain_text("等待登录")
    drafted = page.get_by_role("article").filter(has_text="没写完")
    for item in (posted, drafted):
        shown = item.get_by_role("img", name="照片 1")
        await expect(shown).to_be_visible()
        assert await shown.evaluate("image => image.decode().then(() => image.naturalWidth > 0)")
    await drafted.get_by_role("button", name="接着写").click()
    await expect(page.get_by_label("补充说明（可不填）")).to_have_value("写到一半")
