"""New boundaries over HTTP: a file into the draft, its check, what it changes, its activation and its end."""

import asyncio
import tempfile
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyogrio
import pytest
import shapely

from core.access.models import Grant, Role
from core.access.queries import insert_grant
from core.database import pool_transaction
from core.http.wiring import BACKGROUND
from core.trail.acts import ACTS
from geo.api import AREAS, MOST_OUTLINES
from geo.boundaries import comparing
from geo.errors import DraftTooLarge, NoDraft
from geo.outlines import MOST_CORNERS, draw
from tests.conftest import DISTRICT, START, Client, FakeClock
from tests.geo.boundaries import area, draft_of, feature, square
from tests.geo.district import activate_two
from tests.sessions import open_long_session
from tests.staff import insert_staff

DRAFT = "/api/v1/generations/draft"
OUTLINES = "/api/v1/areas/outlines"
GEOJSON = "application/geo+json"
HOW = {"level": "社区", "name_field": "name", "code_field": "code", "datum": "wgs84"}


async def sign_in(client: Client, role: Role = Role.DISTRICT_ADMIN, area_path: str = "") -> dict[str, str]:
    async with pool_transaction(client.app[BACKGROUND]) as conn:
        staff = await insert_staff(conn, district_id=DISTRICT, username=f"{role}{area_path}", name="王工", now=START)
        grant = Grant(role, area_path)
        await insert_grant(conn, district_id=DISTRICT, staff_id=staff.id, grant=grant, now=START)
        token = await open_long_session(conn, district_id=DISTRICT, kind="staff", subject_id=staff.id, now=START)
    return {"Authorization": f"Bearer {token}"}


async def ask(client: Client, who: dict[str, str], method: str, path: str, **options: Any) -> tuple[int, Any]:
    answer = await client.request(method, path, headers=who | options.pop("headers", {}), **options)
    return answer.status, orjson.loads(await answer.read())


async def send(
    client: Client, who: dict[str, str], data: bytes, what: str = "areas", media_type: str = GEOJSON, **asked: str
) -> tuple[int, Any]:
    params = HOW | asked if what == "areas" else asked
    headers = {"Content-Type": media_type}
    return await ask(client, who, "POST", f"{DRAFT}/{what}", data=BytesIO(data), params=params, headers=headers)


def geojson(*features: dict[str, object]) -> bytes:
    return orjson.dumps({"type": "FeatureCollection", "features": features})


TWO = geojson(feature(square(0, 0), code="3701", name="听涛"), feature(square(1, 0), code="3702", name="观澜"))


async def test_a_file_is_looked_at_taken_in_checked_compared_and_activated(client: Client) -> None:
    who = await sign_in(client)
    first = await activate_two(client.app[BACKGROUND])
    status, told = await send(client, who, TWO, "description")
    assert (200, 2, {"code": ["3701", "3702"], "name": ["听涛", "观澜"]}) == (
        status,
        told["rows"],
        {field["name"]: field["examples"] for field in told["fields"]},
    )
    status, report = await send(client, who, TWO)
    assert (200, 2, []) == (status, report["areas"], report["errors"])
    _, checked = await ask(client, who, "GET", f"{DRAFT}/check")
    draft = checked["generation"]["id"]
    assert (report["generation_id"], "王工", [], []) == (
        draft,
        checked["generation"]["created_by"],
        checked["errors"],
        checked["warnings"],
    )
    _, compared = await ask(client, who, "GET", f"{DRAFT}/comparison")
    assert (0, 1, 2, 0) == tuple(compared[name] for name in ("added", "removed", "changed", "unchanged"))
    status, generation = await ask(client, who, "POST", f"{DRAFT}/activation", json={"generation_id": draft})
    assert (200, "active", first, "王工") == (
        status,
        generation["status"],
        generation["replaced_id"],
        generation["activated_by"],
    )
    await client.app[AREAS].load(client.app[BACKGROUND])
    status, roots = await ask(client, who, "GET", "/api/v1/areas")
    assert ["听涛", "观澜"] == [one["name"] for one in roots["areas"]]


async def test_every_step_that_changes_something_is_in_the_trail(client: Client) -> None:
    who = await sign_in(client)
    await send(client, who, TWO)
    await ask(client, who, "DELETE", DRAFT)
    _, report = await send(client, who, TWO)
    await ask(client, who, "POST", f"{DRAFT}/activation", json={"generation_id": report["generation_id"]})
    _, trail = await ask(client, who, "GET", "/api/v1/audit")
    acts = [entry["act"] for entry in trail["entries"]]
    assert ["generation.activated", "generation.filled", "generation.discarded", "generation.filled"] == acts
    assert set(acts) <= set(ACTS)
    assert {"staff"} == {entry["actor_kind"] for entry in trail["entries"]}


async def test_a_file_with_faults_is_refused_with_every_row_and_nothing_is_stored(client: Client) -> None:
    who = await sign_in(client)
    bow_tie = shapely.Polygon([(120, 36), (120.01, 36.01), (120.01, 36), (120, 36.01)])
    faulty = geojson(
        feature(square(0, 0), code="1", name="a"),
        feature(bow_tie, code="2", name="b"),
        feature(None, code="3", name="c"),
    )
    status, report = await send(client, who, faulty)
    assert (422, None, [2, 3]) == (status, report["generation_id"], [note["row"] for note in report["errors"]])
    assert "Self-intersection" in report["errors"][0]["reason"]["en"]
    assert (409, "/docs/problems#" + NoDraft.slug) == (
        (problem := await ask(client, who, "GET", f"{DRAFT}/check"))[0],
        problem[1]["type"],
    )


async def test_findings_come_with_a_place_and_errors_hinder_activation(client: Client) -> None:
    who = await sign_in(client)
    nested = geojson(feature(square(0, 0, 3), code="1", name="a"), feature(square(1, 1), code="2", name="b"))
    _, report = await send(client, who, nested)
    _, checked = await ask(client, who, "GET", f"{DRAFT}/check")
    (error,) = checked["errors"]
    inside = shapely.contains_xy(square(1, 1), error["at"]["lon"], error["at"]["lat"])
    assert ("nested", True) == (error["kind"], bool(inside))
    activation = {"generation_id": report["generation_id"]}
    status, problem = await ask(client, who, "POST", f"{DRAFT}/activation", json=activation)
    assert (409, "/docs/problems#draft-has-errors") == (status, problem["type"])


async def test_another_draft_than_the_one_looked_at_is_not_activated(client: Client) -> None:
    who = await sign_in(client)
    _, report = await send(client, who, TWO)
    seen = {"generation_id": report["generation_id"] + 1}
    status, problem = await ask(client, who, "POST", f"{DRAFT}/activation", json=seen)
    assert (404, "/docs/problems#generation-not-found") == (status, problem["type"])


async def test_activation_asks_again_who_it_is(client: Client, clock: FakeClock) -> None:
    who = await sign_in(client)
    _, report = await send(client, who, TWO)
    async with pool_transaction(client.app[BACKGROUND]) as conn:
        await conn.execute("update session set proved_at = $1", START.replace(year=2025))
    activation = {"generation_id": report["generation_id"]}
    status, problem = await ask(client, who, "POST", f"{DRAFT}/activation", json=activation)
    assert (403, "/docs/problems#recent-sign-in-needed") == (status, problem["type"])


async def test_a_discarded_draft_leaves_its_number_and_can_be_begun_anew(client: Client) -> None:
    who = await sign_in(client)
    _, report = await send(client, who, TWO)
    assert 200 == (await ask(client, who, "DELETE", DRAFT))[0]
    assert 409 == (await ask(client, who, "DELETE", DRAFT))[0]
    status, again = await send(client, who, TWO)
    assert (200, True) == (status, again["generation_id"] > report["generation_id"])


@pytest.mark.parametrize(
    ("role", "area_path"),
    [(Role.DISTRICT_ADMIN, "37"), (Role.AUDITOR, ""), (Role.SECRETARY, ""), (Role.SUBDISTRICT, "")],
)
async def test_only_administrators_of_the_whole_district_may(client: Client, role: Role, area_path: str) -> None:
    who = await sign_in(client, role, area_path)
    asked = [
        await send(client, who, TWO, "description"),
        await send(client, who, TWO),
        await ask(client, who, "GET", f"{DRAFT}/check"),
        await ask(client, who, "GET", f"{DRAFT}/comparison"),
        await ask(client, who, "POST", f"{DRAFT}/activation", json={"generation_id": 1}),
        await ask(client, who, "DELETE", DRAFT),
    ]
    assert [403] * 6 == [status for status, _ in asked]


def shapefile(folder: Path, *, cpg: bool) -> bytes:
    columns = [np.array(["3701"], dtype=object), np.array(["听涛社区"], dtype=object)]
    place = folder / "边界.shp"
    wkb = np.array([shapely.to_wkb(square(0, 0))], dtype=object)
    pyogrio.raw.write(place, wkb, columns, ["code", "name"], geometry_type="Polygon", crs="EPSG:4326", encoding="GBK")
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as target:
        for part in sorted(folder.glob("边界.*")):
            if cpg or part.suffix != ".cpg":
                target.write(part, f"../资料/{part.name}")
    return packed.getvalue()


@pytest.mark.parametrize("cpg", [True, False])
async def test_a_zipped_shapefile_is_read_whatever_its_folders_are_called(
    client: Client, tmp_path: Path, cpg: bool
) -> None:
    who = await sign_in(client)
    packed = shapefile(tmp_path, cpg=cpg)
    stated = {} if cpg else {"encoding": "GBK"}
    if not cpg:
        status, problem = await send(client, who, packed, "description", "application/zip")
        assert (422, True) == (status, "--encoding" in problem["detail"])
    _, told = await send(client, who, packed, "description", "application/zip", **stated)
    assert ["听涛社区"] == next(field["examples"] for field in told["fields"] if field["name"] == "name")
    status, report = await send(client, who, packed, media_type="application/zip", **stated)
    assert (200, 1) == (status, report["areas"])


async def test_a_geopackage_of_several_layers_is_read_once_one_is_chosen(client: Client, tmp_path: Path) -> None:
    who, file = await sign_in(client), tmp_path / "a.gpkg"
    wkb = np.array([shapely.to_wkb(square(0, 0))], dtype=object)
    for layer in ("街道", "社区"):
        columns = [np.array(["1"], dtype=object), np.array([layer], dtype=object)]
        pyogrio.raw.write(
            file, wkb, columns, ["code", "name"], layer=layer, geometry_type="Polygon", crs="EPSG:4326",
            append=file.exists(),
        )  # fmt: skip
    data, form = file.read_bytes(), "application/geopackage+sqlite3"
    _, told = await send(client, who, data, "description", form)
    assert (["街道", "社区"], []) == (told["layers"], told["fields"])
    _, told = await send(client, who, data, "description", form, layer="社区")
    assert ["社区"] == next(field["examples"] for field in told["fields"] if field["name"] == "name")
    assert 200 == (await send(client, who, data, media_type=form, layer="社区"))[0]


_NO_BOUNDARIES = (
    (b"<OGRVRTDataSource></OGRVRTDataSource>", GEOJSON, 422),
    (b"[1]", GEOJSON, 422),
    (b"{}", GEOJSON, 422),
    (b"", GEOJSON, 422),
    (b"PK\x03\x04 broken", "application/zip", 422),
    (b"{}", "application/geopackage+sqlite3", 422),
    (b"{}", "application/json", 415),
)


async def test_what_is_no_boundary_file_is_refused_plainly(client: Client) -> None:
    who = await sign_in(client)
    for data, media_type, expected in _NO_BOUNDARIES:
        status, problem = await send(client, who, data, "description", media_type)
        assert (expected, False) == (status, "station-boundaries" in problem["detail"]), problem


async def test_nothing_stays_on_the_disk(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    who = await sign_in(client)
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    for data in (TWO, b"{}"):
        await send(client, who, data, "description")
    assert [] == list(folder.iterdir())


async def test_a_file_beyond_the_limit_is_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    who = await sign_in(client)
    monkeypatch.setattr("geo.boundaries.api.LARGEST_FILE", 100)
    assert 413 == (await send(client, who, TWO))[0]


async def test_more_areas_than_a_page_works_on_are_left_to_commands(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = await sign_in(client)
    _, report = await send(client, who, TWO)
    monkeypatch.setattr("geo.boundaries.api.MOST_AREAS", 1)
    monkeypatch.setattr(comparing, "MOST_AREAS", 1)
    asked = [
        await ask(client, who, "GET", f"{DRAFT}/check"),
        await ask(client, who, "POST", f"{DRAFT}/activation", json={"generation_id": report["generation_id"]}),
        await ask(client, who, "DELETE", DRAFT),
    ]
    assert [(409, f"/docs/problems#{DraftTooLarge.slug}")] * 3 == [(status, told["type"]) for status, told in asked]
    _, compared = await ask(client, who, "GET", f"{DRAFT}/comparison")
    assert (True, 2) == (compared["is_too_large"], compared["after"][0]["areas"])
    assert 422 == (await send(client, who, TWO))[0]


async def test_each_change_is_told_with_its_aspects_and_drawn(client: Client) -> None:
    who, pool = await sign_in(client), client.app[BACKGROUND]
    await activate_two(pool, west="3701", east="3702")
    async with pool_transaction(pool) as conn:
        moved = square(0, 0).union(shapely.box(120.01, 36.0, 120.012, 36.01))
        root = shapely.union_all([square(0, 0), square(1, 0)])
        await draft_of(
            conn, (area("37", is_leaf=False), root), (area("3701", "37"), moved), (area("3703", "37"), square(1, 0))
        )
    _, compared = await ask(client, who, "GET", f"{DRAFT}/comparison")
    assert {"3703": ("added", []), "3702": ("removed", []), "3701": ("changed", ["outline"])} == {
        change["code"]: (change["kind"], change["aspects"]) for change in compared["changes"]
    }
    (grown,) = [change for change in compared["changes"] if change["code"] == "3701"]
    assert grown["moved_m2"] == pytest.approx(0.002 * 0.01 / 0.01**2 * 1109.7 * 901.6, rel=0.01)
    assert 1 == compared["unchanged"]
    drawn = {one["properties"]["code"]: one["properties"]["kind"] for one in compared["outlines"]["features"]}
    assert {"3703": "added", "3702": "removed", "3701": "changed"} == drawn


async def outlines(client: Client, who: dict[str, str], **asked: str) -> list[str]:
    status, drawn = await ask(client, who, "GET", OUTLINES, params=asked)
    assert (200, "FeatureCollection", False) == (status, drawn["type"], drawn["is_cut"])
    return [one["properties"]["code"] for one in drawn["features"]]


async def test_outlines_are_of_a_parent_or_of_all_leaves_in_a_box(client: Client) -> None:
    who, pool = await sign_in(client, Role.GRID_WORKER, "37/3701"), client.app[BACKGROUND]
    await activate_two(pool)
    await client.app[AREAS].load(pool)
    assert ["37"] == await outlines(client, who)
    assert ["3701", "3702"] == await outlines(client, who, parent="37")
    assert ["3701", "3702"] == await outlines(client, who, leaves="true")
    assert ["3702"] == await outlines(client, who, leaves="true", box="120.011,36,120.02,36.01")
    for wrong in ("1,2,3", "a,b,c,d", "1,2,3,4,5", "1e9,2,3,4"):
        assert 422 == (await ask(client, who, "GET", OUTLINES, params={"box": wrong}))[0]


async def test_a_draft_is_drawn_for_administrators_of_the_whole_district_only(client: Client) -> None:
    admin, secretary = await sign_in(client), await sign_in(client, Role.SECRETARY)
    first = await activate_two(client.app[BACKGROUND])
    _, report = await send(client, admin, TWO)
    draft = {"generation": str(report["generation_id"])}
    assert ["3701", "3702"] == await outlines(client, admin, **draft)
    assert 404 == (await ask(client, secretary, "GET", OUTLINES, params=draft))[0]
    assert ["37"] == await outlines(client, secretary, generation=str(first))


async def test_thousands_of_grids_stay_below_a_megabyte_and_say_when_they_are_cut(client: Client) -> None:
    who, pool = await sign_in(client), client.app[BACKGROUND]
    across = 46
    cells = [(area(f"g{n:04}", "37"), square(n % across, n // across)) for n in range(across * across)]
    async with pool_transaction(pool) as conn:
        await draft_of(conn, (area("37", is_leaf=False), square(0, 0, across)), *cells)
    (draft,) = (await ask(client, who, "GET", "/api/v1/generations"))[1]["generations"]
    answer = await client.get(OUTLINES, params={"generation": draft["id"], "leaves": "true"}, headers=who)
    body = await answer.read()
    drawn = orjson.loads(body)
    assert (across * across, MOST_OUTLINES, True) == (drawn["total"], len(drawn["features"]), drawn["is_cut"])
    assert len(body) < 1_000_000


async def test_rugged_neighbours_are_simplified_along_the_same_line(client: Client) -> None:
    """Two areas share a line of many corners: drawn coarser, they still share it."""
    lats = np.linspace(36.0, 36.01, MOST_CORNERS)
    line = np.column_stack([120.01 + 0.0003 * np.sin(np.arange(MOST_CORNERS) / 9), lats])
    west = shapely.Polygon([(120.0, 36.0), *line, (120.0, 36.01)])
    east = shapely.Polygon([(120.02, 36.0), *line, (120.02, 36.01)])
    shapes = np.array([west, east], dtype=object)
    drawn = await asyncio.to_thread(draw, shapes, [{"code": "1"}, {"code": "2"}], total=2)
    one, other = (shapely.from_geojson(orjson.dumps(each["geometry"])) for each in drawn.features)
    assert 10 < shapely.get_num_coordinates([one, other]).sum() <= MOST_CORNERS
    assert shapely.area(shapely.intersection(one, other)) < 1e-9
    assert shapely.area(shapely.union(one, other)) == pytest.approx(0.02 * 0.01, rel=1e-3)
