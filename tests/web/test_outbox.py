"""What is reported arrives once and whole: through lost networks, closed apps and a service that is killed.

The oracle is this process: what it wrote, each with words of its own, against what the service has in the end.
"""

import asyncio
import json
import re
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, Request, Response, Route, expect

from app.postgres import running
from core.database import connected
from tests.acceptance.program import Program, sign_in_staff
from tests.web.browser import expect_accessible, expect_touchable, opened, phone_options, reopened, shoot
from tests.web.line import line_to
from tests.web.people import SignIns
from tests.web.reporting import begin, finish, own_reports, photo, take

RIDER, OTHER, LEAVING = "19900000003", "19900000011", "19900000006"
SOON = 20_000


@pytest_asyncio.fixture(scope="module")
async def shaky() -> AsyncIterator[Program]:
    """Run a program of our own, which is killed here."""
    with tempfile.TemporaryDirectory(prefix="station-outbox-") as folder:
        started = Program(Path(folder))
        try:
            await started.start()
            yield started
        finally:
            started.stop()


@pytest_asyncio.fixture(scope="module")
async def shaky_sign_ins(shaky: Program) -> SignIns:
    return SignIns(shaky)


@pytest_asyncio.fixture
async def rider(browser: Browser, shaky: Program, shaky_sign_ins: SignIns) -> AsyncIterator[BrowserContext]:
    """Hold the phone of a rider who is signed in."""
    async with opened(browser, shaky.url, **phone_options()) as context:
        await shaky_sign_ins.as_rider(context, RIDER)
        yield context


async def expect_whole(page: Page, expected: dict[str, int]) -> None:
    """Wait until nothing is left to send, and compare: each of these words once, with all its photos."""
    await page.goto("/rider/me/reports")
    await expect(page.get_by_role("heading", name="我的上报")).to_be_visible()
    await expect(page.get_by_text("还没送达")).to_have_count(0, timeout=SOON)
    reports = await own_reports(page)
    assert expected == {words: reports[words]["photos_received"] for words in expected if words in reports}
    assert all(reports[words]["photos_expected"] == photos for words, photos in expected.items())


async def test_reports_written_without_a_network_survive_a_restart_of_the_phone(
    browser: Browser, shaky: Program, shaky_sign_ins: SignIns, tmp_path: Path
) -> None:
    async with reopened(browser, tmp_path, shaky.url, **phone_options()) as phone:
        await shaky_sign_ins.as_rider(phone, RIDER)
        page = await phone.new_page()
        await begin(page, photo(10), photo(11))
        await expect(page.locator("canvas")).to_be_visible(timeout=SOON)
        await page.wait_for_load_state("networkidle")
        await phone.set_offline(True)
        await finish(page, words="【离线一】")
        await expect(page.get_by_role("heading", name="已存在手机里")).to_be_visible(timeout=SOON)
        await expect_accessible(page)
        await shoot(page, "outbox-offline")
        for number in (12, 13):
            await page.get_by_role("button", name="再报一件").click()
            await take(page, photo(number))
            if number == 12:
                await finish(page, words="【离线二】")
                await expect(page.get_by_role("heading", name="已存在手机里")).to_be_visible(timeout=SOON)
        await page.close()  # in the middle of the third

    async with reopened(browser, tmp_path, shaky.url, **phone_options()) as phone:
        await shaky_sign_ins.as_rider(phone, RIDER)
        page, other = await phone.new_page(), await phone.new_page()
        await asyncio.gather(page.goto("/rider/outbox"), other.goto("/rider/outbox"))  # both would send
        await expect(page.get_by_text("已收到，编号")).to_have_count(2, timeout=SOON)
        await expect_accessible(page)
        await expect_touchable(page)
        await shoot(page, "outbox-draft-and-received")
        await page.get_by_role("button", name="接着写").click()
        await finish(page, words="【离线三】")
        await expect(page.get_by_text("已收到，编号")).to_be_visible(timeout=SOON)
        await expect_whole(page, {"【离线一】": 2, "【离线二】": 1, "【离线三】": 1})


async def test_a_report_whose_answer_never_came_because_the_service_was_killed(
    rider: BrowserContext, shaky: Program
) -> None:
    page, bodies = await rider.new_page(), []

    async def take_and_die(route: Route) -> None:
        bodies.append(route.request.post_data)
        if len(bodies) == 1:
            taken = await route.fetch()
            assert 201 == taken.status  # the service has it …
            shaky.kill()  # … and the phone never hears so
            await route.abort()
        else:
            await route.continue_()

    await page.route("**/api/v1/reports", take_and_die)
    await begin(page, photo(20), photo(21))
    await finish(page, words="【没有回音】")
    await expect(page.get_by_text("没有网络，联网后自动发出")).to_be_visible(timeout=SOON)
    await expect(page.get_by_role("button", name="修改")).to_have_count(0)  # the service may have it
    await page.get_by_role("button", name="删除").click()
    await expect(page.get_by_text("它可能已经送达")).to_be_visible()
    await page.get_by_role("button", name="不删").click()
    await shaky.start()
    await page.get_by_role("button", name="现在再试").click()
    await expect(page.get_by_text("已收到，编号")).to_be_visible(timeout=SOON)
    assert bodies[0] == bodies[1]
    await expect_whole(page, {"【没有回音】": 2})


async def until_arrived(program: Program, *, more_than: int) -> int:
    """Wait until more than so many bytes of a photo have arrived, and give how many have."""
    async with asyncio.timeout(60):
        while True:
            arrived = sum(each.stat().st_size for each in (program.data_dir / "uploads").glob("*/*"))
            if arrived > more_than:
                return arrived
            await asyncio.sleep(0.05)


@pytest.mark.usefixtures("rider")  # signed in where he posts; the line lends his cookies
async def test_photos_cut_on_the_way_go_on_where_they_were(
    browser: Browser, shaky: Program, shaky_sign_ins: SignIns
) -> None:
    offsets = []

    def hear(request: Request) -> None:
        if request.method == "PUT":
            offsets.append(int(request.url.rsplit("=", 1)[1]))

    async def go_on(tap: Awaitable[object], page: Page) -> int:
        """Wait until a photo is sent anew after `tap` and more of it has arrived; give how much has."""
        async with page.expect_request(lambda request: request.method == "PUT"):
            await tap
        return await until_arrived(shaky, more_than=offsets[-1])

    async with line_to(shaky.url) as line, opened(browser, line.url, **phone_options()) as phone:
        await shaky_sign_ins.as_rider(phone, RIDER)
        page = await phone.new_page()
        page.on("request", hear)
        await begin(page, photo(30, noisy=1400), photo(31, noisy=1400))
        line.bytes_a_second = 20_000
        await finish(page, words="【断了三次】")
        await until_arrived(shaky, more_than=0)
        await expect(page.get_by_text("正在发送")).to_be_visible()
        await shoot(page, "outbox-sending")
        line.is_down = True  # the network goes in the middle of it, and comes back
        line.cut()
        await expect(page.get_by_text("没有网络，联网后自动发出")).to_be_visible(timeout=SOON)
        line.is_down = False
        await go_on(page.get_by_role("button", name="现在再试").click(), page)
        await page.close()  # now the tab is killed; another goes on
        line.cut()
        page = await phone.new_page()
        page.on("request", hear)
        arrived = await go_on(page.goto("/rider/outbox"), page)
        shaky.kill()  # and then the service
        line.bytes_a_second = None
        await shaky.start()
        await expect(page.get_by_text("已收到，编号")).to_be_visible(timeout=40_000)
        assert max(offsets) >= arrived  # it went on, and did not begin anew
        await expect_whole(page, {"【断了三次】": 2})


async def test_a_service_that_is_asked_too_often_is_asked_again_when_it_says(rider: BrowserContext) -> None:
    page, statuses, is_refused = await rider.new_page(), [], asyncio.Event()

    def hear(answer: Response) -> None:
        if "idempotency-key" in answer.request.headers:
            statuses.append(answer.status)
            is_refused.set()

    page.on("response", hear)
    await begin(page, photo(40))
    await page.get_by_role("button", name="就在这里").click()
    await page.get_by_label("补充说明（可不填）").fill("【太多了】")
    spending = await page.evaluate(SPEND)
    await page.get_by_role("button", name="暴露垃圾").click()
    await asyncio.wait_for(is_refused.wait(), 20)
    await page.evaluate("spending => clearInterval(spending)", spending)
    await expect(page.get_by_text("已收到，编号")).to_be_visible(timeout=SOON)
    assert (429, 201) == (statuses[0], statuses[-1])
    await expect_whole(page, {"【太多了】": 1})


#: Spend what a rider may send at once, and go on spending; nothing of it is a report.
SPEND = """async () => {
  const { csrf_token } = await (await fetch('/api/v1/session')).json()
  const headers = { 'X-CSRF-Token': csrf_token, 'Content-Type': 'application/json' }
  const ask = () => fetch('/api/v1/reports', { method: 'POST', headers, body: '{}' })
  let answers = []
  do answers = await Promise.all(Array.from({ length: 20 }, ask))
  while (answers.at(-1).status !== 429)
  return setInterval(ask, 50)
}"""


async def test_what_the_service_refuses_says_why_and_is_mended_under_a_new_key(
    rider: BrowserContext, shaky: Program
) -> None:
    page, keys = await rider.new_page(), []

    def hear(request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/api/v1/reports"):
            keys.append(request.headers["idempotency-key"])

    page.on("request", hear)
    await begin(page, photo(50))
    await page.get_by_role("button", name="就在这里").click()
    await expect(page.get_by_role("button", name="绿化损坏")).to_be_visible()
    admin = await sign_in_staff(shaky, "demo-admin")
    retired = {"zh": "绿化损坏", "en": "Damaged greenery", "is_active": False}
    assert 200 == (await admin.ask("PUT", "/api/v1/categories/greenery", retired))[0]
    await page.get_by_label("补充说明（可不填）").fill("【换个类别】")
    await page.get_by_role("button", name="绿化损坏").click()
    await expect(page.get_by_role("heading", name="还没有送达")).to_be_visible(timeout=SOON)
    await expect_accessible(page)
    await expect_touchable(page)
    await shoot(page, "outbox-problem")
    await page.get_by_role("button", name="修改").click()
    await expect(page.get_by_label("补充说明（可不填）")).to_have_value("【换个类别】")
    await page.get_by_role("button", name="其他").click()
    await expect(page.get_by_text("已收到，编号")).to_be_visible(timeout=SOON)
    assert 2 == len(set(keys))
    await expect_whole(page, {"【换个类别】": 1})


async def test_a_report_waits_for_its_own_rider(rider: BrowserContext, shaky_sign_ins: SignIns) -> None:
    page = await rider.new_page()
    await begin(page, photo(60))
    await rider.clear_cookies()  # the session has ended
    await finish(page, words="【等本人】")
    await expect(page.get_by_role("heading", name="登录后马上发出")).to_be_visible(timeout=SOON)
    await shoot(page, "outbox-sign-in")
    await shaky_sign_ins.as_rider(rider, OTHER)
    await page.goto("/rider/outbox")
    await expect(page.get_by_text("这部手机上另一位骑手的上报")).to_be_visible()
    await expect(page.get_by_text("【等本人】")).to_have_count(0)
    assert "【等本人】" not in await own_reports(page)
    await shaky_sign_ins.as_rider(rider, RIDER)
    await page.goto("/rider/outbox")
    await expect(page.get_by_text("已收到，编号")).to_be_visible(timeout=SOON)
    await expect_whole(page, {"【等本人】": 1})


async def count_reports(program: Program, words: str) -> int:
    """Count in the database itself what was reported with these words, whoever did."""
    async with running(program.data_dir) as server, connected(server.superuser_dsn) as conn:
        found: int = await conn.fetchval("select count(*) from report where description = $1", words)
        return found


async def test_a_service_that_is_down_is_asked_again_when_it_says(rider: BrowserContext, shaky: Program) -> None:
    page, moments = await rider.new_page(), []

    async def be_down(route: Route) -> None:
        # Down for work, or too busy, cannot be brought about to the second: a gate before the service says so here.
        moments.append(time.monotonic())
        if len(moments) == 1:
            page_of_gate = "<h1>503 Service Temporarily Unavailable</h1>"
            # Longer than the outbox would rest by itself.
            await route.fulfill(status=503, headers={"Retry-After": "3"}, content_type="text/html", body=page_of_gate)
        elif len(moments) == 2:
            assert 201 == (await route.fetch()).status  # the service has it, and yet the answer is no
            problem = {"type": "/problems#overloaded", "title": "服务繁忙", "detail": "维护中，稍后恢复。"}
            headers = {"Retry-After": "1", "Content-Type": "application/problem+json"}
            await route.fulfill(status=503, headers=headers, body=json.dumps(problem))
        else:
            await route.continue_()

    await page.route("**/api/v1/reports", be_down)
    await begin(page, photo(70, width=800))
    await finish(page, words="【维护中】")
    await expect(page.get_by_text(re.compile("服务繁忙，([123] 秒后|马上)自动再试"))).to_be_visible(timeout=SOON)
    await expect(page.get_by_text("服务暂时不能用（503）")).to_be_visible()
    await expect_accessible(page)
    await shoot(page, "outbox-busy")
    await expect(page.get_by_text("维护中，稍后恢复。")).to_be_visible()
    await expect(page.get_by_role("button", name="修改")).to_have_count(0)  # the service may have it
    await expect(page.get_by_text("已收到，编号")).to_be_visible(timeout=SOON)
    first, second, third = moments
    assert second - first >= 3
    assert third - second >= 1
    await expect_whole(page, {"【维护中】": 1})
    assert 1 == await count_reports(shaky, "【维护中】")


#: Write down noise until not even a few bytes more are kept.
FILL = """async () => {
  const asked = indexedDB.open('noise', 1)
  asked.onupgradeneeded = () => asked.result.createObjectStore('noise', { autoIncrement: true })
  const box = await new Promise((opened) => (asked.onsuccess = () => opened(asked.result)))
  for (let size = 65536; size > 16; ) {
    const act = box.transaction('noise', 'readwrite')
    act.objectStore('noise').add(crypto.getRandomValues(new Uint8Array(size)))
    const isKept = await new Promise((told) => ((act.oncomplete = () => told(true)), (act.onabort = () => told(false))))
    if (!isKept) size /= 2
  }
  box.close()
}"""


async def test_a_full_phone_says_so_and_loses_nothing(
    browser: Browser, shaky: Program, shaky_sign_ins: SignIns
) -> None:
    # Without a service worker, whose files would need room too.
    async with opened(browser, shaky.url, **phone_options(), service_workers="block") as rider:
        await shaky_sign_ins.as_rider(rider, RIDER)
        page = await rider.new_page()
        await page.goto("/readyz")  # where nothing is kept yet: a browser goes by the room it last asked for
        await _report_on_a_full_phone(rider, page, shaky)


async def _report_on_a_full_phone(rider: BrowserContext, page: Page, shaky: Program) -> None:
    disk, origin = await rider.new_cdp_session(page), {"origin": shaky.url}

    async def make_room() -> None:
        usage = (await disk.send("Storage.getUsageAndQuota", origin))["usage"]
        await disk.send("Storage.overrideQuotaForOrigin", origin | {"quotaSize": int(usage) + 2_000_000})

    await disk.send("Storage.overrideQuotaForOrigin", origin | {"quotaSize": 1})
    told = page.get_by_role("dialog").filter(has_text="手机存储空间已满，内容没能存下")
    await page.goto("/rider/report")
    await page.get_by_label("拍照").set_input_files(photo(71, width=800))
    await told.get_by_role("button", name="确认").click()
    await expect(page.get_by_role("alert")).to_contain_text("请清理一些空间，再试一次")
    await expect(page.get_by_text("没写完的")).to_have_count(0)  # no draft without its photo
    await make_room()
    await take(page, photo(71, width=800))
    await expect(page.get_by_role("alert")).to_have_count(0)
    await page.evaluate(FILL)
    await page.get_by_label("加照片").set_input_files(photo(72, width=800))
    await told.get_by_role("button", name="确认").click()
    await expect(page.get_by_role("img", name="照片")).to_have_count(1)
    await make_room()
    await page.get_by_role("button", name="就在这里").click()
    words = page.get_by_label("补充说明（可不填）")
    await expect(words).to_be_visible()
    await page.evaluate(FILL)
    await words.fill("【存满】")
    await page.get_by_role("button", name="暴露垃圾").click()
    await expect_accessible(page)
    await told.get_by_role("button", name="确认").click()
    await expect(words).to_have_value("【存满】")
    await expect_accessible(page)
    await shoot(page, "report-full")

    # What is in the outbox rests, too: what could not be noted as sent would be sent twice.
    await make_room()
    await rider.set_offline(True)
    await page.get_by_role("button", name="暴露垃圾").click()
    await expect(page.get_by_role("heading", name="已存在手机里")).to_be_visible(timeout=SOON)
    await page.evaluate(FILL)
    await rider.set_offline(False)
    await expect(page.get_by_text("手机存储空间已满，腾出空间后自动发出")).to_be_visible(timeout=SOON)
    await expect_accessible(page)
    await shoot(page, "outbox-full")
    assert 0 == await count_reports(shaky, "【存满】")
    await make_room()
    await page.get_by_role("button", name="现在再试").click()
    await expect(page.get_by_text("已收到，编号")).to_be_visible(timeout=SOON)
    await expect_whole(page, {"【存满】": 1})


async def test_a_browser_that_keeps_nothing_says_so_and_still_finds_stations(rider: BrowserContext) -> None:
    # Each Chromium that can be started has IndexedDB; where site data is blocked, opening it throws just this.
    await rider.add_init_script("IDBFactory.prototype.open = () => { throw new DOMException('', 'SecurityError') }")
    page = await rider.new_page()
    await page.goto("/rider/report")
    await expect(page.get_by_role("alert")).to_contain_text("在这里不能上报。请换普通窗口或换一个浏览器打开。")
    await expect_accessible(page)
    await shoot(page, "report-nothing-kept")
    await page.get_by_label("拍照").set_input_files(photo(73, width=800))
    await page.get_by_role("dialog").get_by_role("button", name="确认").click()
    await page.goto("/rider/outbox")
    await expect(page.get_by_role("alert")).to_contain_text("请换普通窗口打开")
    await page.goto("/rider/")
    await expect(page.get_by_role("region", name="驿站").get_by_role("link").first).to_be_visible()


async def test_who_signs_out_leaves_what_was_not_sent_waiting_for_himself(
    browser: Browser, shaky: Program, shaky_sign_ins: SignIns
) -> None:
    async with opened(browser, shaky.url, **phone_options()) as phone:
        await shaky_sign_ins.as_rider(phone, LEAVING)
        page = await phone.new_page()
        # A network that lets everything through but reports: none that exists does so when told to.
        await phone.route("**/api/v1/reports", lambda route: route.abort())
        await begin(page, photo(74, width=800))
        await finish(page, words="【退出】")
        await expect(page.get_by_role("heading", name="已存在手机里")).to_be_visible(timeout=SOON)
        async with opened(browser, shaky.url, storage_state=await phone.storage_state()) as copy:
            assert 200 == (await copy.request.get("/api/v1/reports")).status
            await _sign_out(page)
            assert 401 == (await copy.request.get("/api/v1/reports")).status  # it has ended for all who hold it
        await phone.unroute("**/api/v1/reports")
        await page.goto("/rider/me/reports")
        await expect(page).to_have_url("/rider/sign-in?next=/me/reports")

        await page.goto("/rider/outbox")
        await expect(page.get_by_text("等待登录")).to_be_visible(timeout=SOON)
        await expect(page.get_by_text("【退出】")).to_be_visible()
        await expect(page.get_by_role("img", name="照片 1")).to_be_visible()
        await expect_accessible(page)
        await shoot(page, "outbox-signed-out")
        await shaky_sign_ins.as_rider(phone, OTHER)
        await page.reload()
        await page.wait_for_load_state("networkidle")  # whatever would be sent has been
        await expect(page.get_by_text("这部手机上另一位骑手的上报")).to_be_visible()
        await expect(page.get_by_text("【退出】")).to_have_count(0)
        assert 0 == await count_reports(shaky, "【退出】")


async def _sign_out(page: Page) -> None:
    await page.goto("/rider/me")
    await page.get_by_role("button", name="退出登录").click()
    sure = page.get_by_role("dialog", name="退出登录").filter(has_text="未发送的上报仍保留在这台手机上")
    await expect(sure).to_be_focused()
    await expect_accessible(page)
    await shoot(page, "rider-sign-out")
    await sure.get_by_role("button", name="退出登录").click()
    await expect(page.get_by_text("已退出")).to_be_visible()
    await expect(page.get_by_role("link", name="登录")).to_be_visible()
