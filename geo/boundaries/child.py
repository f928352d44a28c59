"""Reads one uploaded boundary file: a program of its own, so that what breaks the reader breaks nothing else.

`python -m geo.boundaries.child describe|read FILE LAYER ENCODING` (empty: not stated). Gives JSON on standard output;
the status 3 says that the file cannot be taken, and the JSON why. A zipped Shapefile is unpacked beside the file.
"""

import os
import resource
import sys
import zipfile
from pathlib import Path

import orjson
import shapely

from core.errors import Text
from geo.boundary_file import Feature, describe_file, read_features
from geo.errors import BoundaryFileUnreadable

MEMORY = 2 * 2**30
CPU_S = 60
#: Bytes, of what is unpacked and of what is answered.
LARGEST_FILE = 512 * 2**20
UNREADABLE = 3

_PARTS = {".shp", ".shx", ".dbf", ".prj", ".cpg"}
_BEGINNINGS = {".gpkg": b"SQLite format 3\0", ".zip": b"PK"}


def main() -> int:
    """Do it once."""
    what, name, layer, encoding = sys.argv[1:]
    for kind, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_FSIZE, LARGEST_FILE),
        (resource.RLIMIT_CORE, 0),
    ):
        if kind != resource.RLIMIT_AS or sys.platform != "darwin":  # macOS refuses to lower it
            resource.setrlimit(kind, (most, most))
    os.nice(10)  # requests go first
    try:
        file = _open(Path(name))
        stated = {"layer": layer or None, "encoding": encoding or None}
        if what == "describe":
            answer = orjson.dumps(describe_file(file, **stated))
        else:
            answer = orjson.dumps([_pack(feature) for feature in read_features(file, **stated)])
    except BoundaryFileUnreadable as refusal:
        reason = refusal.reason
        sys.stdout.buffer.write(orjson.dumps([reason.zh, reason.en]))
        return UNREADABLE
    sys.stdout.buffer.write(answer)
    return 0


def _open(file: Path) -> Path:
    """Give the file to be read. What it begins with is looked at first: GDAL knows forms that name other files."""
    with file.open("rb") as opened:
        begins = opened.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
    if not begins.startswith(_BEGINNINGS.get(file.suffix, b"{")):
        raise BoundaryFileUnreadable(
            reason=Text("内容不是所选格式", "what it holds is not of the form that its name says")
        )
    return _unpack(file) if file.suffix == ".zip" else file


def _unpack(file: Path) -> Path:
    """Unpack the one Shapefile of a zip under a name of our own: folders and names in there are not ours to trust."""
    try:
        with zipfile.ZipFile(file) as packed:
            members = [each for each in packed.infolist() if Path(each.filename).suffix.lower() in _PARTS]
            shapes = [each.filename[:-4] for each in members if each.filename.lower().endswith(".shp")]
            if len(shapes) != 1:
                raise BoundaryFileUnreadable(
                    reason=Text(
                        f"压缩包里应有且只有一个 .shp 文件，现有 {len(shapes)} 个",
                        f"the zip must hold exactly one .shp file and holds {len(shapes)}",
                    )
                )
            for each in members:
                if each.filename[:-4] == shapes[0]:
                    place = file.with_name("areas").with_suffix(Path(each.filename).suffix.lower())
                    with packed.open(each) as source, place.open("wb") as target:
                        while part := source.read(2**20):
                            target.write(part)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
        raise BoundaryFileUnreadable(
            reason=Text(f"压缩包打不开：{error}", f"the zip cannot be opened: {error}")
        ) from None
    return file.with_name("areas.shp")


def _pack(feature: Feature) -> list[object]:
    shape = None if feature.shape is None else shapely.to_wkb(feature.shape, hex=True)
    flaw = None if feature.flaw is None else [feature.flaw.zh, feature.flaw.en]
    return [feature.row, feature.fields, shape, flaw]


if __name__ == "__main__":
    sys.exit(main())
