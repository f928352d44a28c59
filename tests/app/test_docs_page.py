"""The documentation pages: complete, without script or network, and safe whatever they have to show."""

from collections.abc import AsyncIterator
from html.parser import HTMLParser
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from app.docs_page import DOCS_ROUTES, OPENAPI, openapi_document
from app.problem_page import all_refusals
from app.routes import ROUTES
from core.errors import Refusal
from core.http.endpoint import Route, add_routes
from core.http.problems import CONSTRAINTS, answer_problems
from core.http.wiring import CLOCK, DISTRICT_ID
from tests.conftest import DISTRICT, START, Client

NASTY = '<img src=x onerror="alert(1)">&\'</code>'


class Page(HTMLParser):
    """What a browser would see of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.text += "\n" if tag in ("details", "tr") else ""

    def handle_data(self, data: str) -> None:
        self.text += data

    def ids(self) -> list[str | None]:
        return [attributes["id"] for _, attributes in self.tags if "id" in attributes]


def serve(document: dict[str, Any]) -> web.Application:
    app = web.Application(middlewares=[answer_problems])
    app[CLOCK], app[DISTRICT_ID], app[CONSTRAINTS], app[OPENAPI] = lambda: START, DISTRICT, {}, document
    add_routes(app, DOCS_ROUTES)
    return app


@pytest_asyncio.fixture(scope="module")
async def docs() -> AsyncIterator[Client]:
    async with TestClient(TestServer(serve(openapi_document()))) as client:
        yield client


async def read(client: Client, path: str) -> Page:
    answer = await client.get(path)
    assert (200, "text/html") == (answer.status, answer.content_type)
    return Page(await answer.text())


@pytest_asyncio.fixture(scope="module")
async def operations(docs: Client) -> Page:
    return await read(docs, "/docs")


async def test_the_page_lists_every_route_with_who_may_call_it(operations: Page) -> None:
    lines = operations.text.splitlines()
    missing = [
        f"{route.method} {route.path}"
        for route in ROUTES + DOCS_ROUTES
        if not any(line.startswith(f"{route.method} {route.path} ") for line in lines)
    ]
    assert [] == missing


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
async def test_each_route_says_who_may_call_it(docs: Client, operations: Page, route: Route) -> None:
    operation = docs.app[OPENAPI]["paths"][route.path][route.method.lower()]
    assert f"Who may call: {route.policy.name}." in operation["description"]
    assert operation["description"].split("\n")[-1] in operations.text


async def test_every_operation_has_an_address_of_its_own(operations: Page) -> None:
    ids = operations.ids()
    assert len(ROUTES + DOCS_ROUTES) == len(set(ids)) == len(ids)


@pytest.mark.parametrize("path", ["/docs", "/docs/problems"])
async def test_the_page_needs_no_script_and_no_network(docs: Client, path: str) -> None:
    page = await read(docs, path)
    assert "script" not in {tag for tag, _ in page.tags}
    addresses = [
        value or "" for _, attributes in page.tags for name, value in attributes.items() if name in ("src", "href")
    ]
    assert [] == [address for address in addresses if not address.startswith("/")]
    assert {"src", "style"} & {name for _, attributes in page.tags for name in attributes} == set()
    assert [] == [name for _, attributes in page.tags for name in attributes if name.startswith("on")]


@pytest.mark.parametrize("path", ["/docs", "/docs/problems"])
async def test_every_link_of_the_page_leads_somewhere(docs: Client, path: str) -> None:
    links = {attributes["href"] or "" for _, attributes in (await read(docs, path)).tags if "href" in attributes}
    assert {200} == {(await docs.get(link)).status for link in links}


async def test_what_is_shown_is_never_taken_for_markup() -> None:
    operation = {
        "operationId": NASTY,
        "tags": [NASTY],
        "summary": NASTY,
        "description": NASTY,
        "parameters": [
            {"name": NASTY, "in": "query", "required": True, "schema": {"enum": [NASTY]}, "description": NASTY}
        ],
        "requestBody": {"content": {NASTY: {"schema": {"properties": {NASTY: {"const": NASTY}}}}}},
        "responses": {NASTY: {"content": {NASTY: {"schema": {"anyOf": [{"type": NASTY}, {"type": "null"}]}}}}},
    }
    app = serve({"paths": {f"/{NASTY}": {"get": operation}}, "components": {"schemas": {}}})
    async with TestClient(TestServer(app)) as client:
        page = await read(client, "/docs")
    assert "img" not in {tag for tag, _ in page.tags}
    assert 13 == page.text.count(NASTY)
    assert [NASTY] == page.ids()


async def test_a_schema_that_holds_itself_comes_to_an_end() -> None:
    tree = {
        "type": "object",
        "properties": {"children": {"type": "array", "items": {"$ref": "#/components/schemas/T"}}},
    }
    answer = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/T"}}}}
    operation = {"operationId": "t", "tags": ["t"], "summary": "", "description": "", "responses": {"200": answer}}
    app = serve({"paths": {"/t": {"get": operation}}, "components": {"schemas": {"T": tree}}})
    async with TestClient(TestServer(app)) as client:
        assert "children" in (await read(client, "/docs")).text


@pytest.mark.parametrize("refusal", all_refusals(), ids=lambda refusal: refusal.slug)
async def test_every_refusal_has_its_anchor_and_both_titles(docs: Client, refusal: type[Refusal]) -> None:
    page = await read(docs, "/docs/problems")
    assert refusal.slug in page.ids()
    assert refusal.title.zh in page.text
    assert refusal.title.en in page.text


async def test_the_type_of_a_problem_leads_to_its_explanation(docs: Client) -> None:
    problem = await (await docs.get("/nowhere")).json()
    path, _, anchor = problem["type"].partition("#")
    assert anchor in (await read(docs, path)).ids()


async def test_the_description_is_served_as_it_is_committed(docs: Client) -> None:
    answer = await docs.get("/api/v1/openapi.json")
    assert openapi_document() == await answer.json()


async def test_the_style_comes_from_this_server_as_the_security_header_wants(docs: Client) -> None:
    answer = await docs.get("/docs/style.css")
    assert (200, "text/css") == (answer.status, answer.content_type)
    assert "style-src 'self'" in answer.headers["Content-Security-Policy"]
