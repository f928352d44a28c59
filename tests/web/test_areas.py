"""The page of areas: the tree and the map, and new boundaries from a file to activation, or to their end."""

import json
from pathlib import Path

import pytest
import shapely
from playwright.async_api import BrowserContext, Page, expect

from tests.acceptance.program import Program
from tests.geo.boundaries import feature
from tests.web.browser import PHONE, expect_accessible, expect_fits, opened, shoot
from tests.web.browser import desk_options as options
from tests.web.people import SignIns, prove_again

ADMIN = "demo-admin"


def write(folder: Path, *features: dict[str, object]) -> Path:
    file = folder / "new.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False))
    return file


async def begin(page: Page, file: Path) -> None:
    """Choose a file and say how it is read."""
    await page.emulate_media(reduced_motion="reduce")  # nothing half faded is judged
    await page.goto("/console/areas?step=file")
    await page.get_by_label("选择文件").set_input_files(file)
    await page.get_by_label("这些区域的层级").fill("网格")
    await page.get_by_role("radiogroup", name="坐标系").get_by_text("WGS-84").click()
    await page.get_by_role("button", name="导入到草稿").click()


@pytest.mark.maps
async def test_the_tree_and_the_map_show_where_something_lies(desk: BrowserContext, sign_ins: SignIns) -> None:
    await sign_ins.as_staff(desk, "demo-secretary6")
    page = await desk.new_page()
    await page.goto("/console/areas")
    tree = page.get_by_role("tree", name="区域树")
    await expect(tree.get_by_text("松林街道")).to_be_visible(timeout=15_000)
    await page.get_by_role("combobox", name="按名称或编码查找区域").fill("晴川")
    await page.get_by_role("option").filter(has_text="晴川社区").first.click()
    await expect(page.locator(".el-select__popper")).to_have_css("display", "none")  # folding it is in no landmark
    detail = page.get_by_role("region", name="晴川社区")
    await expect(detail.get_by_text("演示区 › 松林街道")).to_be_visible()
    await expect(tree.get_by_text("晴川社区")).to_be_visible()
    await expect(detail.get_by_role("link", name="看这里的驿站")).to_be_visible()
    await expect(page.get_by_role("button", name="导入新边界")).to_have_count(0)
    await expect_accessible(page)
    await shoot(page, "areas")


@pytest.mark.maps
async def test_new_boundaries_are_checked_compared_and_discarded_and_those_before_come_back(
    desk: BrowserContext, sign_ins: SignIns, site: Program, tmp_path: Path
) -> None:
    await sign_ins.as_staff(desk, ADMIN)
    page = await desk.new_page()
    faulty = write(
        tmp_path,
        feature(None, code="X1", name="没有图形的"),
        feature(shapely.box(120, 36, 120.01, 36.01), code="X 2", name="空格"),
    )
    await begin(page, faulty)
    await expect(page.get_by_text("2 处有误，没有导入任何内容")).to_be_visible()
    await expect(page.get_by_text("第 1 行")).to_be_visible()
    await expect_accessible(page)

    west, east = shapely.box(120.2, 35.95, 120.22, 35.97), shapely.box(120.219, 35.95, 120.24, 35.97)
    await begin(page, write(tmp_path, feature(west, code="X1", name="西格"), feature(east, code="X2", name="东格")))
    await expect(page.get_by_text("已导入 2 个区域到草稿。")).to_be_visible()
    await page.get_by_role("button", name="下一步：检查").click()
    await expect(page.get_by_text("西格（X1） × 东格（X2） 重叠")).to_be_visible()
    await page.get_by_role("button", name="在地图上看").first.click()
    await expect_accessible(page)
    await shoot(page, "areas-check")
    await page.get_by_role("button", name="下一步：对比并启用").click()
    await expect(page.get_by_text("＋ 新增 2")).to_be_visible()
    await expect(page.get_by_text("未结案件保留原来的区域")).to_be_visible()
    await expect_accessible(page)
    await shoot(page, "areas-compare")

    await page.get_by_role("button", name="放弃草稿").last.click()
    await page.get_by_role("button", name="确定放弃").click()
    await expect(page.get_by_text("已放弃", exact=True)).to_be_visible()
    await expect(page.get_by_role("tree").get_by_text("演示区")).to_be_visible()

    await begin(page, write(tmp_path, feature(west, code="X1", name="西格"), feature(east, code="X2", name="东格")))
    await page.get_by_role("button", name="下一步：检查").click()
    await page.get_by_role("button", name="下一步：对比并启用").click()
    await page.get_by_role("button", name="启用这份边界").click()
    dialog = page.get_by_role("dialog", name="请再次验证身份")
    tree = page.get_by_role("tree").get_by_text("西格")
    await expect(dialog.or_(tree)).to_be_visible(timeout=15_000)  # asked only where the last proof is old
    if await dialog.is_visible():
        await prove_again(page, site, ADMIN)
    await expect(tree).to_be_visible(timeout=15_000)
    assert 0 == (await site.run("areas", "rollback"))[0]  # the others' demonstration has its areas again


async def test_it_works_in_english_in_the_dark_on_a_phone(browser: object, site: Program, sign_ins: SignIns) -> None:
    dark = options(language="en", is_dark=True) | {"viewport": PHONE}
    async with opened(browser, site.url, **dark) as context:  # type: ignore[arg-type]
        await sign_ins.as_staff(context, ADMIN)
        page = await context.new_page()
        await page.goto("/console/areas")
        await expect(page.get_by_role("tree", name="Tree of areas").get_by_text("松林街道")).to_be_visible()
        await expect(page.get_by_role("heading", name="Generations")).to_be_visible()
        await expect_accessible(page)
        await shoot(page, "areas-dark")
        await page.get_by_role("button", name="New boundaries").click()
        await expect(page.get_by_role("heading", name="Boundary file")).to_be_visible()
        await expect_accessible(page)
        await expect_fits(page)
