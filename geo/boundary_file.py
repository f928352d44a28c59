"""Reads boundary files (GeoJSON, Shapefile, GeoPackage) through GDAL. Knows nothing of what is stored.

Runs in the process of a shell command or in one of its own (`geo.boundaries.child`), never in the server: a file
that breaks the reader breaks nothing else. Nothing but polygons within a cap of size reaches the geometry engine,
which nested collections can crash; shapes are never repaired.
"""

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from core.errors import Text
from geo.errors import BoundaryFileUnreadable

MAX_VERTICES = 200_000
#: Values of a field that are shown to whoever chooses among them.
MOST_EXAMPLES = 3
_DRIVERS = {"GeoJSON", "ESRI Shapefile", "GPKG"}
_POLYGON, _MULTIPOLYGON = 3, 6
_BYTES_PER_VERTEX = 16
#: Longitude and latitude on an ellipsoid that is WGS-84 or, as CGCS2000 is, within centimetres of it.
_CRS_NAMES = {"EPSG:4326", "EPSG:4490", "EPSG:4979", "OGC:CRS84"}


@dataclass(frozen=True, slots=True)
class Feature:
    """One row of a boundary file: its number from 1, its fields as plain text, and its shape or why there is none."""

    row: int
    fields: dict[str, str]
    shape: shapely.Geometry | None
    flaw: Text | None


@dataclass(frozen=True, slots=True)
class FieldNote:
    """A field of a file: its name, in how many rows it is filled, and some of what stands there."""

    name: str
    filled: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileNote:
    """What a file holds. Of several layers one must be chosen before its rows and fields can be told."""

    layers: tuple[str, ...]
    rows: int
    fields: tuple[FieldNote, ...]


def describe_file(file: Path, *, layer: str | None = None, encoding: str | None = None) -> FileNote:
    """Say which layers and fields a file has, for a person to choose from. Raises `BoundaryFileUnreadable`."""
    try:
        layers = tuple(str(name) for name, _ in pyogrio.list_layers(file))
    except (DataSourceError, DataLayerError, ValueError) as error:
        raise _complained(file, error) from None
    if layer is None and len(layers) > 1:
        return FileNote(layers, 0, ())
    features = read_features(file, layer=layer, encoding=encoding)
    values: dict[str, list[str]] = {}
    for feature in features:
        for name, text in feature.fields.items():
            values.setdefault(name, []).append(text)
    return FileNote(
        layers,
        len(features),
        tuple(FieldNote(name, len(told), tuple(told[:MOST_EXAMPLES])) for name, told in values.items()),
    )


def read_features(file: Path, *, layer: str | None = None, encoding: str | None = None) -> list[Feature]:
    """Read every feature; positions stay in the file's datum.

    Empty fields are left out; whole numbers read as floats lose their `.0`. Raises `BoundaryFileUnreadable`.
    """
    if not file.is_file():
        raise _unreadable(f"没有这个文件：{file}", f"there is no file {file}")
    try:
        _check_form(file, layer, encoding)
        meta, _, geometries, columns = pyogrio.raw.read(file, layer=layer, encoding=encoding, force_2d=True)
    except (DataSourceError, DataLayerError, UnicodeDecodeError, LookupError, ValueError) as error:
        raise _complained(file, error) from None
    _check_crs(meta["crs"])
    names = [str(name) for name in meta["fields"]]
    rows = zip(*columns, strict=True) if columns else ((),) * len(geometries)
    return [
        _feature(number, dict(zip(names, values, strict=True)), geometry)
        for number, (values, geometry) in enumerate(zip(rows, geometries, strict=True), 1)
    ]


def plain_text(value: Any) -> str:
    """Write a field as text: nothing for null and NaN, `1713` for 1713.0."""
    if value is None or (isinstance(value, float | np.floating) and math.isnan(value)):
        return ""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def _unreadable(zh: str, en: str) -> BoundaryFileUnreadable:
    return BoundaryFileUnreadable(reason=Text(zh, en))


def _complained(file: Path, error: Exception) -> BoundaryFileUnreadable:
    said = str(error).replace(f"{file.parent}/", "")  # where it lies is nobody's business
    return _unreadable(said, said)


def _check_form(file: Path, layer: str | None, encoding: str | None) -> None:
    layers = [str(name) for name, _ in pyogrio.list_layers(file)]
    if layer is None and len(layers) != 1:
        listed = ", ".join(layers)
        raise _unreadable(f"有 {len(layers)} 个图层，请指定其一：{listed}", f"choose one of its layers: {listed}")
    driver = pyogrio.read_info(file, layer=layer, encoding=encoding)["driver"]
    if driver not in _DRIVERS:
        raise _unreadable(f"不支持 {driver} 格式", f"{driver} is none of GeoJSON, Shapefile, GeoPackage")
    if driver == "ESRI Shapefile" and encoding is None and not file.with_suffix(".cpg").exists():
        raise _unreadable(
            "Shapefile 没有 .cpg 文件，请注明文字编码（--encoding，常见为 gbk 或 utf-8）",
            "the Shapefile has no .cpg file: state its text encoding (--encoding, usually gbk or utf-8)",
        )


def _check_crs(crs: str | None) -> None:
    """Refuse projected coordinates and other ellipsoids; a file may be silent, for its datum is stated anyway."""
    if crs is None or crs in _CRS_NAMES:
        return
    is_geographic = crs.startswith(("GEOGCS", "GEOGCRS"))
    if is_geographic and any(
        name in crs for name in ("WGS_1984", "WGS 84", "China_2000", "China Geodetic", "CGCS2000")
    ):
        return
    name = crs[:80]
    raise _unreadable(
        f"坐标参照系是 {name}，请先转换为经纬度（EPSG:4326）",
        f"its reference system is {name}: convert it to longitude and latitude (EPSG:4326) first",
    )


def _feature(row: int, values: dict[str, Any], geometry: bytes | None) -> Feature:
    texts = ((name, plain_text(value)) for name, value in values.items())
    shape, flaw = _read_shape(geometry)
    return Feature(row, {name: text for name, text in texts if text}, shape, flaw)


def _read_shape(wkb: bytes | None) -> tuple[shapely.Geometry | None, Text | None]:
    if wkb is None:
        return None, Text("没有图形", "no geometry")
    if struct.unpack_from("<xI" if wkb[0] else ">xI", wkb)[0] not in (_POLYGON, _MULTIPOLYGON):
        return None, Text("图形应为面（Polygon 或 MultiPolygon）", "the geometry is no Polygon or MultiPolygon")
    if len(wkb) > MAX_VERTICES * _BYTES_PER_VERTEX:
        return None, Text(f"顶点超过 {MAX_VERTICES} 个", f"more than {MAX_VERTICES} vertices")
    shape = shapely.from_wkb(wkb, on_invalid="ignore")
    flaw = Text("图形无法读取", "the geometry cannot be read") if shape is None else find_flaw(shape)
    return (None, flaw) if flaw else (shape, None)


def find_flaw(shape: shapely.Geometry) -> Text | None:
    """Say why a shape cannot be an area, with the position (lon lat) of the flaw; None when it can."""
    if shapely.is_empty(shape):
        return Text("图形是空的", "the geometry is empty")
    west, south, east, north = shapely.bounds(shape)
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        return Text("坐标超出经纬度范围", "coordinates are out of the range of degrees")
    if not shapely.is_valid(shape):
        reason = shapely.is_valid_reason(shape)
        return Text(f"图形无效：{reason}", f"invalid geometry: {reason}")
    return None
