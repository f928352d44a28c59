"""The server itself, where aiohttp answers by its own words: requests so broken that they reach no route."""

from typing import Any, cast

from aiohttp import hdrs, web
from aiohttp.http_exceptions import BadHttpMethod
from aiohttp.web_protocol import RequestHandler

from core.errors import Refusal
from core.http.problems import NUMBER_HEADER, MethodNotAllowed, ServerFault, number, problem
from core.http.security_headers import security_headers
from core.log import REQUEST_ID

_METHODS = "DELETE, GET, HEAD, PATCH, POST, PUT"


class Runner(web.AppRunner):
    """Runs an application; what aiohttp cannot read is answered as a problem like any other."""

    async def _make_server(self) -> web.Server:
        plain = await super()._make_server()
        server = _Server(plain.request_handler, request_factory=plain.request_factory, **self._kwargs)
        server.headers = security_headers(self.app)
        return server


class _Server(web.Server):
    headers: dict[str, str]

    def __call__(self) -> RequestHandler:
        return _Connection(self, self.headers, loop=self._loop, **self._kwargs)


class _Connection(RequestHandler):
    __slots__ = ("_security_headers",)

    def __init__(self, server: _Server, headers: dict[str, str], **kwargs: Any) -> None:
        super().__init__(server, **kwargs)
        self._security_headers = headers

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        REQUEST_ID.set(number(request))
        super().handle_error(request, status, exc, message)  # logs it, and raises where an answer has begun
        told = problem(cast(web.Request, request), _meaning(status, exc))  # the application makes no other requests
        answer = _Unrouted(status=told.status, body=told.body, headers=told.headers)
        answer.headers.update(self._security_headers)
        answer.headers[NUMBER_HEADER] = number(request)
        if isinstance(exc, BadHttpMethod):
            answer.headers[hdrs.ALLOW] = _METHODS
        answer.force_close()
        return answer


class _Unrouted(web.Response):
    """An answer that the application's signals do not see."""

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        self.headers.popall(hdrs.SERVER, None)


def _meaning(status: int, exc: BaseException | None) -> Refusal:
    if isinstance(exc, BadHttpMethod):
        return MethodNotAllowed(method="?", allowed=_METHODS)
    return Refusal() if status < 500 else ServerFault(incident=REQUEST_ID.get())
