"""Staff administration over HTTP: the whole life of an account, and what needs a recent proof."""

from datetime import timedelta

import pytest

from community.staff.granting import GIVES
from core.access.models import Grant, Role
from core.access.sessions import PROOF_LIFE
from core.database import Pool, pool_transaction
from tests.community.district import COMMUNITY, STREET, add_areas
from tests.conftest import START, Client, FakeClock
from tests.core.test_own_account_http import NEW, Visitor, enrol
from tests.staff import add_staff


@pytest.fixture
async def centre(client: Client, pool: Pool) -> Visitor:
    """The centre of a street, signed in."""
    async with pool_transaction(pool) as conn:
        await add_areas(conn, COMMUNITY)
        person = await add_staff(conn, "centre", Grant(Role.SUBDISTRICT, STREET), now=START)
    visitor = Visitor(client)
    await visitor.sign_in(person.body())
    return visitor


async def test_an_account_is_made_handed_over_extended_reset_and_ended(
    client: Client, pool: Pool, centre: Visitor, clock: FakeClock
) -> None:
    role = {"role": "secretary", "area": COMMUNITY}
    made = await centre.ask("POST", "/staff", {"username": "wang", "name": "示例书记", **role}, expect=201)
    wang, first = Visitor(client), {"username": "wang", "password": made["one_time_password"]}
    await wang.sign_in(first)
    body = {"old_password": first["password"], "new_password": NEW}
    await wang.ask("PUT", "/account/password", body, expect=204)
    _, codes = await enrol(wang, clock)
    await centre.ask("POST", f"/staff/{made['id']}/roles", {"role": "grid_worker", "area": COMMUNITY}, expect=204)
    await wang.ask("GET", "/account", expect=401)
    await wang.sign_in({"username": "wang", "password": NEW, "code": codes[0]})
    assert {"secretary", "grid_worker"} == {each["role"] for each in (await wang.ask("GET", "/session"))["grants"]}
    card = next(each for each in (await centre.ask("GET", "/staff"))["staff"] if each["username"] == "wang")
    assert (True, True, False) == (card["is_yours"], card["has_second_factor"], card["awaits_first_sign_in"])
    taken = {"role": "secretary", "area_path": COMMUNITY}
    await centre.ask("POST", f"/staff/{made['id']}/roles/take", taken, expect=204)
    reset = await centre.ask("POST", f"/staff/{made['id']}/password")
    await wang.sign_in({"username": "wang", "password": NEW, "code": codes[1]}, expect=401)
    await wang.sign_in({"username": "wang", "password": reset["one_time_password"]}, expect=401)
    await wang.sign_in({"username": "wang", "password": reset["one_time_password"], "code": codes[1]})
    lost = await centre.ask("POST", f"/staff/{made['id']}/second-factor")
    async with pool_transaction(pool) as conn:
        assert 0 == await conn.fetchval("select count(*) from recovery_code where staff_id = $1", made["id"])
    await wang.sign_in({"username": "wang", "password": lost["one_time_password"]})
    assert ["password", "second_factor"] == (await wang.ask("GET", "/account"))["owes"]
    await centre.ask("POST", f"/staff/{made['id']}/disable", expect=204)
    await wang.ask("GET", "/account", expect=401)
    await wang.sign_in({"username": "wang", "password": lost["one_time_password"]}, expect=401)
    await centre.ask("POST", f"/staff/{made['id']}/enable", expect=204)
    await wang.sign_in({"username": "wang", "password": lost["one_time_password"]})


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("", {"username": "wang", "name": "示例", "role": "secretary", "area": COMMUNITY}),
        ("/1/disable", None),
        ("/1/enable", None),
        ("/1/roles", {"role": "secretary", "area": COMMUNITY}),
        ("/1/roles/take", {"role": "secretary", "area_path": COMMUNITY}),
        ("/1/password", None),
        ("/1/second-factor", None),
    ],
)
async def test_every_change_needs_a_recent_proof(
    centre: Visitor, clock: FakeClock, path: str, body: dict[str, str] | None
) -> None:
    own = await centre.send("POST", f"/staff{path}", body)
    assert own.status in (201, 403)
    assert not (await own.json())["type" if own.status == 403 else "one_time_password"].endswith(
        "#recent-sign-in-needed"
    )
    clock.advance(PROOF_LIFE + timedelta(seconds=1))
    refused = await centre.ask("POST", f"/staff{path}", body, expect=403)
    assert refused["type"].endswith("#recent-sign-in-needed")


async def test_a_name_in_use_is_named(centre: Visitor) -> None:
    body = {"username": "centre", "name": "示例", "role": "secretary", "area": COMMUNITY}
    refused = await centre.ask("POST", "/staff", body, expect=422)
    assert ["/username"] == [error["pointer"] for error in refused["errors"]]


@pytest.mark.parametrize("role", [role for role in Role if role not in GIVES])
async def test_other_roles_administer_nobody(client: Client, pool: Pool, role: Role) -> None:
    async with pool_transaction(pool) as conn:
        person = await add_staff(conn, "someone", Grant(role, ""), now=START)
    someone = Visitor(client)
    await someone.sign_in(person.body())
    await someone.ask("GET", "/staff", expect=200 if role is Role.AUDITOR else 403)
    await someone.ask("POST", "/staff/1/disable", expect=403)
