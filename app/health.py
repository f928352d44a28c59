"""Is the process alive, and can it serve: for supervisors and load balancers."""

from dataclasses import dataclass

from aiohttp import web

from app.keys import count_waiting_rows
from app.schedule import CLOCK_GUARD, TICKS, TRAIL_WATCH
from community.clocks.queries import count_open_by_weekday
from community.oversights.find import Oversight, find_oversights
from core import queries
from core.access.models import Role
from core.database import TRANSIENT_ERRORS, Connection, pool_transaction
from core.errors import Text, Unavailable
from core.http.callers import is_on_this_machine
from core.http.wiring import BACKGROUND, CLOCK, POOL, RING, actor, district_id
from core.trail.models import Finding
from core.trail.queries import find_failed_verification
from station.api import LIVE_STATIONS

#: The sweeps run every second; this long without any is a dead scheduler (it can die while its process lives).
MAX_SILENCE_S = 10.0
MAX_EVENT_AGE_S = 120.0

_ASK_THERE = Text("原因只在本机和管理员处显示", "why is told on the machine itself and to administrators")


@dataclass(frozen=True, slots=True)
class Alive:
    """The process answers."""

    status: str = "ok"


@dataclass(frozen=True, slots=True)
class Ready:
    """The process can serve; `warnings` need an operator and stop nothing. Null: the caller is none."""

    status: str
    warnings: tuple[str, ...] | None


class NotReady(Unavailable):
    """The process cannot serve now."""

    slug = "not-ready"
    title = Text("未就绪", "Not ready")
    detail = Text("暂时不能提供服务：{reason}", "Cannot serve now: {reason}")


async def livez() -> Alive:
    """Tell that the process answers; asks nothing of the database."""
    return Alive()


async def readyz(request: web.Request) -> Ready:
    """Tell whether the process can serve: the database answers and the sweeps run.

    Why not, and what needs a look, is told on the machine itself and to administrators and auditors of the whole
    district; a stranger hears yes or no.
    """
    is_operator = is_on_this_machine(request) or "" in actor(request).scopes(Role.DISTRICT_ADMIN, Role.AUDITOR)
    silence = request.app[TICKS].seconds_since_last()
    if silence > MAX_SILENCE_S:
        why = Text(f"定时扫描已停 {silence:.0f} 秒", f"no sweep for {silence:.0f} s")
        raise NotReady(reason=why if is_operator else _ASK_THERE, retry_after_s=5)
    try:
        async with pool_transaction(request.app[POOL]):
            pass  # requests, too, get a connection
        async with pool_transaction(request.app[BACKGROUND]) as conn:
            seen = await _look(request, conn) if is_operator else None
    except TRANSIENT_ERRORS as error:
        why = Text("数据库无响应", "the database does not answer")
        raise NotReady(reason=why if is_operator else _ASK_THERE, retry_after_s=2) from error
    return Ready(status="ok", warnings=None if seen is None else tuple(_warnings(request, seen)))


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the database says of things that need an operator."""

    given_up: int
    oversights: tuple[Oversight, ...]
    by_weekday: int
    failed: tuple[str, int] | None
    waiting: int
    age_s: float


async def _look(request: web.Request, conn: Connection) -> _Seen:
    now, district = request.app[CLOCK](), district_id(request)
    return _Seen(
        given_up=await queries.count_given_up_events(conn, district_id=district),
        oversights=await find_oversights(conn, district_id=district, now=now),
        by_weekday=await count_open_by_weekday(conn, district_id=district),
        failed=await find_failed_verification(conn, district_id=district),
        waiting=await count_waiting_rows(conn, ring=request.app[RING], district_id=district),
        age_s=await queries.find_oldest_due_event_age_s(conn, district_id=district, now=now),
    )


def _warnings(request: web.Request, seen: _Seen) -> list[str]:
    warnings = []
    if seen.given_up:
        warnings.append(f"{seen.given_up} 个事件已放弃 / event(s) given up: see `python -m app events`")
    if seen.age_s > MAX_EVENT_AGE_S:
        warnings.append(f"最早的事件已等待 {seen.age_s:.0f} 秒 / the oldest due event has waited {seen.age_s:.0f} s")
    if seen.waiting:
        warnings.append(f"{seen.waiting} 行待用新密钥重新加密 / row(s) wait for a newer key: see `python -m app keys`")
    if (reason := request.app[CLOCK_GUARD].reason) is not None:
        warnings.append(f"时限提醒暂停 / deadlines are on hold: {reason}")
    warnings += [f"{each.count} × {each.text.zh} / {each.text.en}: GET /api/v1/oversights" for each in seen.oversights]
    warnings += _calendar_warnings(seen.by_weekday) + _trail_warnings(seen.failed, request.app[TRAIL_WATCH].finding)
    if not request.app[LIVE_STATIONS].is_loaded:
        warnings.append("驿站索引载入中，查询较慢 / the stations are still being loaded, searches are slower")
    return warnings


def _calendar_warnings(by_weekday: int) -> list[str]:
    counted = f"{by_weekday} 个时限因日历缺少年份按星期计算 / clock(s) counted by weekday for want of a calendar"
    return [f"{counted}: see `python -m app holidays`"] if by_weekday else []


def _trail_warnings(failed: tuple[str, int] | None, finding: Finding | None) -> list[str]:
    warnings = []
    if failed is not None:
        fault, row = failed
        warnings.append(
            f"审计链核验未通过（第 {row} 行）/ the last verification of the audit trail failed: {fault} at row {row}; "
            "see `python -m app audit verify`"
        )
    if finding is not None:
        warnings.append(f"审计链与库外锚点不符 / the audit trail does not fit its anchor: {finding.text.en}")
    return warnings
