"""The routes page: the whole HTTP interface in one list."""

from app.health import livez, readyz
from core.access.api import get_session, sign_in_staff, sign_out
from core.access.policy import ANYONE, SIGNED_IN
from core.http.endpoint import Route

ROUTES: tuple[Route, ...] = (
    # health
    Route("GET", "/livez", livez, ANYONE),
    Route("GET", "/readyz", readyz, ANYONE),
    # session
    Route("POST", "/api/v1/session", sign_in_staff, ANYONE, 201),
    Route("GET", "/api/v1/session", get_session, SIGNED_IN),
    Route("DELETE", "/api/v1/session", sign_out, SIGNED_IN, 204),
)
