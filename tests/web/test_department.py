"""A department's person at his desk: what is dispatched to him, taken on and answered by keyboard."""

from playwright.async_api import Browser, BrowserContext, expect

from tests.acceptance.program import Program
from tests.web.browser import HIDDEN_QUEUE_MAP, desk_options, expect_accessible, opened, shoot
from tests.web.cases import enter, expect_done, inside, open_case, post
from tests.web.people import SignIns

WORDS = "松风路三盏路灯不亮（演示）"


async def test_a_department_takes_a_case_on_and_answers_and_the_secretary_sees_it(
    desk: BrowserContext, browser: Browser, site: Program, sign_ins: SignIns
) -> None:
    await sign_ins.as_staff(desk, "demo-secretary4")
    case = await enter(desk, "street_light", WORDS, inside(4), phone="19900004444")
    listed = await (await desk.request.get("/api/v1/departments")).json()
    lighting = next(each["id"] for each in listed["departments"] if each["code"] == "lighting")
    for verb, said in (
        ("contact", {"channel": "phone", "note": "已通话，今晚派人"}),
        ("file", {}),
        ("dispatch", {"department_id": lighting, "note": "请今晚修好"}),
    ):
        await post(desk, f"/api/v1/cases/{case['id']}/{verb}", said)
    secretary = await open_case(desk, case)

    async with opened(browser, site.url, **desk_options()) as context:
        await sign_ins.as_staff(context, "demo-lighting")
        await context.add_init_script(HIDDEN_QUEUE_MAP)
        page = await context.new_page()
        await page.goto("/console/")
        await expect(page).to_have_url("/console/queue")
        row = page.get_by_role("listitem").filter(has_text=WORDS)
        await expect(row.get_by_role("button", name="接收")).to_be_visible()
        await expect(row.get_by_role("button", name="派遣")).to_have_count(0)
        await shoot(page, "department-queue")
        for _ in range(await page.get_by_role("listitem").filter(has=page.get_by_role("checkbox")).count()):
            await page.keyboard.press("j")
            if WORDS in await page.locator("a[aria-current=true]").inner_text():
                break
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_contain_text(case["number"])

        await expect(page.get_by_role("region", name="联系人")).to_contain_text("联系方式只有社区能看到")
        await expect(page.get_by_text("4444")).to_have_count(0)
        await expect(page.get_by_text("请今晚修好").first).to_be_visible()
        await page.keyboard.press("?")
        keys = page.get_by_role("dialog", name="键盘快捷键")
        await expect(keys.get_by_role("definition").filter(has_text="接收")).to_be_visible()
        assert "" not in [each.strip() for each in await keys.get_by_role("definition").all_inner_texts()]
        await expect_accessible(page)
        await shoot(page, "department-keys")
        await page.keyboard.press("Escape")
        await expect(keys).to_be_hidden()

        await page.keyboard.press("a")
        await expect(page.get_by_role("button", name="确定接收")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect_done(page, "接收")
        await expect(secretary.get_by_role("region", name="案件概况").get_by_text("处置中")).to_be_visible()
        await page.keyboard.press("f")
        await page.keyboard.type("灯杆线路老化，已派人更换")
        await page.keyboard.press("Control+Enter")
        await expect_done(page, "反馈")
        await page.keyboard.press("h")
        await page.keyboard.type("三盏灯都亮了")
        await page.keyboard.press("Control+Enter")
        await expect_done(page, "处置")
        await expect_accessible(page)
        await shoot(page, "department-case")
    steps = secretary.get_by_role("region", name="办理经过")
    await expect(steps.get_by_text("灯杆线路老化，已派人更换")).to_be_visible()
    await expect(steps.get_by_text("三盏灯都亮了")).to_be_visible()
    await expect(secretary.get_by_role("region", name="案件概况").get_by_text("待核查")).to_be_visible()
