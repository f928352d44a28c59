"""Decodes one photo and writes its pixels anew: a program of its own, which gives up what it could do harm with first.

Standard input holds the photo, standard output takes the JPEG, the first argument is the folder of the libraries, the
second the one format to read. It imports nothing of ours and knows no address, no key and no database. What comes out
is made of pixels alone: whatever else the file carried, or was besides a picture, is left behind.
"""

import os
import resource
import sys
import warnings
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from PIL import Image

#: 24 megapixels as cameras count them: a phone's "24 MP" is 5,712 × 4,284 = 24.47 million.
MOST_PIXELS = 24 * 2**20
LONGEST_SIDE = 2560
QUALITY = 85

MEMORY = 600 * 2**20
CPU_S = 5
#: Noise of 2,560 × 2,560 pixels at this quality stays below.
LARGEST_RESULT = 16 * 2**20

TOO_MANY_PIXELS, SEVERAL_PICTURES, UNREADABLE = 3, 4, 5

#: EXIF orientation → `Image.Transpose`.
_TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}


class SeveralPictures(Exception):
    """It moves: no camera's photo does."""


def limit_resources() -> None:
    """Set the limits of the kernel on this process; none can be raised again."""
    for kind, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_FSIZE, LARGEST_RESULT),
        (resource.RLIMIT_CORE, 0),
    ):
        if kind == resource.RLIMIT_AS and sys.platform == "darwin":
            continue  # macOS refuses to lower it
        resource.setrlimit(kind, (most, most))
    os.nice(10)  # requests go first


def shut_in() -> None:
    """Let no file, socket or pipe be opened from now on; the three that are open stay. Imports nothing afterwards."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def reencode(data: bytes, kind: str, out: BinaryIO) -> None:
    """Write the picture in `data` as an upright sRGB JPEG without anything but its pixels.

    Of a JPEG with further pictures behind it (depth, gain map) and of a HEIC with several, the main one is taken.
    """
    from PIL import Image

    with Image.open(BytesIO(data), formats=[kind]) as image:  # here the header is held against the most pixels
        if kind in ("PNG", "WEBP") and getattr(image, "is_animated", False):
            raise SeveralPictures
        pixels = _turn(_in_srgb(_shrink(image), image.info.get("icc_profile")), _orientation(image))
    bare = Image.frombytes("RGB", pixels.size, pixels.tobytes())
    bare.save(out, "JPEG", quality=QUALITY)


def _shrink(image: "Image.Image") -> "Image.Image":
    """Give it within the longest side, in a mode of colours without transparency: white shows through."""
    from PIL import Image

    if image.mode.startswith("I"):  # 16 bits of grey
        image = image.point(lambda value: value * (1 / 256)).convert("L")
    if image.has_transparency_data:
        image = image.convert("RGBA")
    elif image.mode not in ("L", "RGB", "CMYK"):
        image = image.convert("RGB")
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    if image.mode != "RGBA":
        return image
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image.getchannel("A"))
    return white


def _in_srgb(image: "Image.Image", profile: object) -> "Image.Image":
    """Turn its colours into sRGB by its own profile; one that cannot be read counts as sRGB."""
    from PIL import ImageCms

    if isinstance(profile, bytes) and profile:
        try:
            own = ImageCms.ImageCmsProfile(BytesIO(profile))
            turned = ImageCms.profileToProfile(image, own, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            turned = None
        if turned is not None:
            return turned
    return image.convert("RGB")


def _orientation(image: "Image.Image") -> int:
    """Read how the camera was held; what cannot be read counts as upright."""
    try:
        return int(image.getexif().get(0x0112, 1))
    except Exception:
        return 1


def _turn(image: "Image.Image", orientation: int) -> "Image.Image":
    from PIL import Image

    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(Image.Transpose(turn))


def _load(kind: str) -> None:
    """Import all that reading `kind` will need, as nothing can be opened later."""
    from PIL import Image, ImageCms, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, WebPImagePlugin  # noqa: F401

    Image.preinit()
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    if kind == "HEIF":
        import pillow_heif

        pillow_heif.options.DECODE_THREADS = 1
        pillow_heif.register_heif_opener(thumbnails=False)


def main() -> int:
    """Do it once; the exit status says what was wrong with the photo, 1 that we are broken ourselves."""
    libraries, kind = sys.argv[1:]
    limit_resources()
    sys.path.append(libraries)
    _load(kind)
    shut_in()
    data = sys.stdin.buffer.read()
    from PIL.Image import DecompressionBombError, DecompressionBombWarning

    try:
        reencode(data, kind, sys.stdout.buffer)
    except (DecompressionBombWarning, DecompressionBombError):
        return TOO_MANY_PIXELS
    except SeveralPictures:
        return SEVERAL_PICTURES
    except Exception as error:  # whatever a hostile file can raise in a decoder
        print(f"{type(error).__name__}: {error!r}"[:500], file=sys.stderr)
        return UNREADABLE
    return 0


if __name__ == "__main__":
    sys.exit(main())
