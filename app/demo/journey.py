"""The main journey: from an open station to a closed case, walked over HTTP against the running service."""

import asyncio
import hashlib
import secrets
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp
import pyotp

from app.demo import Say
from app.demo.areas import draw_areas
from app.demo.pictures import draw_picture
from app.demo.sign_ins import DemoSignIns
from app.demo.story import Story
from geo.datum import from_wgs84
from geo.models import Datum

_PHONE = "19900000088"
_DEVICE = "phone-of-the-demonstration"
_COMMUNITY = "370299003001"
_SECRETARY, _OTHER_SECRETARY, _DEPARTMENT = "demo-secretary7", "demo-secretary1", "demo-sanitation"
_PATIENCE_S = 30.0


class CodeBox(Protocol):
    """Where the codes sent to phones can be read."""

    def code_for(self, phone: str) -> str:
        """Give the last code sent to a phone."""


@dataclass(frozen=True, slots=True)
class _Report:
    """What the rider keeps of his report, and the photo he announced."""

    id: int
    case_id: int
    photo: bytes


async def walk(base_url: str, *, sign_ins: DemoSignIns, codes: CodeBox, say: Say) -> None:
    """Walk the journey on a service that holds the demonstration. Raises `StoryBroken` where it does not hold."""
    async with aiohttp.ClientSession() as http:
        await _Walk(Story(http, base_url, say=say), sign_ins, codes).walk()
    say("\n全程走通 / the whole way holds")


class _Walk:
    """The steps, in order; the rider's and the secretary's tokens are gathered on the way."""

    def __init__(self, story: Story, sign_ins: DemoSignIns, codes: CodeBox) -> None:
        self._story = story
        self._passwords = {entry.staff.username: entry.password for entry in sign_ins.staff}
        self._code = pyotp.TOTP(sign_ins.second_factor).now
        self._codes = codes
        self._lon, self._lat = _somewhere_in(_COMMUNITY)
        self._rider = self._secretary = self._other = self._department = ""

    async def walk(self) -> None:
        station = await self._find_station()
        await self._sign_up()
        await self._consent()
        await self._become_reporter()
        report = await self._report()
        await self._send_photo(report)
        await self._look(report)
        await self._triage(report)
        await self._find_locked(station)

    async def _find_station(self) -> dict[str, Any]:
        story = self._story
        story.tell(
            "骑手（未登录）按国测局坐标找附近开着的驿站", "a rider, not signed in, looks for an open station (GCJ-02)"
        )
        stations = await self._nearby()
        story.check(bool(stations), "附近有开着的驿站", "there is an open station nearby")
        story.check(
            all(station["open"]["state"] == "open" for station in stations),
            "返回的都是此刻开着的",
            "every station in the answer is open now",
        )
        always = [station for station in stations if station["is_always_open"] and station["door"] == "open"]
        story.check(bool(always), "其中有全天开放的", "one is open round the clock")
        return dict(always[0])

    async def _nearby(self) -> list[dict[str, Any]]:
        where = {"lat": f"{self._lat:.6f}", "lon": f"{self._lon:.6f}", "datum": "gcj02"}
        answer = await self._story.ask(
            "GET", "/api/v1/stations/nearby", params=where | {"open_now": "true", "radius_m": "8000", "limit": "20"}
        )
        return list(answer["stations"])

    async def _sign_up(self) -> None:
        self._story.tell("用手机验证码注册登录", "signs up by phone and one-time code")
        await self._story.ask(
            "POST", "/api/v1/riders/codes", body={"phone": _PHONE, "device_nonce": _DEVICE}, expect=202
        )
        body = {"phone": _PHONE, "device_nonce": _DEVICE, "code": self._codes.code_for(_PHONE)}
        session = await self._story.ask("POST", "/api/v1/riders/sessions", body=body, expect=201)
        self._story.check(session["is_new"], "这是新骑手", "the rider is new")
        self._rider = session["session"]["access"]

    async def _consent(self) -> None:
        self._story.tell("逐项授权：位置、照片", "consents, purpose by purpose: location, photos")
        for purpose in ("report_location", "photo"):
            body = {"purpose": purpose, "version": 1, "is_given": True}
            consents = await self._story.ask("POST", "/api/v1/riders/me/consents", token=self._rider, body=body)
        self._story.check(
            {"report_location", "photo"} <= {row["purpose"] for row in consents if row["is_in_force"]},
            "两项授权已生效",
            "both consents are in force",
        )

    async def _become_reporter(self) -> None:
        story = self._story
        story.tell("申请成为兼职网格员，社区书记聘任", "applies as a reporter; the secretary appoints him")
        wish = {"area_code": _COMMUNITY, "motivation": "天天跑这一片（演示）"}
        application = await story.ask(
            "POST", "/api/v1/riders/me/applications", token=self._rider, body=wish, expect=201
        )
        self._secretary = await self._sign_in(_SECRETARY)
        waiting = await story.ask("GET", "/api/v1/applications", token=self._secretary, params={"status": "waiting"})
        story.check(
            application["id"] in {row["id"] for row in waiting["applications"]},
            "书记看到这份申请",
            "the secretary sees the application",
        )
        await story.ask(
            "POST",
            f"/api/v1/applications/{application['id']}/approve",
            token=self._secretary,
            body={"term_months": 6, "trust_level": 1},
            expect=201,
        )
        mine = await story.ask("GET", "/api/v1/appointments", token=self._rider)
        story.check(len(mine["appointments"]) == 1, "聘任已生效", "the appointment stands")

    async def _report(self) -> _Report:
        story = self._story
        story.tell("上报一个问题，网络不好又发了一次", "reports a problem, and sends it again on a bad network")
        photo, key = draw_picture(secrets.randbelow(10**6)), secrets.token_hex(16)
        body = {
            "category": "litter",
            "description": "垃圾桶已满，旁边堆了三袋垃圾（演示）",
            "point": {"lon": self._lon, "lat": self._lat, "datum": "gcj02", "accuracy_m": 8},
            "photos": [hashlib.sha256(photo).hexdigest()],
        }
        first = await story.ask("POST", "/api/v1/reports", token=self._rider, key=key, body=body, expect=201)
        again = await story.ask("POST", "/api/v1/reports", token=self._rider, key=key, body=body, expect=201)
        story.check(first == again, "两次得到同一答复，只有一个案件", "both answers are the same: one report, one case")
        other = body | {"description": "另一件事"}
        await story.ask("POST", "/api/v1/reports", token=self._rider, key=key, body=other, expect=409)
        story.check(True, "同一编号不能用于另一件事", "the key cannot be used for anything else")
        return _Report(first["id"], first["case_id"], photo)

    async def _send_photo(self, report: _Report) -> None:
        self._story.tell("照片单独上传，断网重传也只有一张", "sends the photo by itself; sent twice, it is there once")
        path = f"/api/v1/reports/{report.id}/photos/{hashlib.sha256(report.photo).hexdigest()}"
        for _ in range(2):
            await self._story.ask("PUT", path, token=self._rider, photo=report.photo)
        shown = await self._story.ask("GET", f"/api/v1/reports/{report.id}", token=self._rider)
        stored = [photo for photo in shown["photos"] if photo["stored_at"]]
        self._story.check(len(stored) == 1, "照片已安全保存", "the photo is stored, once")

    async def _look(self, report: _Report) -> None:
        story = self._story
        story.tell("本社区书记看得到，别的社区看不到", "this community's secretary sees it, another's does not")
        seen = await story.ask("GET", f"/api/v1/cases/{report.case_id}", token=self._secretary)
        story.check(
            _COMMUNITY in seen["case"]["area_path"].split("/"), "案件分拨到本社区", "it was routed to the community"
        )
        self._other = await self._sign_in(_OTHER_SECRETARY)
        await story.ask("GET", f"/api/v1/cases/{report.case_id}", token=self._other, expect=404)
        await story.ask("POST", f"/api/v1/cases/{report.case_id}/file", token=self._other, body={}, expect=404)

    async def _triage(self, report: _Report) -> None:
        story = self._story
        story.tell(
            "立案、派遣；部门处置；核查、结案，骑手每一步都看得到", "filed, dispatched, handled, verified, closed"
        )
        departments = await story.ask("GET", "/api/v1/departments", token=self._secretary)
        (sanitation,) = (row["id"] for row in departments["departments"] if row["code"] == "sanitation")
        self._department = await self._sign_in(_DEPARTMENT)
        secretary, department = self._secretary, self._department
        steps: tuple[tuple[str, str, dict[str, object], str], ...] = (
            ("file", secretary, {}, "filed"),
            ("dispatch", secretary, {"department_id": sanitation}, "dispatched"),
            ("feedback", department, {"note": "已到现场（演示）"}, "dispatched"),
            ("handle", department, {"note": "已清理完毕（演示）"}, "handled"),
            ("verify", secretary, {}, "verified"),
            ("close", secretary, {"result": "问题已解决，感谢上报（演示）"}, "closed"),
        )
        for verb, token, body, state in steps:
            await story.ask("POST", f"/api/v1/cases/{report.case_id}/{verb}", token=token, body=body)
            shown = await story.ask("GET", f"/api/v1/reports/{report.id}", token=self._rider)
            seen = shown["progress"]
            words = seen["steps"][-1]["text"]
            story.check(seen["state"] == state, f"骑手看到：{words['zh']}", f"the rider sees: {words['en']}")
        await story.ask("POST", f"/api/v1/cases/{report.case_id}/file", token=secretary, body={}, expect=409)
        await self._expect_notice("case.closed", report.case_id)

    async def _expect_notice(self, kind: str, case_id: int) -> None:
        async def told() -> bool:
            answer = await self._story.ask("GET", "/api/v1/notices", token=self._rider)
            return (kind, case_id) in {(row["kind"], row["case_id"]) for row in answer["notices"]}

        self._story.check(await _eventually(told), "骑手收到结案通知", "the rider is told that it is closed")

    async def _find_locked(self, station: dict[str, Any]) -> None:
        story = self._story
        story.tell("两位骑手先后发现驿站锁门，只立一个案件", "two riders find the station locked: one case")
        before = await self._open_faults()
        for nonce in ("demo-device-one", "demo-device-two"):
            tap = await story.ask(
                "POST",
                f"/api/v1/stations/{station['id']}/feedback",
                body={"kind": "found_locked", "device_nonce": nonce},
            )
            story.check(tap["has_case"], "已转交社区", "it is passed on to the community")
        new = await self._open_faults() - before
        story.check(len(new) == 1, "社区只多了一个案件", "the community has one case more")

        async def gone() -> bool:
            return station["id"] not in {row["id"] for row in await self._nearby()}

        story.check(await _eventually(gone), "搜索不再说它开着", "the search no longer calls it open")

    async def _open_faults(self) -> set[int]:
        answer = await self._story.ask(
            "GET",
            "/api/v1/cases",
            token=self._secretary,
            params={"origin": "station_fault", "state": "collected", "limit": "200"},
        )
        return {row["id"] for row in answer["cases"]}

    async def _sign_in(self, username: str) -> str:
        body = {"username": username, "password": self._passwords[username], "code": self._code()}
        return str((await self._story.ask("POST", "/api/v1/session", body=body, expect=201))["access"])


async def _eventually(holds: Any) -> bool:
    """Wait for what follows a moment later: notices and the search index."""
    deadline = asyncio.get_running_loop().time() + _PATIENCE_S
    while not await holds():
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(0.3)
    return True


def _somewhere_in(code: str) -> tuple[float, float]:
    """Give GCJ-02 degrees of a place inside the area."""
    (shape,) = (area.shape for area in draw_areas() if area.code == code)
    place = shape.representative_point()
    lon, lat = from_wgs84(place.x, place.y, Datum.GCJ02)
    return round(lon, 6), round(lat, 6)
