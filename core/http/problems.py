"""Everything that goes wrong becomes one shape: RFC 9457 `application/problem+json`.

Rooms raise refusals (`core.errors`); here they get a type, a status and words in the reader's language. Broken
constraints are translated by their name (each room lists its own), trouble with PostgreSQL becomes 503, and anything
unforeseen becomes a bare 500 with a number to quote and no inner detail.
"""

import logging
from collections.abc import Callable, Mapping

import asyncpg
import orjson
from aiohttp import web
from aiohttp.typedefs import Handler

from core.database import TRANSIENT_ERRORS
from core.errors import Conflict, FieldError, InvalidInput, NotAllowed, NotFound, Refusal, Text, Unavailable
from core.http.callers import PROXIES, client_address
from core.http.wiring import ACTOR, BEGUN, NUMBER, language
from core.log import REQUEST_ID, new_request_id
from core.security_log import ORIGIN, note

#: Constraint name → what breaking it means.
ConstraintMeanings = Mapping[str, Callable[[], Refusal]]
CONSTRAINTS: web.AppKey[ConstraintMeanings] = web.AppKey("constraints")

PROBLEM_PAGE = "/docs/problems#"
NUMBER_HEADER = "X-Request-Id"

#: What may be an attack: no proof, no right, too much; and of things not found those that were named by the caller.
_TELLING = frozenset({401, 403, 429})

_log = logging.getLogger(__name__)


class MethodNotAllowed(Refusal):
    """The address exists and does not take this method."""

    status = 405
    slug = "method-not-allowed"
    title = Text("不支持的请求方法", "Method not allowed")
    detail = Text(
        "此地址不支持 {method}，可用：{allowed}。", "This address does not take {method}; it takes {allowed}."
    )


class TooLarge(Refusal):
    """The body is larger than this route takes."""

    status = 413
    slug = "too-large"
    title = Text("内容过大", "Too large")
    detail = Text("内容超过上限 {limit} 字节。", "The body is larger than the limit of {limit} bytes.")


class TooSlow(Refusal):
    """The body did not arrive in time."""

    status = 408
    slug = "too-slow"
    title = Text("接收超时", "Took too long to arrive")
    detail = Text("内容未能及时到达，请重试。", "The body did not arrive in time; send it again.")


class WrongMediaType(Refusal):
    """The body is declared as something this route does not read."""

    status = 415
    slug = "wrong-media-type"
    title = Text("不支持的内容类型", "Unsupported media type")
    detail = Text("请以 {expected} 发送。", "Send it as {expected}.")


class MalformedBody(Refusal):
    """The body is not JSON at all."""

    slug = "malformed-body"
    title = Text("内容无法解析", "The body cannot be read")
    detail = Text("不是有效的 JSON：{reason}", "This is not valid JSON: {reason}")


class ServerFault(Refusal):
    """An error of ours."""

    status = 500
    slug = "server-fault"
    title = Text("服务器内部错误", "Internal error")
    detail = Text(
        "是我们的问题，已记录，编号 {incident}。请稍后用同一请求重试。",
        "This is our fault and has been logged as {incident}. Please repeat the same request later.",
    )


@web.middleware
async def answer_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Number the request, and turn every exception into a problem."""
    numbered, origin = REQUEST_ID.set(number(request)), ORIGIN.set(_origin(request))
    try:
        return await handler(request)
    except Exception as error:
        answer = _of_exception(request, error)
        if BEGUN in request and request.transport is not None:
            # What has gone out cannot be taken back. Cut it, so that nobody waits for the rest or takes a part for all.
            request.transport.abort()
        return answer
    finally:
        ORIGIN.reset(origin)
        REQUEST_ID.reset(numbered)


def _origin(request: web.Request) -> dict[str, str]:
    """Give the name of the route, in which no value of the caller's stands, and his address."""
    address = client_address(request) if PROXIES in request.app else ""
    return {"route": f"{request.method} {_pattern(request)}", "address": address}


def _pattern(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return "" if resource is None else resource.canonical


def _of_exception(request: web.Request, error: Exception) -> web.StreamResponse:
    if isinstance(error, Refusal):
        return _refuse(request, error)
    if isinstance(error, web.HTTPException):
        return _of_http_exception(request, error)
    if isinstance(error, asyncpg.PostgresError):
        return _refuse(request, _of_postgres_error(request, error))
    if isinstance(error, TRANSIENT_ERRORS):
        _log.error("the database is in trouble", exc_info=error)
        return problem(request, Unavailable(retry_after_s=2))
    return problem(request, _unforeseen(error))


def _refuse(request: web.Request, refusal: Refusal) -> web.StreamResponse:
    """Answer a refusal; one that may be part of an attack stands in the log."""
    is_named = refusal.status == 404 and "{" in _pattern(request)
    if refusal.is_failed_proof or refusal.status in _TELLING or is_named:
        caller = request.get(ACTOR)  # not known where his address alone was too much
        note(
            "proof failed" if refusal.is_failed_proof else "refused",
            status=refusal.status,
            problem=refusal.slug,
            caller=None if caller is None else caller.kind,
            caller_id=None if caller is None else caller.id,
            account_id=refusal.account_id,
        )
    return problem(request, refusal)


def number(request: web.BaseRequest) -> str:
    """Give the number of a request, which it gets when it is first asked for."""
    if NUMBER not in request:
        request[NUMBER] = new_request_id()
    return request[NUMBER]


async def put_number(request: web.Request, response: web.StreamResponse) -> None:
    """Put the number of the request on every answer, also on streams and errors (a signal of the application)."""
    response.headers[NUMBER_HEADER] = number(request)
    request[BEGUN] = True


def problem(request: web.Request, refusal: Refusal) -> web.Response:
    """Answer `refusal` in the reader's language."""
    response = web.Response(
        status=refusal.status,
        body=orjson.dumps(describe_problem(request, refusal, instance=request.path) | {"request_id": number(request)}),
        content_type="application/problem+json",
        headers={"Content-Language": "en" if language(request) == "en" else "zh-CN"},
    )
    if refusal.retry_after_s is not None:
        response.headers["Retry-After"] = str(refusal.retry_after_s)
    if refusal.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def describe_problem(request: web.Request, refusal: Refusal, *, instance: str) -> dict[str, object]:
    """Give the body that tells the reader, in his language, why `instance` was refused."""
    reader = language(request)
    body: dict[str, object] = {
        "type": PROBLEM_PAGE + refusal.slug,
        "title": refusal.title.in_language(reader),
        "status": refusal.status,
        "detail": refusal.explain(reader),
        "instance": instance,
    }
    if isinstance(refusal, InvalidInput):
        body["errors"] = [
            {"pointer": wrong.pointer, "detail": wrong.reason.in_language(reader)} for wrong in refusal.errors
        ]
    elif refusal.pointer is not None:
        body["errors"] = [{"pointer": refusal.pointer, "detail": refusal.explain(reader)}]
    return body


def refusal_of(request: web.Request, error: Refusal | asyncpg.PostgresError) -> Refusal:
    """Give what an error means to the caller; a constraint of the database by its name."""
    return error if isinstance(error, Refusal) else _of_postgres_error(request, error)


def _of_http_exception(request: web.Request, error: web.HTTPException) -> web.StreamResponse:
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        response = problem(request, MethodNotAllowed(method=request.method, allowed=allowed))
        response.headers["Allow"] = allowed
        return response
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return problem(request, TooLarge(limit=request.client_max_size))
    if error.status == 404:
        return problem(request, NotFound())
    if error.status >= 400:
        return problem(request, Refusal())
    return error


def _of_postgres_error(request: web.Request, error: asyncpg.PostgresError) -> Refusal:
    if isinstance(error, TRANSIENT_ERRORS):
        _log.error("the database is in trouble", exc_info=error)
        return Unavailable(retry_after_s=2)
    if isinstance(error, asyncpg.IntegrityConstraintViolationError):
        meaning = request.app[CONSTRAINTS].get(error.constraint_name or "")
        if meaning is not None:
            return meaning()
        _log.warning("constraint %s was broken and has no meaning listed", error.constraint_name)
        return Conflict()
    if isinstance(error, asyncpg.InsufficientPrivilegeError) and "row-level security" in str(error):
        _log.warning("the second wall refused what the first let pass: %s", error)
        return NotAllowed()
    if isinstance(error, asyncpg.DataError):
        reason = Text("含有数据库不能保存的值。", "It holds a value that cannot be stored.")
        return InvalidInput([FieldError("", reason)])
    return _unforeseen(error)


def _unforeseen(error: Exception) -> Refusal:
    _log.error("an error of ours", exc_info=error)
    return ServerFault(incident=REQUEST_ID.get())
