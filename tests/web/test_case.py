"""The page of a case: its whole life, what happens when two act at once, and what must be at hand on it."""

import re
from pathlib import Path
from typing import Any

import pytest
import shapely
from playwright.async_api import BrowserContext, Page, expect

from app.demo.pictures import draw_picture
from tests.acceptance.program import Program, sign_in_staff
from tests.web.browser import PHONE, desk_options, expect_accessible, opened, shoot
from tests.web.cases import AREAS, act, community_of, enter, expect_done, inside, open_case, post
from tests.web.people import SignIns

_NEXT_TO_7 = "370299003002"


async def test_a_case_lives_from_the_first_call_to_its_follow_up(
    desk: BrowserContext, site: Program, sign_ins: SignIns, tmp_path: Path
) -> None:
    await sign_ins.as_staff(desk, "demo-secretary8")
    case = await enter(desk, "litter", "星浦南路口垃圾桶满了（演示）", inside(8))
    await _save_template(desk, case)
    page = await open_case(desk, case)

    await page.keyboard.press("c")
    await page.get_by_text("电话", exact=True).click()
    await page.get_by_label("说明").fill("已通话，今天清理")
    await page.get_by_label("说明").press("Control+Enter")
    await expect_done(page, "联系")
    await page.keyboard.press("a")
    await expect(page.get_by_role("button", name="确定立案")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect_done(page, "立案")
    await expect(page.get_by_role("region", name="案件概况").get_by_text("已立案")).to_be_visible()

    await page.keyboard.press("d")
    await expect(page.get_by_text("按分拨规则建议：演示环卫所")).to_be_visible()
    await expect(page.get_by_text("处置时限")).to_be_visible()
    await expect_accessible(page)
    await shoot(page, "case-dispatch")
    await page.get_by_role("button", name="确定派遣").click()
    await expect_done(page, "派遣")
    await page.get_by_role("button", name="撤销").click()
    await expect(page.get_by_role("status").get_by_text("已撤销")).to_be_visible()
    await page.keyboard.press("d")
    await page.get_by_role("button", name="确定派遣").click()
    await expect_done(page, "派遣")

    # The department works; the page follows without being loaded again.
    department = await sign_in_staff(site, "demo-sanitation")
    await act(department, case, "accept")
    await expect(page.get_by_role("region", name="案件概况").get_by_text("处置中")).to_be_visible()
    await act(department, case, "handle", note="已清运两车")
    await expect(page.get_by_role("region", name="办理经过").get_by_text("已清运两车")).to_be_visible()

    await page.keyboard.press("v")
    await page.get_by_role("button", name="确定核查").click()
    await expect_done(page, "核查")
    await page.keyboard.press("e")
    for name, seed in (("处置前", 71), ("处置后", 72)):
        async with page.expect_file_chooser() as chooser:
            await page.get_by_role("button", name=f"添加{name}照片").click()
        picture = tmp_path / f"{seed}.png"
        picture.write_bytes(draw_picture(seed))
        await (await chooser.value).set_files(picture)
        await expect(page.get_by_role("listitem").get_by_role("img", name=name, exact=True)).to_be_visible()
    await page.get_by_role("button", name=_title(case)).click()
    await expect(page.get_by_label("办理结果")).to_have_value(re.compile(f"案件{case['number']}已办结"))
    await shoot(page, "case-close")
    await page.get_by_role("button", name="确定结案").click()
    await expect_done(page, "结案")
    await _compare_photos(page)
    await shoot(page, "case-closed")

    await _follow_up(page, case)
    await _print(page, case)


async def _compare_photos(page: Page) -> None:
    await page.get_by_role("button", name="前后对比").click()
    viewer = page.get_by_role("dialog", name="查看照片")
    await expect(viewer.get_by_role("img")).to_have_count(2)
    await page.keyboard.press("+")
    await expect(viewer.get_by_role("img").first).to_have_attribute("style", re.compile(r"scale\(1\.4\)"))
    await expect_accessible(page)
    await shoot(page, "case-photos")
    await page.keyboard.press("Escape")
    await expect(viewer).to_be_hidden()


async def _follow_up(page: Page, case: dict[str, Any]) -> None:
    await page.goto("/console/follow-ups")
    visit = page.get_by_role("article").filter(has_text=case["number"])
    await visit.get_by_role("button", name="没打通，记一笔").click()
    await visit.get_by_label("什么时候打的").fill("上午十点占线")
    await visit.get_by_role("button", name="确定").click()
    await expect(page.get_by_text(f"{case['number']} 已记一笔，还在待回访里").first).to_be_visible()
    await visit.get_by_role("button", name="记录回访").click()
    await visit.get_by_text("满意", exact=True).click()
    await visit.get_by_label("居民怎么说").fill("很快，谢谢")
    await expect_accessible(page)
    await shoot(page, "follow-ups")
    await visit.get_by_role("button", name="确定").click()
    await expect(visit).to_be_hidden()
    await expect(page.get_by_text(f"{case['number']} 已回访").first).to_be_visible()
    await page.goto(f"/console/cases/{case['id']}")
    await expect(page.get_by_role("region", name="内部备注").get_by_text("回访未接通：上午十点占线")).to_be_visible()


async def _print(page: Page, case: dict[str, Any]) -> None:
    await page.get_by_role("button", name="打印卷宗").click()
    paper = page.get_by_role("article")
    await expect(paper.get_by_text(case["number"]).first).to_be_visible()
    for kept in ("星浦南路口垃圾桶满了", "已清运两车", "很快，谢谢", "演示环卫所"):
        await expect(paper.get_by_text(kept).first).to_be_visible()
    await expect(paper.get_by_text("回访未接通")).to_have_count(0)  # what staff write to each other is no part of it
    await expect_accessible(page)
    await page.emulate_media(media="print", color_scheme="dark")
    await expect(page.get_by_role("button", name="打印", exact=True)).to_be_hidden()
    await expect(paper).to_have_css("background-color", "rgb(255, 255, 255)")
    await shoot(page, "case-print")


async def test_who_comes_second_is_told_what_happened_and_keeps_his_words(
    desk: BrowserContext, site: Program, sign_ins: SignIns
) -> None:
    await sign_ins.as_staff(desk, "demo-secretary7")
    case = await enter(desk, "street_light", "白帆路灯不亮（演示）", inside(7), phone=None)
    page = await desk.new_page()
    await page.route("**/cases/stream", lambda route: route.abort())  # so that nothing is told before
    await page.goto(f"/console/cases/{case['id']}")
    await page.get_by_role("button", name="不予立案").click()
    await page.get_by_label("说明").fill("属于小区内部道路")
    other = await sign_in_staff(site, "demo-grid7")
    await act(other, case, "file")
    await page.get_by_role("button", name="确定不予立案").click()
    alert = page.get_by_role("alert").filter(has_text="案件已被他人更新")
    await expect(alert).to_be_visible()
    await expect(page.get_by_role("alert").filter(has_text="填写期间案件有变化")).to_contain_text("演示网格员07")
    await expect(page.get_by_label("说明")).to_have_value("属于小区内部道路")
    await expect(page.get_by_role("region", name="案件概况").get_by_text("已立案")).to_be_visible()
    await shoot(page, "case-conflict")

    # What is no longer possible at all says so, and the words stay to be copied.
    await act(other, case, "handle", note="已换灯泡")
    await page.get_by_role("button", name="再试一次").click()
    await expect(page.get_by_role("alert").filter(has_text="现在不能再“不予立案”了")).to_be_visible()
    await expect(page.get_by_label("说明")).to_have_value("属于小区内部道路")
    await expect(page.get_by_role("button", name="再试一次")).to_be_disabled()
    await page.reload()
    await page.get_by_role("button", name="退回").click()
    await expect(page.get_by_label("说明")).to_have_value("")


@pytest.mark.maps
async def test_a_case_on_a_line_is_handed_over_in_one_step(desk: BrowserContext, sign_ins: SignIns) -> None:
    await sign_ins.as_staff(desk, "demo-secretary7")
    case = await enter(desk, "blocked_lane", "两个社区交界处占道（演示）", _on_line(7, _NEXT_TO_7))
    page = await open_case(desk, case)
    place = page.get_by_role("region", name="位置", exact=True)
    await expect(place.get_by_text("正好在两个网格的界线上")).to_be_visible()
    await expect(place.get_by_text(re.compile(r"距它的界线 \d+\.\d 米"))).to_have_count(2)
    await expect(place.locator("canvas")).to_be_visible()
    await expect_accessible(page)
    await shoot(page, "case-line")
    await place.get_by_role("button", name=re.compile("移交过去.*星浦社区")).click()
    await expect(page.get_by_role("heading", name="案件已不在您的管辖范围内")).to_be_visible()
    await expect_accessible(page)
    await page.get_by_role("button", name="返回待办").click()
    await expect(page).to_have_url(re.compile("/console/queue"))


async def test_a_duplicate_is_dismissed_restored_merged_and_split_off_again(
    desk: BrowserContext, sign_ins: SignIns
) -> None:
    await sign_ins.as_staff(desk, "demo-secretary5")
    where = inside(5)
    first = await enter(desk, "rubble", "晴川北门建筑垃圾两堆（演示）", where, phone=None)
    second = await enter(desk, "rubble", "晴川北门堆了建筑垃圾（演示）", where, phone=None)
    page = await open_case(desk, second)
    beside = page.get_by_role("region", name="疑似重复")
    await expect(beside.get_by_text(re.compile(r"相似 \d+%")).first).to_be_visible()
    await beside.get_by_role("button", name=f"不是同一件 {first['number']}").click()
    await beside.get_by_text("已排除").click()
    await beside.get_by_role("button", name="恢复").first.click()
    await beside.get_by_role("button", name=f"并入它 {first['number']}").click()
    await expect(page.get_by_text(re.compile(f"^{first['number']} ")).first).to_be_visible()
    await expect_accessible(page)
    await shoot(page, "case-duplicates")
    await page.get_by_role("button", name="确定并案").click()
    await expect_done(page, "并案")
    await expect(beside.get_by_role("link", name=first["number"])).to_be_visible()
    await page.keyboard.press("z")
    await expect(page.get_by_role("status").get_by_text("已撤销")).to_be_visible()
    await expect(page.get_by_role("region", name="案件概况").get_by_text("待立案")).to_be_visible()


async def test_a_contact_is_masked_and_seen_whole_for_a_reason_that_is_kept(
    desk: BrowserContext, site: Program, sign_ins: SignIns
) -> None:
    await sign_ins.as_staff(desk, "demo-secretary6")
    case = await enter(desk, "help", "想问孩子入学（演示）", inside(6), name="演示居民丁", phone="19900003377")
    page = await open_case(desk, case)
    contact = page.get_by_role("region", name="联系人")
    await expect(contact.get_by_text("199****3377")).to_be_visible()
    await contact.get_by_role("button", name="查看完整").click()
    await expect(contact.get_by_role("button", name="显示")).to_be_disabled()
    await contact.get_by_label("查看理由").fill("十五分钟内回电")
    await contact.get_by_role("button", name="显示").click()
    await expect(contact.get_by_role("link", name="19900003377")).to_be_visible()
    await expect_accessible(page)
    await contact.get_by_role("button", name="隐藏", exact=True).click()
    await expect(contact.get_by_text("19900003377")).to_have_count(0)
    auditor = await sign_in_staff(site, "demo-auditor")
    _, trail = await auditor.ask("GET", "/api/v1/audit", act="person.unmasked")
    assert (str(case["id"]), "十五分钟内回电") in [(each["subject_id"], each["reason"]) for each in trail["entries"]]

    await page.get_by_role("textbox", name="写备注").fill("@demo-admin 请留意")
    await page.get_by_role("button", name="发布备注").click()
    await expect(page.get_by_text("提及 演示区级管理员")).to_be_visible()


async def test_the_page_holds_in_english_in_the_dark_and_on_a_phone(
    site: Program, sign_ins: SignIns, browser: Any
) -> None:
    async with opened(browser, site.url, **desk_options(language="en", is_dark=True)) as dark:
        await sign_ins.as_staff(dark, "demo-secretary2")
        case = await enter(dark, "road_damage", "观澜路口坑洞（演示）", inside(2))
        page = await open_case(dark, case)
        await expect(page.get_by_role("heading", name="History")).to_be_visible()
        await page.get_by_role("button", name="Contact", exact=True).click()
        await expect_accessible(page)
        await shoot(page, "case-dark-en")
        await page.set_viewport_size(PHONE)
        await expect_accessible(page)
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        await shoot(page, "case-dark-en")
        await page.goto("/console/follow-ups")
        await expect(page.get_by_role("heading", name="Follow-ups due")).to_be_visible()
        await expect_accessible(page)
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        await shoot(page, "follow-ups-dark-en")


def _title(case: dict[str, Any]) -> str:
    return f"清运答复 {case['number'][-4:]}"


async def _save_template(context: BrowserContext, case: dict[str, Any]) -> None:
    body = {"title": _title(case), "body": "案件{case_number}已办结，现场已清运", "verb": "close", "field": "result"}
    await post(context, "/api/v1/templates", body)


def _on_line(number: int, neighbour: str) -> shapely.Point:
    """Give a corner of the line between a secretary's community and another, at which only two grids meet."""
    line = shapely.line_merge(AREAS[community_of(number)].shape.intersection(AREAS[neighbour].shape))
    return shapely.get_point(line, 1)
