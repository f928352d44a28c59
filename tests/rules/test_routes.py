"""Rules of the house about the routes page."""

import inspect
from itertools import pairwise
from pathlib import Path

import pytest

from app.docs_page import DOCS_ROUTES
from app.routes import ROUTES
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


def test_no_route_is_written_twice() -> None:
    asked = sorted((route.method, route.path) for route in ALL)
    assert not [first for first, second in pairwise(asked) if first == second]
