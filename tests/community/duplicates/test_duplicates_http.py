"""Duplicates over HTTP, through the whole program: who is admitted, what is answered, which field was wrong."""

from dataclasses import dataclass

import pytest
import pytest_asyncio

from app.docs_page import openapi_document
from community.models import Case
from core.access.models import Role
from core.database import Pool, pool_transaction
from core.http.wiring import BACKGROUND
from geo.datum import from_wgs84
from geo.models import Datum
from riders.signup.queries import insert_rider
from tests.community.district import COMMUNITY, NEIGHBOUR, hire
from tests.community.duplicates.scene import SPOT, report
from tests.conftest import DISTRICT, RING, START, Client
from tests.sessions import open_long_session

RULES = {
    "default": {"radius_m": 60, "within_days": 20},
    "categories": [{"category": "litter", "radius_m": 5, "within_days": 20}],
    "related": [["rubble", "greenery"]],
}


@dataclass(frozen=True)
class House:
    """The program with two cases side by side."""

    client: Client
    one: Case
    other: Case

    @property
    def pool(self) -> Pool:
        assert self.client.app is not None
        return self.client.app[BACKGROUND]

    async def staff(self, role: Role, area_path: str = "") -> dict[str, str]:
        """Hire someone and give his header."""
        async with pool_transaction(self.pool) as conn:
            who = await hire(conn, f"{role} {area_path}", role, area_path)
            assert who.id is not None
            token = await open_long_session(conn, district_id=DISTRICT, kind="staff", subject_id=who.id, now=START)
        return {"Authorization": f"Bearer {token}"}

    async def rider(self) -> dict[str, str]:
        """Sign a rider up and give his header."""
        async with pool_transaction(self.pool) as conn:
            rider_id = await insert_rider(conn, ring=RING, district_id=DISTRICT, phone="+8613900000001", now=START)
            assert rider_id is not None
            token = await open_long_session(conn, district_id=DISTRICT, kind="rider", subject_id=rider_id, now=START)
        return {"Authorization": f"Bearer {token}"}

    async def get(self, path: str, who: dict[str, str] | None = None) -> tuple[int, dict[str, object]]:
        """Give status and answer."""
        answer = await self.client.get(path, headers=who)
        return answer.status, await answer.json()

    def address(self) -> str:
        """Give where the dismissal of the two stands."""
        return f"/api/v1/cases/{self.one.id}/duplicates/{self.other.id}/dismissal"


@pytest_asyncio.fixture
async def house(client: Client) -> House:
    assert client.app is not None
    async with pool_transaction(client.app[BACKGROUND]) as conn:
        return House(client, await report(conn, 1, words="路边有垃圾"), await report(conn, 2, east=10))


async def test_a_secretary_compares_dismisses_and_takes_it_back(house: House) -> None:
    secretary = await house.staff(Role.SECRETARY, COMMUNITY)
    path = f"/api/v1/cases/{house.one.id}/duplicates"
    status, shown = await house.get(path, secretary)
    (suggestion,) = shown["suggestions"]  # type: ignore[misc]
    assert (200, house.other.id, 10.0) == (status, suggestion["case"]["id"], suggestion["metres"])
    assert {"zh": "相距 10 米", "en": "10 m apart"} == suggestion["parts"][0]["reason"]
    assert 204 == (await house.client.post(house.address(), headers=secretary)).status
    _, shown = await house.get(path, secretary)
    assert ([], 1) == (shown["suggestions"], len(shown["dismissed"]))  # type: ignore[arg-type]
    assert 204 == (await house.client.delete(house.address(), headers=secretary)).status
    _, shown = await house.get(path, secretary)
    assert (1, []) == (len(shown["suggestions"]), shown["dismissed"])  # type: ignore[arg-type]


async def test_a_page_of_cases_is_counted_at_once_and_only_what_is_seen(house: House) -> None:
    path = f"/api/v1/cases/duplicate-counts?case_id={house.other.id}&case_id={house.one.id}&case_id=999999"
    secretary, foreign = [await house.staff(Role.SECRETARY, area) for area in (COMMUNITY, NEIGHBOUR)]
    counts = [{"case_id": case.id, "suggestions": 1} for case in (house.one, house.other)]
    assert (200, {"counts": counts}) == await house.get(path, secretary)
    assert (200, {"counts": []}) == await house.get(path, foreign)
    assert 422 == (await house.get("/api/v1/cases/duplicate-counts", secretary))[0]


async def test_another_communitys_secretary_is_answered_404(house: House) -> None:
    foreign = await house.staff(Role.SECRETARY, NEIGHBOUR)
    assert 404 == (await house.get(f"/api/v1/cases/{house.one.id}/duplicates", foreign))[0]
    assert 404 == (await house.client.post(house.address(), headers=foreign)).status
    assert 404 == (await house.client.delete(house.address(), headers=foreign)).status


async def test_who_only_looks_may_not_dismiss(house: House) -> None:
    auditor = await house.staff(Role.AUDITOR)
    assert 200 == (await house.get(f"/api/v1/cases/{house.one.id}/duplicates", auditor))[0]
    assert 403 == (await house.client.post(house.address(), headers=auditor)).status


async def test_strangers_and_riders_are_kept_out_of_the_staffs_side(house: House) -> None:
    rider = await house.rider()
    for path in (f"/api/v1/cases/{house.one.id}/duplicates", "/api/v1/duplicate-rules"):
        assert [401, 403] == [(await house.get(path, who))[0] for who in (None, rider)]


@pytest.mark.parametrize("datum", list(Datum))
async def test_a_rider_is_told_in_any_datum_what_is_open_nearby(house: House, datum: Datum) -> None:
    lon, lat = from_wgs84(SPOT.lon, SPOT.lat, datum)
    path = f"/api/v1/cases/nearby?lat={lat}&lon={lon}&datum={datum}&category=rubble"
    status, shown = await house.get(path, await house.rider())
    litter = {
        "category_code": "litter",
        "state": {"zh": "待立案", "en": "Collected"},
        "opened_at": "2026-03-10T02:00:00Z",
    }
    assert (200, [litter | {"distance_m": metres} for metres in (0, 10)]) == (status, shown["cases"])


async def test_what_is_nearby_is_for_riders_and_each_wrong_field_is_named(house: House) -> None:
    rider = await house.rider()
    assert 401 == (await house.get("/api/v1/cases/nearby?lat=36&lon=120&category=litter"))[0]
    for query, expected in [
        ("lat=91&lon=120&category=litter", "/query/lat"),
        ("lat=36&lon=120&category=", "/query/category"),
        ("lat=36&lon=120&category=no_such", "/query/category"),
        ("lat=36&lon=120&category=litter&datum=mars", "/query/datum"),
    ]:
        status, problem = await house.get(f"/api/v1/cases/nearby?{query}", rider)
        assert (422, expected) == (status, pointers(problem)[0])


async def test_the_district_sets_the_rules_and_others_read_them(house: House) -> None:
    admin, secretary = await house.staff(Role.DISTRICT_ADMIN), await house.staff(Role.SECRETARY, COMMUNITY)
    answer = await house.client.put("/api/v1/duplicate-rules", json=RULES, headers=admin)
    stored = RULES | {"related": [["greenery", "rubble"]]}
    assert (200, stored) == (answer.status, await answer.json())
    assert (200, stored) == await house.get("/api/v1/duplicate-rules", secretary)
    again = await house.client.put("/api/v1/duplicate-rules", json=stored, headers=admin)
    assert (200, stored) == (again.status, await again.json())
    assert [] == (await house.get(f"/api/v1/cases/{house.one.id}/duplicates", secretary))[1]["suggestions"]
    assert 403 == (await house.client.put("/api/v1/duplicate-rules", json=RULES, headers=secretary)).status


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"default": {"radius_m": 501, "within_days": 0}}, ["/default/radius_m", "/default/within_days"]),
        ({"related": [["litter", "no_such"]]}, ["/related/0/1"]),
        ({"colour": "red"}, ["/colour"]),
    ],
)
async def test_every_wrong_rule_is_named(house: House, change: dict[str, object], expected: list[str]) -> None:
    admin = await house.staff(Role.DISTRICT_ADMIN)
    answer = await house.client.put("/api/v1/duplicate-rules", json=RULES | change, headers=admin)
    assert (422, expected) == (answer.status, pointers(await answer.json()))


def test_the_contract_shows_an_example_of_the_rules() -> None:
    body = openapi_document()["components"]["schemas"]["DuplicateRulesBody"]
    assert {"default", "categories", "related"} == body["examples"][0].keys()


def pointers(problem: dict[str, object]) -> list[str]:
    errors = problem["errors"]
    assert isinstance(errors, list)
    return [error["pointer"] for error in errors]
