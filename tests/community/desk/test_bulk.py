"""Many cases at once: each alone, in the order asked, once for each key, and none waiting for another for ever."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from community.acts import Act
from community.desk.bulk import act as bulk
from community.desk.bulk.act import act_in_bulk
from community.desk.bulk.models import BulkAct
from community.desk.bulk.queries import delete_bulk_acts_before
from community.models import Case, State
from community.workflow import Verb
from core.access.models import Actor, Role
from core.database import Connection, Pool, pool_transaction
from core.errors import Unavailable
from core.idempotency import IdempotencyKeyNotValid, IdempotencyKeyReused
from core.queries import list_events
from tests.community.desk.house import House, Json, pointers, slug
from tests.community.district import COMMUNITY, NEIGHBOUR, hire, located, open_report, put_in_state, read
from tests.conftest import DISTRICT, START

KEY = "bulk-key-1"


def oks(answer: Json) -> list[tuple[int, bool]]:
    return [(result["case_id"], result["ok"]) for result in answer["results"]]


async def test_each_case_is_done_or_refused_alone_in_the_order_asked(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    fine, foreign, filed = [
        await house.open(1, at=located()),
        await house.open(2, at=located(NEIGHBOUR)),
        await house.open(3, at=located(), trusted=True),
    ]
    last = await house.open(4, at=located())
    asked = [last.id, filed.id, 999, foreign.id, fine.id]
    status, answer = await secretary.ask("POST", "/cases/bulk", {"verb": "file", "case_ids": asked}, key=KEY)
    assert (200, 2, 3) == (status, answer["done"], answer["refused"])
    assert list(zip(asked, [True, False, False, False, True], strict=True)) == oks(answer)
    assert ["filed", None, None, None, "filed"] == [
        result["case"] and result["case"]["state"] for result in answer["results"]
    ]
    for case in (fine, last):
        assert "filed" == (await secretary.get(f"/cases/{case.id}"))["case"]["state"]


async def test_a_refusal_is_what_acting_on_the_case_alone_would_have_answered(house: House) -> None:
    for language in ("zh", "en"):
        secretary = await house.hire(f"s-{language}", Role.SECRETARY, COMMUNITY, language=language)
        case = await house.open(language, at=located())
        for verb, said in [("dispatch", {"department_id": 1}), ("reject", {}), ("close", {"result": "好"})]:
            body = {"verb": verb, "case_ids": [case.id], **said}
            _, answer = await secretary.ask("POST", "/cases/bulk", body, key=f"{language}-{verb}-key")
            _, alone = await secretary.ask("POST", f"/cases/{case.id}/{verb}", said)
            (result,) = answer["results"]
            del alone["request_id"]  # of the other request
            assert alone | {"instance": f"/api/v1/cases/{case.id}"} == result["problem"], verb


async def test_a_case_that_has_changed_since_it_was_looked_at_is_refused_alone(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    seen, changed = await house.open(1, at=located()), await house.open(2, at=located())
    assert 200 == (await secretary.ask("POST", f"/cases/{changed.id}/file", {}))[0]
    body = {
        "verb": "reject",
        "case_ids": [seen.id, changed.id],
        "versions": {str(seen.id): seen.version, str(changed.id): changed.version},
        "note": "不属于受理范围",
    }
    _, answer = await secretary.ask("POST", "/cases/bulk", body, key=KEY)
    assert [(seen.id, True), (changed.id, False)] == oks(answer)
    assert "case-changed" == slug(answer["results"][1]["problem"])


async def test_many_are_merged_into_one_at_once(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    original, *others = [await house.open(number, at=located()) for number in range(4)]
    asked = [original.id, *(case.id for case in others)]
    body = {"verb": "mark_duplicate", "case_ids": asked, "duplicate_of": original.id}
    _, answer = await secretary.ask("POST", "/cases/bulk", body, key=KEY)
    assert list(zip(asked, [False, True, True, True], strict=True)) == oks(answer)


async def test_the_same_key_gives_the_same_answer_and_does_nothing_again(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    case = await house.open(1, at=located())
    body = {"verb": "file", "case_ids": [case.id]}
    texts = []
    for _ in range(2):
        headers = secretary.headers | {"Idempotency-Key": KEY}
        answer = await house.client.post("/api/v1/cases/bulk", json=body, headers=headers)
        texts.append((answer.status, await answer.read()))
        house.clock.advance(timedelta(minutes=1))
    assert texts[0] == texts[1]
    assert ["case.opened", "case.filed"] == [
        step["kind"] for step in (await secretary.get(f"/cases/{case.id}"))["history"]
    ]


async def test_a_key_belongs_to_one_request_of_one_person(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    other = await house.hire("other", Role.SECRETARY, COMMUNITY)
    one, two = await house.open(1, at=located()), await house.open(2, at=located())
    await secretary.ask("POST", "/cases/bulk", {"verb": "file", "case_ids": [one.id]}, key=KEY)
    for body in (
        {"verb": "file", "case_ids": [two.id]},
        {"verb": "reject", "case_ids": [one.id], "note": "否"},
        {"verb": "file", "case_ids": [one.id], "versions": {str(one.id): 1}},
    ):
        status, problem = await secretary.ask("POST", "/cases/bulk", body, key=KEY)
        assert (409, "idempotency-key-reused", ["/header/Idempotency-Key"]) == (
            status,
            slug(problem),
            pointers(problem),
        )
    _, answer = await other.ask("POST", "/cases/bulk", {"verb": "file", "case_ids": [two.id]}, key=KEY)
    assert [(two.id, True)] == oks(answer)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"verb": "file", "case_ids": []}, "/case_ids"),
        ({"verb": "file", "case_ids": [1, 2, 1]}, "/case_ids"),
        ({"verb": "file", "case_ids": list(range(1, 102))}, "/case_ids"),
        ({"verb": "file", "case_ids": [1, 0]}, "/case_ids/1"),
        ({"verb": "burn", "case_ids": [1]}, "/verb"),
        ({"verb": "file", "case_ids": [1], "version": 1}, ""),
        ({"verb": "file", "case_ids": [1], "versions": {"2": 1}}, ""),
        ({"verb": "file", "case_ids": [1], "colour": "red"}, "/colour"),
    ],
)
async def test_every_wrong_field_of_a_bulk_act_is_named(house: House, body: Json, expected: str) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    status, problem = await secretary.ask("POST", "/cases/bulk", body, key=KEY)
    assert (422, [expected]) == (status, pointers(problem))


async def test_a_bulk_act_without_a_key_is_refused(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    status, problem = await secretary.ask("POST", "/cases/bulk", {"verb": "file", "case_ids": [1]})
    assert (400, IdempotencyKeyNotValid.slug) == (status, slug(problem))


async def test_a_hundred_cases_are_done_at_once(house: House) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    async with pool_transaction(house.pool) as conn:
        cases = [await open_report(conn, number, at=located()) for number in range(100)]
    body = {"verb": "file", "case_ids": [case.id for case in cases]}
    _, answer = await secretary.ask("POST", "/cases/bulk", body, key=KEY)
    assert (100, 0) == (answer["done"], answer["refused"])


def written(outcomes: object) -> str:
    assert isinstance(outcomes, list)
    return " ".join(f"{each.case_id}:{'ok' if each.case else type(each.refused).__name__}" for each in outcomes)


async def do(pool: Pool, actor: Actor, case_ids: list[int], *, verb: Verb = Verb.FILE, key: str = KEY) -> str:
    async with pool_transaction(pool) as conn:
        asked = BulkAct(verb, case_ids, Act())
        return await act_in_bulk(conn, key=key, asked=asked, write=written, actor=actor, now=START)


async def prepare(pool: Pool, number: int) -> tuple[Actor, list[int]]:
    async with pool_transaction(pool) as conn:
        secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
        return secretary, [(await open_report(conn, ref, at=located())).id for ref in range(number)]


async def kinds(pool: Pool, case_id: int) -> list[str]:
    async with pool_transaction(pool) as conn:
        return [
            event.kind for event in await list_events(conn, district_id=DISTRICT, subject="case", subject_id=case_id)
        ]


@pytest.mark.parametrize("attempt", range(3))
async def test_two_bulk_acts_in_opposite_order_end_with_each_case_done_once(pool: Pool, attempt: int) -> None:
    secretary, case_ids = await prepare(pool, 30)
    answers = await asyncio.gather(
        do(pool, secretary, case_ids, key="forwards-1"), do(pool, secretary, case_ids[::-1], key="backwards-1")
    )
    assert 30 == sum(answer.count(":ok") for answer in answers)
    assert 30 == sum(answer.count(":TransitionNotAllowed") for answer in answers)
    for case_id in case_ids:
        assert ["case.opened", "case.filed"] == await kinds(pool, case_id)


async def test_the_same_key_sent_five_times_at_once_is_done_once(pool: Pool) -> None:
    secretary, case_ids = await prepare(pool, 10)
    answers = await asyncio.gather(*(do(pool, secretary, case_ids) for _ in range(5)))
    assert {" ".join(f"{case_id}:ok" for case_id in case_ids)} == set(answers)
    for case_id in case_ids:
        assert ["case.opened", "case.filed"] == await kinds(pool, case_id)


async def test_another_request_under_a_key_in_use_waits_and_is_refused(pool: Pool) -> None:
    secretary, case_ids = await prepare(pool, 2)
    outcomes = await asyncio.gather(
        do(pool, secretary, case_ids[:1]), do(pool, secretary, case_ids[1:]), return_exceptions=True
    )
    assert {str, IdempotencyKeyReused} == {type(outcome) for outcome in outcomes}


async def test_a_case_that_someone_else_acts_on_meanwhile_fails_alone(pool: Pool) -> None:
    secretary, (first, second, third) = await prepare(pool, 3)
    async with pool_transaction(pool) as conn:
        other = await hire(conn, "other", Role.SECRETARY, COMMUNITY)
    async with pool_transaction(pool) as conn:
        await bulk.carry_out(conn, case_id=second, verb=Verb.FILE, act=Act(), actor=other, now=START)
        waiting = asyncio.create_task(do(pool, secretary, [first, second, third]))
        done, _ = await asyncio.wait([waiting], timeout=0.2)
        assert not done
    assert f"{first}:ok {second}:TransitionNotAllowed {third}:ok" == await waiting


async def break_for(monkeypatch: pytest.MonkeyPatch, broken: int, error: Exception) -> None:
    real = bulk.carry_out

    async def carry_out(conn: Connection, *, case_id: int, **rest: object) -> Case:
        case = await real(conn, case_id=case_id, **rest)  # type: ignore[arg-type]
        if case_id == broken:
            raise error
        return case

    monkeypatch.setattr(bulk, "carry_out", carry_out)


async def test_what_a_refused_case_had_begun_is_taken_back_alone(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    secretary, (first, second) = await prepare(pool, 2)
    await break_for(monkeypatch, first, asyncpg.CheckViolationError("broken"))
    assert f"{first}:CheckViolationError {second}:ok" == await do(pool, secretary, [first, second])
    assert ["case.opened"] == await kinds(pool, first)
    assert ["case.opened", "case.filed"] == await kinds(pool, second)


async def test_what_the_database_refuses_is_a_conflict_of_that_case_alone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    secretary = await house.hire("secretary", Role.SECRETARY, COMMUNITY)
    broken, fine = await house.open(1, at=located()), await house.open(2, at=located())
    await break_for(monkeypatch, broken.id, asyncpg.CheckViolationError("broken"))
    body = {"verb": "file", "case_ids": [broken.id, fine.id]}
    _, answer = await secretary.ask("POST", "/cases/bulk", body, key=KEY)
    assert [(broken.id, False), (fine.id, True)] == oks(answer)
    assert (409, "conflict") == (answer["results"][0]["problem"]["status"], slug(answer["results"][0]["problem"]))


@pytest.mark.parametrize("error", [Unavailable(), asyncpg.DeadlockDetectedError("dead"), RuntimeError("ours")])
async def test_trouble_fails_the_whole_keeps_nothing_and_leaves_the_key_free(
    pool: Pool, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    secretary, (first, second) = await prepare(pool, 2)
    with monkeypatch.context() as broken:
        await break_for(broken, second, error)
        with pytest.raises(type(error)):
            await do(pool, secretary, [first, second])
    assert ["case.opened"] == await kinds(pool, first)
    assert f"{first}:ok {second}:ok" == await do(pool, secretary, [first, second])


async def test_answers_are_forgotten_after_their_time_and_not_before(conn: Connection) -> None:
    secretary = await hire(conn, "secretary", Role.SECRETARY, COMMUNITY)
    case = await put_in_state(conn, await open_report(conn, 1, at=located()), State.COLLECTED)
    asked = BulkAct(Verb.FILE, [case.id], Act())

    async def again() -> str:
        return await act_in_bulk(conn, key=KEY, asked=asked, write=written, actor=secretary, now=START)

    first = await again()
    await delete_bulk_acts_before(conn, district_id=DISTRICT, before=START)
    assert first == await again()
    await delete_bulk_acts_before(conn, district_id=DISTRICT, before=START + timedelta(seconds=1))
    assert f"{case.id}:TransitionNotAllowed" == await again()
    assert State.FILED is (await read(conn, case)).state
