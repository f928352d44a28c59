"""Headers with which every answer tells the browser what it may not do, errors and streams included."""

from aiohttp import hdrs, web

from core.http.wiring import FORGOTTEN, PUBLIC_URL

#: What runs or styles comes from a file of ours, never from within a page; other sites neither frame nor fetch us.
_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
)
#: What the pages for phone and console need beyond it: pictures they made themselves, the icons of their buttons, the
#: map's worker, the phone's home screen.
_OF_PAGES = {
    "img-src": "'self' blob: data:",
    "font-src": "'self' data:",
    "worker-src": "'self'",
    "manifest-src": "'self'",
}
#: The rider's page takes photos and knows where it is; no page of ours asks for anything else.
_FEATURES = (
    "camera=(self)",
    "geolocation=(self)",
    "accelerometer=()",
    "display-capture=()",
    "gyroscope=()",
    "magnetometer=()",
    "microphone=()",
    "midi=()",
    "payment=()",
    "serial=()",
    "usb=()",
)
_ALWAYS = {
    "Content-Security-Policy": "; ".join(_POLICY),
    "Permissions-Policy": ", ".join(_FEATURES),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
#: For a year, and only where people are known to come by TLS: a browser that was told so comes by nothing else.
_BY_TLS = _ALWAYS | {"Strict-Transport-Security": "max-age=31536000"}


def page_policy(map_hosts: tuple[str, ...]) -> str:
    """Give the content security policy of a page that draws maps; `map_hosts` are the origins of its base map."""
    policy = dict(rule.split(" ", 1) for rule in _POLICY) | _OF_PAGES
    policy["connect-src"] = " ".join(("'self'", *map_hosts))
    return "; ".join(f"{name} {sources}" for name, sources in policy.items())


def security_headers(app: web.Application) -> dict[str, str]:
    """Give what every answer carries that does not say otherwise."""
    return _BY_TLS if app.get(PUBLIC_URL) else _ALWAYS


async def put_security_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Put the headers on an answer (a signal of the application), and take away what tells of what we are made."""
    for name, value in security_headers(request.app).items():
        response.headers.setdefault(name, value)
    if FORGOTTEN in request:
        response.headers["Clear-Site-Data"] = request[FORGOTTEN]
    response.headers.popall(hdrs.SERVER, None)
