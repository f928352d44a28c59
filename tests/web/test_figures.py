"""The figures and the wall: rates with what they are of, into an area and back, out as a workbook and a picture."""

import io

import openpyxl
import pytest
from playwright.async_api import Browser, BrowserContext, expect

from tests.acceptance.program import Program
from tests.web.browser import desk_options, expect_accessible, opened, shoot
from tests.web.people import SignIns


@pytest.mark.maps
async def test_figures_say_what_they_are_of_and_lead_into_an_area(desk: BrowserContext, sign_ins: SignIns) -> None:
    await sign_ins.as_staff(desk, "demo-admin")
    page = await desk.new_page()
    await page.goto("/console/figures")
    response = page.get_by_role("button", name="响应率")
    await expect(response).to_contain_text("%")
    await response.click()
    await expect(page.get_by_text("每一轮响应时限均未超时").first).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_text("件 截至")).to_be_visible()
    await expect_accessible(page)
    await shoot(page, "console-figures")

    league = page.get_by_role("group", name="各区域对比")
    await league.get_by_role("button", name="湾畔街道").click()
    await expect(page.get_by_role("navigation", name="区域")).to_contain_text("湾畔街道")
    await expect(league.get_by_role("button", name="听涛社区")).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("navigation", name="区域")).to_contain_text("湾畔街道")


async def test_figures_leave_as_a_workbook_and_as_a_picture(desk: BrowserContext, sign_ins: SignIns) -> None:
    await sign_ins.as_staff(desk, "demo-admin")
    page = await desk.new_page()
    await page.goto("/console/figures")
    async with page.expect_download() as workbook:
        await page.get_by_role("button", name="导出 Excel").click()
    place = await (await workbook.value).path()
    book = openpyxl.load_workbook(io.BytesIO(place.read_bytes()))
    assert ["统计", "口径"] == book.sheetnames
    async with page.expect_download() as picture:
        await page.get_by_role("button", name="存为图片").click()
    assert (await (await picture.value).path()).read_bytes().startswith(b"\x89PNG")


async def test_a_period_without_cases_says_what_to_do(desk: BrowserContext, sign_ins: SignIns) -> None:
    await sign_ins.as_staff(desk, "demo-admin")
    page = await desk.new_page()
    await page.goto("/console/figures?from=2001-01-01&to=2001-01-31")
    await expect(page.get_by_text("换一个时间段")).to_be_visible()


async def test_the_wall_shows_the_district_and_nobody_by_name(
    browser: Browser, site: Program, sign_ins: SignIns
) -> None:
    async with opened(browser, site.url, **desk_options(language="en", is_dark=True)) as context:
        await sign_ins.as_staff(context, "demo-admin")
        page = await context.new_page()
        await page.goto("/console/wall")
        await expect(page.get_by_text("Response rate").first).to_be_visible()
        await expect(page.get_by_role("heading", name="Next to breach")).to_be_visible()
        await expect_accessible(page)
        await shoot(page, "console-wall-dark-en")
