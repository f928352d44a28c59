"""The queue: what breaches next on top, live, by keyboard, and an accept that can be taken back."""

import re
import uuid
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from tests.acceptance.program import Caller, Program
from tests.web.browser import HIDDEN_QUEUE_MAP, desk_options, expect_accessible, opened, phone_options, shoot
from tests.web.cases import inside, post
from tests.web.people import SignIns

SECRETARY = "demo-secretary8"
#: Longer than an act is held back.
SENT_MS = 10_000


@pytest.mark.maps
async def test_a_case_arrives_by_itself_and_is_filed_by_keyboard(
    desk: BrowserContext, site: Program, sign_ins: SignIns
) -> None:
    page = await _open_queue(desk, sign_ins)
    await expect(page.get_by_text("● 实时")).to_be_visible()
    words = await _appeal(site)
    await expect(_row(page, words)).to_be_visible()
    await expect(_row(page, words).get_by_text("新", exact=True)).to_be_visible()
    await expect(_row(page, words).get_by_text(re.compile("仅剩 1[45] 分"))).to_be_visible()

    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await expect(_chosen(page)).to_have_attribute("href", await _address_of_row(page, 1))
    await page.keyboard.press("k")
    await expect(_chosen(page)).to_have_attribute("href", await _address_of_row(page, 0))
    more = await _appeal(site)  # while somebody reads no row moves
    await expect(page.get_by_role("button", name="有 1 件新案件，点此显示")).to_be_visible()
    await expect(_row(page, more)).to_have_count(0)
    await expect_accessible(page)
    await page.keyboard.press("n")
    await expect(_row(page, more)).to_be_visible()

    await page.keyboard.press("/")
    await page.keyboard.type(words)
    await expect(page.get_by_role("listitem").filter(has=page.get_by_role("checkbox"))).to_have_count(1)
    await page.keyboard.press("Enter")
    await page.keyboard.press("a")
    await expect(page.get_by_role("button", name="撤销")).to_be_visible()
    await page.keyboard.press("z")
    await expect(page.get_by_text("没有改动")).to_be_visible()
    await expect(_row(page, words).get_by_text("待立案")).to_be_visible()
    await page.keyboard.press("a")
    await expect(_row(page, words).get_by_text("已立案")).to_be_visible(timeout=SENT_MS)
    await page.keyboard.press("d")
    dialog = page.get_by_role("dialog", name="派遣")
    await expect(dialog.get_by_text("演示环卫所")).to_be_visible()
    await expect_accessible(page)
    await dialog.get_by_role("button", name="派遣").click()
    await expect(_row(page, words).get_by_text("已派遣")).to_be_visible()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="键盘快捷键")).to_contain_text("立案 / 接收（5 秒内可撤销）")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="清除筛选").click()
    await page.get_by_role("button", name="显示地图").click()
    await expect(page.get_by_role("region", name="案件地图").locator("canvas")).to_be_visible()
    await expect_accessible(page)
    await page.wait_for_timeout(1000)  # until the map has drawn itself for the picture
    await shoot(page, "console-queue")


async def test_leaving_the_page_sends_what_was_held_back(
    desk: BrowserContext, site: Program, sign_ins: SignIns
) -> None:
    page = await _open_queue(desk, sign_ins)
    words = await _appeal(site)
    await _row(page, words).get_by_role("button", name=re.compile("立案")).click()
    await expect(page.get_by_role("button", name="撤销")).to_be_visible()
    await page.goto("/livez")
    await _expect_state(desk, words, "filed")


async def test_what_found_no_network_is_sent_when_the_queue_is_opened_again(
    desk: BrowserContext, site: Program, sign_ins: SignIns
) -> None:
    page = await _open_queue(desk, sign_ins)
    words = await _appeal(site)
    await expect(_row(page, words)).to_be_visible()
    await desk.set_offline(True)
    await expect(page.get_by_text("没有网络，显示的是断网前的内容")).to_be_visible()
    await _row(page, words).get_by_role("button", name=re.compile("立案")).click()
    await expect(page.get_by_text("联网后自动再送")).to_be_visible(timeout=SENT_MS)
    meanwhile = await _appeal(site)
    await page.evaluate(  # as a quarter of a minute later
        """() => localStorage.setItem('held-acts', JSON.stringify(
            JSON.parse(localStorage.getItem('held-acts')).map((act) => ({...act, at: act.at - 15000}))))"""
    )
    await desk.set_offline(False)
    await expect(page.get_by_text("● 实时")).to_be_visible()
    await _expect_state(desk, words, "filed")
    await page.mouse.move(0, 0)
    await page.keyboard.press("n")
    await expect(_row(page, meanwhile)).to_be_visible()


async def test_words_are_looked_for_beyond_the_rows_that_are_shown(desk: BrowserContext, sign_ins: SignIns) -> None:
    await sign_ins.as_staff(desk, "demo-admin")
    await desk.add_init_script(HIDDEN_QUEUE_MAP)
    page = await desk.new_page()
    await page.goto("/console/queue")
    await expect(page.get_by_text("50 件，还有更多")).to_be_visible()
    last = (await _cases(desk))[-1]
    await expect(_row(page, last["number"])).to_have_count(0)
    await page.get_by_role("textbox", name="查找案件号").fill(last["description"])
    await expect(_row(page, last["number"])).to_be_visible()
    await page.get_by_role("textbox", name="查找案件号").fill("没有这样的话")
    await expect(page.get_by_text("没有符合筛选的案件")).to_be_visible()
    await page.get_by_role("button", name="清除筛选").first.click()
    await expect(_row(page, last["number"])).to_be_visible()


async def test_a_filter_lives_in_the_address_and_under_a_name(
    browser: Browser, site: Program, sign_ins: SignIns
) -> None:
    async with opened(browser, site.url, **desk_options(language="en", is_dark=True)) as desk:
        page = await _open_queue(desk, sign_ins)
        await page.get_by_role("navigation", name="My day").get_by_role("button", name="Overdue").click()
        await expect(page).to_have_url("/console/queue?clock=overdue")
        await expect(page.get_by_text("late").first).to_be_visible()
        await page.reload()
        await expect(page.get_by_role("search").get_by_text("Overdue")).to_be_visible()
        await expect(page.get_by_text(re.compile(r"\d (h|min|s) left"))).to_have_count(0)
        await expect_accessible(page)
        await shoot(page, "console-queue-dark")
        name = f"late {uuid.uuid4().hex[:6]}"
        await page.get_by_role("button", name="Saved filters").click()
        await page.get_by_role("button", name="Save this filter…").click()
        await page.get_by_label("Name").fill(name)
        await page.get_by_role("button", name="Save", exact=True).click()
        await expect(page.get_by_role("dialog", name="Save this filter…")).to_be_hidden()
        await page.get_by_role("button", name="Clear filter").click()
        await expect(page).to_have_url("/console/queue")
        await page.get_by_role("button", name="Saved filters").click()
        await page.get_by_role("button", name=name).first.click()
        await expect(page).to_have_url("/console/queue?clock=overdue")


async def test_many_are_done_at_once_with_what_came_of_each(browser: Browser, site: Program, sign_ins: SignIns) -> None:
    async with opened(browser, site.url, **phone_options()) as phone:
        page = await _open_queue(phone, sign_ins)
        first, second = await _appeal(site), await _appeal(site)
        await expect(_row(page, second)).to_be_visible()
        for words in (first, second):
            await _row(page, words).get_by_text(words).scroll_into_view_if_needed()
            await _row(page, words).locator("label").click()
        await post(phone, f"/api/v1/cases/{(await _find(phone, first))['id']}/file", {})  # a colleague was quicker
        await page.get_by_role("button", name="立案 / 接收").click()
        results = page.get_by_role("dialog", name="批量办理结果")
        await expect(results).to_contain_text("1 件成功，1 件未成功")
        await expect_accessible(page)
        await shoot(page, "console-queue-bulk")
        await results.get_by_role("button", name="关闭", exact=True).click()
        await expect(_row(page, second).get_by_text("已立案")).to_be_visible()
        await expect_accessible(page)
        await shoot(page, "console-queue")


async def _open_queue(context: BrowserContext, sign_ins: SignIns) -> Page:
    await sign_ins.as_staff(context, SECRETARY)
    await context.add_init_script(HIDDEN_QUEUE_MAP)
    page = await context.new_page()
    await page.goto("/console/queue")
    await expect(page.get_by_role("listitem").filter(has=page.get_by_role("checkbox")).first).to_be_visible()
    return page


def _row(page: Page, words: str) -> Locator:
    return page.get_by_role("listitem").filter(has_text=words)


def _chosen(page: Page) -> Locator:
    return page.locator("a[aria-current=true]")


async def _address_of_row(page: Page, place: int) -> str:
    rows = page.get_by_role("listitem").filter(has=page.get_by_role("checkbox"))
    return await rows.nth(place).get_by_role("link").get_attribute("href") or ""


async def _cases(context: BrowserContext, **params: Any) -> list[dict[str, Any]]:
    answer = await context.request.get("/api/v1/cases", params={"limit": 200, **params})
    found: list[dict[str, Any]] = (await answer.json())["cases"]
    return found


async def _appeal(site: Program) -> str:
    """Let a resident of the secretary's community ask for something, and give the words that tell it from others."""
    words, where = f"示例诉求{uuid.uuid4().hex[:8]}", inside(8)
    place = {"lon": where.x, "lat": where.y, "datum": "wgs84"}
    body = {"category": "litter", "text": words, "place": place}
    status, answer = await Caller(site).ask("POST", "/api/v1/appeals", body, key=str(uuid.uuid4()))
    assert 201 == status, answer
    return words


async def _find(context: BrowserContext, words: str) -> dict[str, Any]:
    return next(each for each in await _cases(context, order="newest") if each["description"] == words)


async def _expect_state(context: BrowserContext, words: str, state: str) -> None:
    page = context.pages[-1]
    for _ in range(100):
        if (await _find(context, words))["state"] == state:
            return
        await page.wait_for_timeout(100)
    assert state == (await _find(context, words))["state"]
