"""What is reported arrives once and whole: through lost networks, closed apps and a service that is killed.

The oracle is this process: what it wrote, each with words of its own, against what the service has in the end.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, Request, Response, Route, expect

from tests.acceptance.program import Program, sign_in_staff
from tests.web.browser import expect_accessible, expect_touchable, opened, phone_options, reopened, shoot
from tests.web.people import SignIns
from tests.web.reporting import begin, finish, own_reports, photo, take

RIDER, OTHER = "19900000003", "19900000011"
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


async def test_photos_cut_on_the_way_go_on_where_they_were(rider: BrowserContext, shaky: Program) -> None:
    page, offsets = await rider.new_page(), []
    begun = asyncio.Event()

    def hear(request: Request) -> None:
        if request.method == "PUT":
            offsets.append(int(request.url.rsplit("=", 1)[1]))
            begun.set()

    page.on("request", hear)
    await begin(page, photo(30, noisy=1400), photo(31))
    network = await rider.new_cdp_session(page)
    slow = {"offline": False, "latency": 5, "downloadThroughput": -1, "uploadThroughput": 40_000}
    await network.send("Network.emulateNetworkConditions", slow)
    await finish(page, words="【断了两次】")
    await asyncio.wait_for(begun.wait(), 20)
    await asyncio.sleep(2)
    await expect(page.get_by_text("正在发送")).to_be_visible()
    await shoot(page, "outbox-sending")
    # The network goes in the middle of the first photo, and comes back.
    await network.send("Network.emulateNetworkConditions", slow | {"offline": True})
    await expect(page.get_by_text("没有网络，联网后自动发出")).to_be_visible(timeout=SOON)
    begun.clear()
    await network.send("Network.emulateNetworkConditions", slow)
    await asyncio.wait_for(begun.wait(), 20)
    await asyncio.sleep(2)
    shaky.kill()  # and now the service
    await network.send("Network.emulateNetworkConditions", slow | {"uploadThroughput": -1})
    await shaky.start()
    await expect(page.get_by_text("已收到，编号")).to_be_visible(timeout=40_000)
    assert max(offsets) > 0  # it went on, and did not begin anew
    await expect_whole(page, {"【断了两次】": 2})


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
  return setInterval(ask, 200)
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
