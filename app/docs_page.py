"""The description of the interface: as OpenAPI, and as a page that needs no script and no network."""

from dataclasses import dataclass
from functools import cache
from html import escape
from typing import Any

from aiohttp import web

from app import __version__
from app.base_map import BASE_MAP, BaseMap
from app.problem_page import render_problems
from app.routes import ROUTES
from core.access.policy import ANYONE
from core.errors import NotFound
from core.http.endpoint import Route, to_json
from core.http.openapi import describe
from core.http.wiring import district_id, transaction
from core.queries import find_district
from geo.models import Point
from geo.queries import find_middle

OPENAPI: web.AppKey[dict[str, Any]] = web.AppKey("openapi")

_ROOMS = {
    "station": "驿站 Stations",
    "riders": "骑手与上报 Riders and reports",
    "community": "案件与诉求 Cases and appeals",
    "geo": "区域与地名 Areas and places",
    "core": "工作人员登录 Staff sign-in",
    "app": "服务 Service",
}

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.6 system-ui, "PingFang SC", "Microsoft YaHei", sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 1rem; }
h2 { margin-top: 2.5rem; }
details { border-top: 1px solid #8884; }
summary { padding: .8rem 0; cursor: pointer; }
code { font-family: ui-monospace, Consolas, monospace; overflow-wrap: anywhere; }
.method { display: inline-block; min-width: 4.2rem; font-weight: 700; }
.who { opacity: .75; }
pre { overflow-x: auto; padding: .8rem; background: #8882; border-radius: .4rem; white-space: pre-wrap; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #8883; }
th { white-space: nowrap; }
@media (max-width: 40rem) {
  table, tbody, tr, td { display: block; }
  th { display: none; }
  tr { padding: .6rem 0; border-bottom: 1px solid #8883; }
  td { padding: .1rem 0; border: 0; }
}
"""


@cache  # of one program it is always the same, and takes the better part of a second: longer than all else at its start
def openapi_document() -> dict[str, Any]:
    """Describe the whole interface; callers leave what they are given as it is."""
    return describe(
        ROUTES + DOCS_ROUTES,
        title="骑士驿站 Rider Station",
        version=__version__,
        description="Rest stations for delivery riders, and the reports those riders make to their community.",
    )


@dataclass(frozen=True, slots=True)
class DistrictCard:
    """The district this service serves, and its base map; `is_demo` asks every page to say 演示数据.

    `middle` (WGS-84) is where a map begins that knows no better; None before there are boundaries.
    """

    name: str
    timezone: str
    is_demo: bool
    base_map: BaseMap
    middle: Point | None


async def get_district(request: web.Request) -> DistrictCard:
    """Tell which district this is, and whether its data are a demonstration."""
    async with transaction(request) as conn:
        district = await find_district(conn, district_id=district_id(request))
        middle = await find_middle(conn, district_id=district_id(request))
    if district is None:
        raise NotFound()
    return DistrictCard(district.name, district.timezone, district.is_demo, request.app[BASE_MAP], middle)


async def get_home(request: web.Request) -> web.Response:
    """Show a first page: whose service this is and where things are."""
    card = await get_district(request)
    return _page(
        f"骑士驿站 · {escape(card.name)}",
        "<ul>"
        '<li><a href="/rider/">骑手：找驿站、随手报 Riders</a>'
        '<li><a href="/console/">社区工作台 Console</a></ul><ul>'
        '<li><a href="/api/v1/stations/nearby?place=%E7%AB%99&amp;limit=3">附近驿站 Stations nearby</a>'
        '<li><a href="/api/v1/places?q=%E7%AB%99">按地名查找 Places by name</a>'
        '<li><a href="/api/v1/categories">案件类别 Categories</a>'
        '<li><a href="/readyz">运行状态 Readiness</a></ul>',
    )


async def get_openapi(request: web.Request) -> web.Response:
    """Give the OpenAPI 3.1 description of this service."""
    return web.Response(body=to_json(request.app[OPENAPI]), content_type="application/json")


async def get_docs(request: web.Request) -> web.Response:
    """Show the interface as a page that works offline."""
    return _page("接口文档 API", _render_operations(request.app[OPENAPI]))


async def get_problem_docs(request: web.Request) -> web.Response:
    """Explain every problem this service can answer with."""
    return _page("问题说明 Problems", render_problems())


async def get_style(request: web.Request) -> web.Response:
    """Give the style of the documentation pages."""
    return web.Response(text=_STYLE, content_type="text/css")


def _page(title: str, body: str) -> web.Response:
    html = (
        f'<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>{title} · 骑士驿站</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="stylesheet" href="/docs/style.css"><body><h1>{title}</h1>'
        '<p><a href="/docs">接口 API</a> · <a href="/docs/problems">问题 Problems</a> · '
        f'<a href="/api/v1/openapi.json">openapi.json</a></p>{body}</body></html>'
    )
    return web.Response(text=html, content_type="text/html")


def _render_operations(document: dict[str, Any]) -> str:
    by_room: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            by_room.setdefault(operation["tags"][0], []).append(_render_operation(method, path, operation, document))
    order = [*(room for room in _ROOMS if room in by_room), *(room for room in by_room if room not in _ROOMS)]
    return "".join(f"<h2>{_ROOMS.get(room, escape(room))}</h2>{''.join(by_room[room])}" for room in order)


def _render_operation(method: str, path: str, operation: dict[str, Any], document: dict[str, Any]) -> str:
    parameters = "".join(
        f"<tr><td><code>{escape(parameter['name'])}</code>{' *' if parameter['required'] else ''}<td>{parameter['in']}"
        f"<td><code>{escape(_brief(parameter['schema'], document))}</code>"
        f"<td>{escape(parameter.get('description', ''))}"
        for parameter in operation.get("parameters", [])
    )
    parts = [f"<p>{escape(operation['description'])}</p>"]
    if parameters:
        parts.append(f"<table><tr><th>参数<th>位置<th>类型<th>说明{parameters}</table>")
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        parts.append(f"<p>请求 {escape(media)}</p><pre>{escape(_brief(content['schema'], document))}</pre>")
    for status, answer in operation["responses"].items():
        if status == "default":  # the same problem everywhere: it has a page of its own
            continue
        for media, content in answer.get("content", {}).items():
            shown = _brief(content["schema"], document)
            parts.append(f"<p>{escape(status)} {escape(media)}</p><pre>{escape(shown)}</pre>")
    return (
        f'<details id="{escape(operation["operationId"])}"><summary><span class="method">{method.upper()}</span> '
        f"<code>{escape(path).replace('/', '/<wbr>')}</code> {escape(operation['summary'])}</summary>"
        f"{''.join(parts)}</details>"
    )


def _brief(schema: dict[str, Any], document: dict[str, Any], depth: int = 0) -> str:
    """Write a schema as a short outline instead of raw JSON Schema."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return name if depth > 4 else _brief(document["components"]["schemas"][name], document, depth)
    if "anyOf" in schema:
        return " | ".join(_brief(choice, document, depth) for choice in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if "properties" in schema:
        pad = "  " * (depth + 1)
        required = schema.get("required", [])
        lines = [
            f"{pad}{name}{'' if name in required else '?'}: {_brief(value, document, depth + 1)}"
            for name, value in schema["properties"].items()
        ]
        return "{\n" + "\n".join(lines) + "\n" + "  " * depth + "}"
    if schema.get("type") == "array":
        return f"[{_brief(schema.get('items', {}), document, depth)}]"
    return str(schema.get("const", schema.get("format", schema.get("type", "any"))))


DOCS_ROUTES: tuple[Route, ...] = (
    Route("GET", "/", get_home, ANYONE, answer=str, media_type="text/html"),
    Route("GET", "/api/v1/district", get_district, ANYONE),
    Route("GET", "/api/v1/openapi.json", get_openapi, ANYONE, answer=dict[str, Any]),
    Route("GET", "/docs", get_docs, ANYONE, answer=str, media_type="text/html"),
    Route("GET", "/docs/problems", get_problem_docs, ANYONE, answer=str, media_type="text/html"),
    Route("GET", "/docs/style.css", get_style, ANYONE, answer=str, media_type="text/css"),
)
