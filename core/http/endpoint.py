"""One adapter between HTTP and handlers.

A handler is `async def verb(request, query: Q, body: B, thing_id: int) -> Answer`: the parameters it names are what it
gets. `query` and `body` are pydantic models, anything named in the path is converted to its annotation, and what it
returns is serialised; every wrong field is reported at once. The adapter also finds who is calling and asks the
route's policy, so a handler never runs for a caller it does not admit.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, get_args, get_origin, get_type_hints

import orjson
from aiohttp import hdrs, web
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from core.access.policy import Policy
from core.errors import FieldError, InvalidInput, NotFound, Text
from core.http.callers import client_address
from core.http.identity import find_caller, put_cookies
from core.http.pace import keeping_pace
from core.http.problems import TooLarge, TooSlow, WrongMediaType, put_number
from core.http.security_headers import put_security_headers
from core.http.strict_json import read_json
from core.http.traffic import KEEPER, READ, TRAFFIC, WRITE, Keeper, Traffic
from core.http.validation import explain_errors
from core.http.wiring import ACTOR
from core.limits.models import Lane

T = TypeVar("T")
HandlerFunction = Callable[..., Awaitable[object]]
Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]

JSON_BODY_LIMIT = 64 * 1024
BODY_TIMEOUT_S = 15.0

_BIGINT = 2**63
_NUL = Text("不能含有空字符。", "It must not hold a NUL character.")  # PostgreSQL cannot store one


class Input(BaseModel):
    """What every body and query has in common: nothing changes it later, and a field it does not know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class Created(Generic[T]):
    """An answer about something new: its body and the address where it now stands."""

    body: T
    location: str


@dataclass(frozen=True, slots=True)
class Route:
    """A line of the routes page: what is asked, who answers, who may ask, and the status of success.

    `answer` states the type for OpenAPI where a handler writes its own response; `media_type` is then its type.
    `accepts` names the media types of a body that the handler reads itself. `traffic` is what it counts as; left out,
    plain reading or writing.
    """

    method: str
    path: str
    handler: HandlerFunction
    policy: Policy
    status: int = 200
    answer: Any = None
    media_type: str = "application/json"
    accepts: tuple[str, ...] = ()
    traffic: Traffic | None = None

    def counts_as(self) -> Traffic:
        """Give the kind of traffic that this route is."""
        return self.traffic or (READ if self.method == "GET" else WRITE)

    def lane(self) -> Lane:
        """Give the lane in which its requests wait under load."""
        chosen = self.counts_as().lane
        if chosen is not None:
            return chosen
        if self.policy.kinds == {"staff"}:
            return Lane.STAFF
        return Lane.PUBLIC if self.method == "GET" else Lane.INTAKE


@dataclass(frozen=True, slots=True)
class Signature:
    """What a handler takes and gives, read once from its annotations."""

    query: type[BaseModel] | None
    body: type[BaseModel] | None
    path: dict[str, TypeAdapter[Any]]
    takes_request: bool
    answer: Any


def read_signature(route: Route) -> Signature:
    """Read the handler's parameters; raises `TypeError` where one is neither known nor in the path."""
    hints = get_type_hints(route.handler)
    answer = hints.pop("return", None)
    if get_origin(answer) is Created:
        (answer,) = get_args(answer)
    in_path = {name: hint for name, hint in hints.items() if "{" + name + "}" in route.path}
    unknown = set(inspect.signature(route.handler).parameters) - set(in_path) - {"request", "query", "body"}
    if unknown:
        raise TypeError(f"{route.method} {route.path}: cannot supply {', '.join(sorted(unknown))}")
    return Signature(
        query=hints.get("query"),
        body=hints.get("body"),
        path={name: TypeAdapter(hint) for name, hint in in_path.items()},
        takes_request="request" in hints,
        answer=route.answer if route.answer is not None else answer,
    )


def add_routes(app: web.Application, routes: tuple[Route, ...], keeper: Keeper | None = None) -> None:
    """Put the routes page into the application; every answer gets the security headers and the request's number.

    Without a `keeper` nothing is limited: so are parts of the service tried out.
    """
    app.on_response_prepare.extend([put_security_headers, put_number])
    if keeper is not None:
        app[KEEPER] = keeper
    for route in routes:
        handler = adapt(route) if keeper is None else _within_limits(adapt(route), route, keeper)
        app.router.add_route(route.method, route.path, handler)
        if route.method == "GET":  # HTTP wants HEAD wherever there is GET; the server leaves the body out
            app.router.add_route("HEAD", route.path, handler)


def _within_limits(answer: Answering, route: Route, keeper: Keeper) -> Answering:
    """Let `answer` answer what keeps within the limits of its traffic, as many at once as its lane takes."""
    traffic, lane = route.counts_as(), route.lane()
    has_body = read_signature(route).body is not None

    async def call(request: web.Request) -> web.StreamResponse:
        keeper.admit_address(traffic, client_address(request))
        request[TRAFFIC] = traffic
        entered = keeper.enter(lane)
        if has_body:
            await read_bytes(request)  # kept by the request: a body that trickles in must not hold a place
        async with entered:
            return await answer(request)

    return call


def adapt(route: Route) -> Answering:
    """Make the aiohttp handler of a route."""
    if not isinstance(route.policy, Policy):
        raise TypeError(f"{route.method} {route.path} has no policy")
    signature = read_signature(route)
    several = _fields_given_several_times(signature.query)

    async def call(request: web.Request) -> web.StreamResponse:
        if request.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
            raise WrongMediaType(expected="Content-Encoding: identity")
        request[ACTOR] = caller = await find_caller(request, route.policy)
        if (keeper := request.app.get(KEEPER)) is not None:
            keeper.admit_person(request[TRAFFIC], caller)
        route.policy.check(caller)
        arguments: dict[str, object] = {"request": request} if signature.takes_request else {}
        if signature.path:
            arguments |= _read_path(request, signature.path)
        if signature.query is not None:
            arguments["query"] = _read_query(request, signature.query, several)
        if signature.body is not None:
            arguments["body"] = await read_body(request, signature.body)
        response = _respond(await route.handler(**arguments), route.status)
        put_cookies(request, response)
        return response

    return call


def _read_path(request: web.Request, adapters: dict[str, TypeAdapter[Any]]) -> dict[str, object]:
    values: dict[str, object] = {}
    errors: list[FieldError] = []
    for name, adapter in adapters.items():
        text = request.match_info[name]
        if "\0" in text:
            errors.append(FieldError(f"/path/{name}", _NUL))
            continue
        try:
            values[name] = adapter.validate_strings(text)
        except ValidationError as error:
            errors += explain_errors(error, prefix=f"/path/{name}")
    if errors:
        raise InvalidInput(errors)
    if any(isinstance(value, int) and not -_BIGINT <= value < _BIGINT for value in values.values()):
        raise NotFound()  # no row can have such a number
    return values


def _fields_given_several_times(model: type[BaseModel] | None) -> frozenset[str]:
    fields = {} if model is None else model.model_fields
    return frozenset(name for name, field in fields.items() if get_origin(field.annotation) in (list, tuple))


def _read_query(request: web.Request, model: type[BaseModel], several: frozenset[str]) -> BaseModel:
    """Read the query string into `model`; only the fields named in `several` may be given several times."""
    values: dict[str, Any] = {}
    errors: list[FieldError] = []
    for name, text in request.query.items():
        if "\0" in text:
            errors.append(FieldError(f"/query/{name}", _NUL))
        elif name in several:
            values.setdefault(name, []).append(text)
        elif name in values:
            errors.append(FieldError(f"/query/{name}", Text("只能填写一次。", "Give it only once.")))
        else:
            values[name] = text
    try:
        parsed = model.model_validate(values)
    except ValidationError as error:
        raise InvalidInput(errors + explain_errors(error, prefix="/query")) from None
    if errors:
        raise InvalidInput(errors)
    return parsed


async def read_body(request: web.Request, model: type[BaseModel]) -> BaseModel:
    """Read a JSON body into `model`. Raises a `Refusal` that names every wrong field."""
    if request.content_type != "application/json" or (request.charset or "utf-8").lower() != "utf-8":
        raise WrongMediaType(expected="application/json")
    value = read_json(await read_bytes(request))
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise InvalidInput(explain_errors(error, prefix="")) from None


async def read_bytes(request: web.Request, *, timeout_s: float = BODY_TIMEOUT_S) -> bytes:
    """Read the whole body within the application's size limit. aiohttp itself lets a body trickle for ever."""
    try:
        async with asyncio.timeout(timeout_s):
            return await request.read()
    except TimeoutError:
        raise TooSlow() from None


async def read_upload(request: web.Request, *, limit: int, timeout_s: float) -> bytes:
    """Read a body of up to `limit` bytes; the application's own limit is for JSON. Raises `TooLarge`, `TooSlow`."""
    if (request.content_length or 0) > limit:
        raise TooLarge(limit=limit)
    data = bytearray()
    async with keeping_pace(timeout_s) as have_come:
        async for chunk in request.content.iter_any():
            data += chunk
            if len(data) > limit:
                raise TooLarge(limit=limit)
            have_come(len(chunk))
    return bytes(data)


def _respond(result: object, status: int) -> web.StreamResponse:
    if isinstance(result, web.StreamResponse):
        return result
    if result is None:
        return web.Response(status=status if status != 200 else 204)
    if isinstance(result, Created):
        return web.Response(
            status=status,
            body=to_json(result.body),
            content_type="application/json",
            headers={hdrs.LOCATION: result.location},
        )
    return web.Response(status=status, body=to_json(result), content_type="application/json")


def to_json(value: object) -> bytes:
    """Serialise an answer: dataclasses, enums, UTC times with `Z`."""
    return orjson.dumps(value, default=_other, option=orjson.OPT_UTC_Z)


def _other(value: object) -> object:
    if isinstance(value, Text):
        return {"zh": value.zh, "en": value.en}
    if isinstance(value, BaseModel):
        return value.model_dump()
    raise TypeError(f"cannot serialise {type(value).__name__}")
