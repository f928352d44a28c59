"""Rules of the house about the routes page."""

import inspect
import re
from itertools import pairwise
from pathlib import Path

import pytest

from app.docs_page import DOCS_ROUTES, openapi_document
from app.main import create_app
from app.routes import ROUTES
from app.settings import Settings
from app.web_pages import PAGE_ROUTES
from core.access.policy import Policy
from core.http.endpoint import Route, adapt, read_signature

ALL = ROUTES + DOCS_ROUTES
ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize("route", ALL, ids=lambda route: f"{route.method} {route.path}")
def test_every_route_has_a_policy_and_says_what_it_does(route: Route) -> None:
    assert isinstance(route.policy, Policy)
    assert (route.handler.__doc__ or "").strip().endswith(".")


@pytest.mark.parametrize("route", ALL, ids=lambda route: f"{route.method} {route.path}")
def test_every_handler_fits_on_half_a_page(route: Route) -> None:
    assert len(inspect.getsource(route.handler).splitlines()) <= 30


@pytest.mark.parametrize("route", [route for route in ALL if read_signature(route).body], ids=lambda route: route.path)
def test_every_body_has_an_example_that_is_taken(route: Route) -> None:
    body = read_signature(route).body
    assert body is not None
    examples = body.model_json_schema().get("examples", [])
    assert examples
    for example in examples:
        body.model_validate(example)


def test_a_route_without_a_policy_fails_at_start_up() -> None:
    async def handler() -> None:
        """Do nothing."""

    with pytest.raises(TypeError, match="policy"):
        adapt(Route("GET", "/x", handler, None))  # type: ignore[arg-type]


def test_the_program_answers_at_the_described_addresses_and_no_others(tmp_path: Path) -> None:
    app = create_app(Settings(data_dir=tmp_path), dsn="postgresql://nowhere", sweeper_dsn="postgresql://nowhere")
    answered = {(route.method, route.resource.canonical) for route in app.router.routes() if route.resource}
    answered -= {(method, re.sub(r":[^}]*}", "}", route.path)) for route in PAGE_ROUTES for method in ("GET", "HEAD")}
    page = {(route.method, route.path) for route in ALL}
    described = {(method.upper(), path) for path, methods in openapi_document()["paths"].items() for method in methods}
    assert page == {(method, path) for method, path in answered if method != "HEAD"}
    assert page == described
    assert {path for method, path in page if method == "GET"} == {p for method, p in answered if method == "HEAD"}
    assert len(page) == len(ALL)


def test_no_route_is_written_twice() -> None:
    asked = sorted((route.method, route.path) for route in ALL)
    assert not [first for first, second in pairwise(asked) if first == second]
