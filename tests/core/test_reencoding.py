"""Photos decoded and written anew: what comes out, what is refused, and what the process that does it cannot do."""

import json
import shutil
import subprocess
import sys
import zipfile
import zlib
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from core import photo_child, reencoding
from core.errors import Refusal, Unavailable
from core.photo_child import LONGEST_SIDE, MOST_PIXELS
from core.photos import PhotoMoves, PhotoUnreadable, TooManyPixels, recognise
from core.reencoding import reencode
from tests.pictures import HEIGHT, WIDTH, chunk, draw, encode, flat_png, jpeg, png

#: Start of image, JFIF, tables, frame, scan, end: all that a JPEG of pixels alone consists of.
_BARE = {0xE0, 0xDB, 0xC0, 0xC4, 0xDA}
#: What must not come through, in whatever clothes it was sent.
CANARY = "暗语 GPS canary"
LEFT, RIGHT, CORNER = (WIDTH // 4, HEIGHT // 2), (WIDTH * 3 // 4, HEIGHT // 2), (4, 4)
RED, BLUE, WHITE = (200, 30, 30), (30, 30, 200), (255, 255, 255)


def run(data: bytes) -> Image.Image:
    """Have a photo written anew and open what came out."""
    media_type = recognise(data)
    assert media_type is not None
    out = Image.open(BytesIO(reencode(data, media_type=media_type)))
    assert ("JPEG", "RGB") == (out.format, out.mode)
    return out


def close(seen: object, wanted: tuple[int, int, int], *, by: int = 12) -> bool:
    """Tell whether a colour is about the wanted one: JPEG is not exact."""
    assert isinstance(seen, tuple)
    return all(abs(a - b) <= by for a, b in zip(seen, wanted, strict=True))


def is_as_drawn(image: Image.Image) -> bool:
    """Tell whether it is the picture that `draw` draws, upright."""
    points = [image.getpixel(point) for point in (LEFT, RIGHT, CORNER)]
    return (WIDTH, HEIGHT) == image.size and all(map(close, points, (RED, BLUE, WHITE)))


def segments(data: bytes) -> set[int]:
    """Give the markers of a JPEG up to its scan; fails on anything behind its end."""
    at, found = 2, set()
    while True:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        found.add(marker)
        at += 2 + length
        if marker == 0xDA:
            assert data.find(b"\xff\xd9") == len(data) - 2
            return found


def laden(kind: str, *, profiled: bool) -> bytes:
    """Give a photo with all the metadata that its format can carry, a canary in each, with or without a profile."""
    exif = Image.Exif()
    exif[0x010E], exif[0x0110] = CANARY, CANARY
    exif.get_ifd(0x8825).update({1: "N", 2: (36.0, 4.0, 1.0), 3: "E", 4: (120.0, 22.0, 58.0)})
    exif.get_ifd(0x8769)[0x9286] = CANARY.encode()
    how: dict[str, object] = {"exif": exif.tobytes()}
    if profiled:
        how["icc_profile"] = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    xmp = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'><a>{CANARY}</a></x:xmpmeta>".encode()
    if kind == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_text("Comment", CANARY)
        info.add_itxt("XML:com.adobe.xmp", xmp.decode())
        return encode(draw(), kind, pnginfo=info, **how)
    if kind == "JPEG":
        how["comment"] = CANARY
    return encode(draw(), kind, xmp=xmp, **how)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_what_a_phone_sends_comes_out_as_the_same_picture(kind: str) -> None:
    assert is_as_drawn(run(encode(draw(), kind, quality=95)))


@pytest.mark.parametrize("profiled", [True, False])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_nothing_but_pixels_comes_out(kind: str, profiled: bool) -> None:
    sent = laden(kind, profiled=profiled)
    assert CANARY.encode() in sent
    kept = reencode(sent, media_type=recognise(sent) or "")
    assert segments(kept) <= _BARE
    assert CANARY.encode() not in kept
    assert is_as_drawn(Image.open(BytesIO(kept)))


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
@pytest.mark.parametrize("profiled", [True, False])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_exiftool_finds_no_tag_in_what_is_kept(kind: str, profiled: bool, tmp_path: Path) -> None:
    sent, kept = tmp_path / "sent", tmp_path / "kept.jpg"
    sent.write_bytes(laden(kind, profiled=profiled))
    kept.write_bytes(reencode(sent.read_bytes(), media_type=recognise(sent.read_bytes()) or ""))
    assert any(tag.startswith("GPS:") for tag in tags(sent))
    assert [] == tags(kept)


def tags(place: Path) -> list[str]:
    """Give the tags that somebody wrote; not what exiftool says of any file, nor the size and JFIF of any JPEG."""
    done = subprocess.run(["exiftool", "-json", "-G1", "-a", "-u", str(place)], capture_output=True, check=True)
    (found,) = json.loads(done.stdout)
    own = {"SourceFile", "ExifTool", "System", "File", "Composite", "JFIF"}
    comments = [name for name in found if name.endswith(":Comment")]
    return comments + [name for name in found if name.partition(":")[0] not in own]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_camera_held_otherwise_is_turned_upright(orientation: int) -> None:
    turns = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the inverse of what EXIF asks for
    image, exif = draw(), Image.Exif()
    exif[0x0112] = orientation
    held = image if orientation == 1 else image.transpose(Image.Transpose(turns[orientation]))
    assert is_as_drawn(run(encode(held, "PNG", exif=exif.tobytes())))


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("CMYK", "JPEG"), ("L", "JPEG"), ("L", "PNG"), ("1", "PNG"), ("P", "PNG"), ("I;16", "PNG"), ("LA", "PNG")],
)
def test_every_sort_of_pixels_becomes_colour_of_eight_bits(mode: str, kind: str) -> None:
    if mode == "I;16":
        image = Image.new("I;16", (WIDTH, HEIGHT), 100 * 256)
    else:
        image = Image.new("RGB", (WIDTH, HEIGHT), (100, 100, 100)).convert(mode)
    middle = run(encode(image, kind)).resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    assert close(middle, (100, 100, 100), by=8)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_what_is_transparent_is_white(kind: str) -> None:
    image = draw().convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, WIDTH // 2, HEIGHT))
    out = run(encode(image, kind))
    assert close(out.getpixel(LEFT), WHITE)
    assert close(out.getpixel(RIGHT), BLUE, by=20)


def test_a_palette_with_a_transparent_entry_is_white_there() -> None:
    image = draw().quantize(8)
    sent = encode(image, "PNG", transparency=image.getpixel(LEFT))
    assert close(run(sent).getpixel(LEFT), WHITE)


def test_colours_of_another_profile_are_turned_into_srgb() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = srgb.replace(b"rXYZ", b"????").replace(b"bXYZ", b"rXYZ").replace(b"????", b"bXYZ")
    out = run(encode(Image.new("RGB", (WIDTH, HEIGHT), (220, 20, 20)), "PNG", icc_profile=swapped))
    red, _, blue = out.getpixel(LEFT)  # type: ignore[misc]
    assert blue > 150 > red


def test_a_profile_that_is_none_counts_as_srgb() -> None:
    assert is_as_drawn(run(encode(draw(), "PNG", icc_profile=b"no profile at all")))


def test_a_large_photo_is_scaled_down_and_a_small_one_is_not_scaled_up() -> None:
    out = run(encode(draw(width=4000, height=3000)))
    assert (LONGEST_SIDE, LONGEST_SIDE * 3 // 4) == out.size
    assert (WIDTH, HEIGHT) == run(jpeg()).size


def test_the_usual_photo_of_twenty_four_megapixels_is_taken() -> None:
    assert LONGEST_SIDE == run(encode(draw(width=5712, height=4284))).width


def test_of_a_photo_with_more_behind_it_the_first_is_taken() -> None:
    sent = encode(draw(), "MPO", save_all=True, append_images=[Image.new("RGB", (WIDTH, HEIGHT), "black")])
    assert b"MPF\0" in sent
    assert is_as_drawn(run(sent))


def test_of_a_heic_with_several_pictures_the_main_one_is_taken() -> None:
    black = Image.new("RGB", (WIDTH, HEIGHT), "black")
    sent = encode(black, "HEIF", save_all=True, append_images=[draw()], primary_index=1, quality=95)
    assert is_as_drawn(run(sent))


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_what_moves_is_refused(kind: str) -> None:
    sent = encode(draw(), kind, save_all=True, append_images=[draw(7)], duration=100)
    with pytest.raises(PhotoMoves):
        run(sent)


@cache
def bombs() -> dict[str, bytes]:
    side = 20_000
    big_jpeg = bytearray(jpeg())
    frame = big_jpeg.index(b"\xff\xc0")
    big_jpeg[frame + 5 : frame + 9] = (60_000).to_bytes(2) * 2
    return {
        "a few kilobytes that become 400 MB": flat_png(side, side, rows=50),
        "just over": flat_png(1, MOST_PIXELS + 1, rows=1),
        "a JPEG that says it is 60,000 pixels wide": bytes(big_jpeg),
        "a WebP of 16,383 × 16,383": encode(Image.new("RGB", (16_383, 2_000)), "WEBP", quality=1),
    }


@pytest.mark.parametrize("name", list(bombs()))
def test_a_picture_too_large_to_decode_is_refused_by_its_header(name: str) -> None:
    with pytest.raises(TooManyPixels):
        run(bombs()[name])


def test_a_text_that_unpacks_to_gigabytes_is_not_unpacked() -> None:
    sent = png()
    text = b"Comment\0\0" + zlib.compress(bytes(200 * 2**20), 9)
    at = sent.index(b"IDAT") - 4
    with pytest.raises(PhotoUnreadable):
        run(sent[:at] + chunk(b"zTXt", text) + sent[at:])


def test_a_hundred_kilobytes_that_would_decode_for_minutes_are_stopped() -> None:
    sent = encode(Image.new("L", (5000, 5000), 128), progressive=True, quality=50)
    last_scan = sent[sent.rindex(b"\xff\xda") : -2]
    with pytest.raises(PhotoUnreadable):
        run(sent[:-2] + last_scan * 2000 + b"\xff\xd9")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_file_that_ends_too_early_is_refused(kind: str, share: float) -> None:
    sent = encode(draw(width=640, height=480), kind)
    with pytest.raises(PhotoUnreadable):
        run(sent[: int(len(sent) * share)])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_a_file_of_another_format_behind_its_first_bytes_is_refused(kind: str) -> None:
    with pytest.raises(PhotoUnreadable):
        run(encode(draw(), kind)[:16] + b"<html><script>alert(1)</script></html>" * 100)


def test_what_a_photo_was_besides_a_photo_is_left_behind() -> None:
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("index.html", "<script>alert(1)</script>")
    evil = b"<html><script>alert(1)</script>"
    sent = encode(draw(), comment=evil.decode()) + evil + archive.getvalue()
    assert zipfile.is_zipfile(BytesIO(sent))
    kept = reencode(sent, media_type="image/jpeg")
    assert not zipfile.is_zipfile(BytesIO(kept))
    assert b"script" not in kept
    assert segments(kept) <= _BARE


@pytest.mark.parametrize(
    "data",
    [b"GIF89a/*" + b"\0" * 20 + b"*/=alert(1)", b"<svg onload='alert(1)'/>", b"<!doctype html>", b"%PDF-1.7", b""],
)
def test_what_is_no_photo_is_not_recognised_as_one(data: bytes) -> None:
    assert recognise(data) is None


def test_an_avif_and_a_moving_heic_are_not_recognised() -> None:
    for brand in (b"avif", b"avis", b"hevc", b"msf1", b"qt  "):
        assert recognise(b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0mif1") is None


def test_a_decoder_that_takes_too_long_is_killed_and_the_phone_may_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reencoding, "WALL_S", 0.01)
    with pytest.raises(Unavailable):
        run(jpeg())


def test_a_decoder_that_does_not_run_is_our_fault_and_not_the_photo_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reencoding, "_folder_of_libraries", lambda: "/nowhere")
    with pytest.raises(RuntimeError, match="No module named 'PIL'"):
        run(jpeg())


def test_a_decoder_that_crashes_is_the_photo_s_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    crash = tmp_path / "crash.py"
    crash.write_text("import os, sys; sys.stdin.read(1) if False else os.abort()")
    monkeypatch.setattr(photo_child, "__file__", str(crash))
    with pytest.raises(PhotoUnreadable):
        run(jpeg())


@pytest.mark.parametrize(
    ("deed", "outcome"),
    [
        ("open('/etc/passwd')", "OSError"),
        ("open('/etc/passwd', opener=lambda *a: (os.close(0), os.open(*a))[1])", "OSError"),
        ("socket.socket()", "OSError"),
        ("socket.socketpair()", "OSError"),
        ("os.pipe()", "OSError"),
        ("bytearray(700 * 2**20)", "MemoryError"),
        ("len(bytearray(100 * 2**20))", "done"),
    ],
)
def test_the_process_that_decodes_can_open_nothing_and_take_no_more_memory(deed: str, outcome: str) -> None:
    program = (
        "import os, runpy, socket, sys\n"
        f"child = runpy.run_path({photo_child.__file__!r})\n"
        "child['limit_resources'](); child['shut_in']()\n"
        f"try:\n    {deed}\nexcept BaseException as error:\n"
        "    print(next(kind.__name__ for kind in (MemoryError, OSError) if isinstance(error, kind)))\n"
        "else:\n    print('done')\n"
    )
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    assert outcome == done.stdout.strip()


def test_the_process_that_decodes_is_stopped_after_five_seconds_of_work() -> None:
    program = (
        "import runpy\n"
        f"child = runpy.run_path({photo_child.__file__!r})\n"
        "child['limit_resources'].__globals__['CPU_S'] = 1\n"
        "child['limit_resources']()\nwhile True:\n    pass\n"
    )
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, timeout=60)
    assert done.returncode < 0
    assert 5 == photo_child.CPU_S


def test_the_process_that_decodes_knows_nothing_of_the_service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    spy = tmp_path / "spy.py"
    spy.write_text("import os, sys; print(sorted(os.environ), [m for m in sys.modules if m.startswith('core')])")
    monkeypatch.setattr(photo_child, "__file__", str(spy))
    monkeypatch.setenv("DATABASE_URL", "postgresql://x:secret@db/station")
    said = reencode(jpeg(), media_type="image/jpeg").decode()
    assert "DATABASE_URL" not in said
    assert said.endswith("[]\n")


@pytest.mark.parametrize("kind", [TooManyPixels, PhotoMoves, PhotoUnreadable])
def test_each_refusal_says_in_both_languages_what_to_do(kind: type[Refusal]) -> None:
    assert "发送" in kind().explain("zh")
    assert "send" in kind().explain("en")
