"""The rider's own things: applying, points, consents, a copy and deletion; appeals and follow-ups without sign-in."""

import uuid
import zipfile

from playwright.async_api import BrowserContext, expect

from tests.web.browser import expect_accessible, shoot
from tests.web.people import SignIns


async def test_a_new_rider_applies_and_leaves_with_everything(phone: BrowserContext, sign_ins: SignIns) -> None:
    await sign_ins.as_rider(phone, "19911112222")
    page = await phone.new_page()
    await page.goto("/rider/me/profile")
    await page.get_by_label("姓名").fill("试用骑手")
    await page.get_by_role("button", name="保存").click()
    await expect(page.get_by_text("已保存")).to_be_visible()

    await page.goto("/rider/me/reporter")
    await page.get_by_role("combobox", name="街道").select_option(label="湾畔街道")
    await page.get_by_role("combobox", name="社区").select_option(label="听涛社区")
    await page.get_by_role("button", name="提交申请").click()
    await expect(page.get_by_role("heading", name="申请已提交，等待社区审核")).to_be_visible()

    await page.goto("/rider/me/profile")
    async with page.expect_download() as copy:
        await page.get_by_role("button", name="下载我的数据").click()
    with zipfile.ZipFile(await (await copy.value).path()) as packed:
        assert any(name.endswith(".json") for name in packed.namelist())
    await page.get_by_role("button", name="注销账号").click()
    erase = page.get_by_role("button", name="注销账号")
    await expect(erase).to_be_disabled()
    await page.get_by_label("确定注销吗").fill("注销")
    await erase.click()
    await expect(page.get_by_role("link", name="登录")).to_be_visible()


async def test_an_appeal_goes_out_once_is_followed_and_taken_back(phone: BrowserContext) -> None:
    page = await phone.new_page()
    await page.goto("/rider/appeals")
    words = f"楼道灯不亮 {uuid.uuid4().hex[:6]}"
    await page.get_by_label("哪一类").select_option(index=1)
    await page.get_by_label("请写明情况").fill(words)
    await page.reload()
    await expect(page.get_by_label("请写明情况")).to_have_value(words)  # nothing typed is lost
    await page.get_by_role("button", name="提交", exact=True).click()
    await page.get_by_role("link", name="看进度").click()
    await expect(page.get_by_role("heading", name="案件")).to_be_visible()
    await page.get_by_label("补充说明").fill("三楼也不亮")
    await page.get_by_role("button", name="补充", exact=True).click()
    await expect(page.get_by_text("三楼也不亮")).to_be_visible()
    await expect_accessible(page)
    await shoot(page, "rider-appeal")
    await page.get_by_role("button", name="撤回诉求").click()
    await page.get_by_role("button", name="撤回诉求").click()
    await expect(page.get_by_text("已撤回").first).to_be_visible()


async def test_a_link_that_opens_nothing_says_so(phone: BrowserContext) -> None:
    page = await phone.new_page()
    await page.goto("/rider/follow-ups/nothing-here")
    await expect(page.get_by_role("alert")).to_be_visible()
