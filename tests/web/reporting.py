"""Reporting as a rider does it in the browser, and what the service then has of it."""

import random
from typing import Any

from PIL import Image
from playwright.async_api import FilePayload, Page, expect

from tests.pictures import draw, encode

Json = dict[str, Any]


def photo(number: int, *, noisy: int = 400, width: int = 2600) -> FilePayload:
    """Take a picture as a camera does: large, lying on its side, with what the camera writes about itself.

    A square of `noisy` pixels in it does not compress.
    """
    picture = draw(number, width=width, height=width * 3 // 4)
    noise = random.Random(number).randbytes(noisy * noisy * 3)
    picture.paste(Image.frombytes("RGB", (noisy, noisy), noise), (100, 100))
    exif = picture.getexif()
    exif[0x010F], exif[0x0112] = "Camera of the tests", 6
    return {"name": f"{number}.jpg", "mimeType": "image/jpeg", "buffer": encode(picture, quality=92, exif=exif)}


def heic(number: int) -> FilePayload:
    """Take a picture as an iPhone does, which Chromium cannot decode; phones often do not name its type."""
    return {"name": f"{number}.heic", "mimeType": "", "buffer": encode(draw(number), "HEIF")}


async def begin(page: Page, *photos: FilePayload) -> None:
    """Open the report and choose photos: the first tap."""
    await page.goto("/rider/report")
    await take(page, *photos)


async def take(page: Page, *photos: FilePayload) -> None:
    """Choose photos on the first step, and wait for the second."""
    field = "拍照" if len(photos) == 1 else "从相册选"
    await page.get_by_label(field).set_input_files(list(photos))
    await expect(page.get_by_role("heading", name="在哪里？")).to_be_visible(timeout=20_000)


async def finish(page: Page, category: str = "暴露垃圾", words: str = "") -> None:
    """Confirm the place and choose a category: the other two taps."""
    await page.get_by_role("button", name="就在这里").click()
    if words:
        await page.get_by_label("补充说明（可不填）").fill(words)
    await page.get_by_role("button", name=category).click()


async def ask(page: Page, path: str) -> Any:
    """Ask the service as this page is signed in."""
    return await page.evaluate("path => fetch(path).then(answer => answer.json())", path)


async def own_reports(page: Page) -> dict[str, Json]:
    """Give what the service has of the rider signed in, by the words of each: none may be there twice."""
    found = (await ask(page, "/api/v1/reports?limit=200"))["reports"]
    told = {each["description"]: each for each in found if each["description"].startswith("【")}
    assert len(told) == len([each for each in found if each["description"].startswith("【")]), found
    return told
