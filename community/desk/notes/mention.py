"""Who is mentioned in a note, and who may be: only those who see the case."""

import re
from collections.abc import Sequence

from community.desk.notes import queries
from community.desk.notes.models import Colleague, Person
from community.desk.sharing import shared_with
from community.models import Case
from community.sight import roles_on
from core.access.models import Actor
from core.database import Connection
from core.errors import FieldError, InvalidInput, Text

MAX_MENTIONS = 20
MAX_OFFERED = 20
_MAX_USERNAME = 64
_MAX_GRANTS_READ = 2000

# Not within a word, or every mail address would mention someone. Full-width ＠ is what a Chinese keyboard types.
_AT = re.compile(r"(?<![A-Za-z0-9._%+-])[@＠]([^\n@＠]*)")
# Where a user name may not end: inside a Latin word, or before a dot or hyphen that joins it to more of one.
_GOES_ON = re.compile(r"[A-Za-z0-9_]|[.-][A-Za-z0-9_]")
_ENDS_IN_WORD = re.compile(r"[A-Za-z0-9_]$")
_SHOWN = re.compile(r"[^\s，。；：！？、,;:!?]{0,20}")

_UNSEEN = "“{name}”不存在或看不到案件 {number}，不能提及。"
_UNSEEN_EN = "“{name}” does not exist or does not see case {number} and cannot be mentioned."


async def find_mentioned(conn: Connection, *, case: Case, text: str, staff_ids: Sequence[int]) -> tuple[Person, ...]:
    """Give everyone whom `@username` in the text or an id mentions, each once.

    Chinese leaves no blank after a name, so the longest user name that follows the `@` is meant. Raises `InvalidInput`
    naming each one who does not see the case, or more than `MAX_MENTIONS` of them.
    """
    tails = [found[1] for found in _AT.finditer(text)]
    meant = [_possible_names(tail) for tail in tails]
    colleagues = await queries.list_colleagues(
        conn,
        district_id=case.district_id,
        staff_ids=staff_ids,
        usernames=[name for names in meant for name in names],
    )
    seeing = [colleague.person for colleague in colleagues if _sees(colleague, case)]
    by_name = {person.username: person for person in seeing}
    by_id = {person.id: person for person in seeing}
    errors: list[FieldError] = []
    mentioned: dict[int, Person] = {}
    for tail, names in zip(tails, meant, strict=True):
        person = next((by_name[name] for name in names if name in by_name), None)
        _take(person, "/text", _shown(tail), case, mentioned, errors)
    for place, staff_id in enumerate(staff_ids):
        _take(by_id.get(staff_id), f"/mentions/{place}", str(staff_id), case, mentioned, errors)
    if len(mentioned) > MAX_MENTIONS:
        most = Text(f"最多提及 {MAX_MENTIONS} 人。", f"At most {MAX_MENTIONS} people can be mentioned.")
        errors.append(FieldError("/text", most))
    if errors:
        raise InvalidInput(errors)
    return tuple(mentioned.values())


def _take(
    person: Person | None, pointer: str, name: str, case: Case, mentioned: dict[int, Person], errors: list[FieldError]
) -> None:
    if person is None:
        words = {"name": name, "number": case.number}
        errors.append(FieldError(pointer, Text(_UNSEEN.format(**words), _UNSEEN_EN.format(**words))))
    else:
        mentioned[person.id] = person


def _possible_names(tail: str) -> list[str]:
    """Give every user name that the text after an `@` may begin with, the longest first."""
    ends = range(min(len(tail), _MAX_USERNAME), 0, -1)
    return [tail[:end] for end in ends if _may_end(tail, end)]


def _may_end(tail: str, end: int) -> bool:
    if tail[end - 1].isspace():
        return False
    return not (_ENDS_IN_WORD.match(tail[end - 1]) and _GOES_ON.match(tail, end))


def _shown(tail: str) -> str:
    found = _SHOWN.match(tail)
    return "@" + (found[0] if found else "")


async def list_mentionable(conn: Connection, *, case: Case, typed: str, caller: Actor) -> list[Person]:
    """List colleagues who see the case, by user name; `typed` begins it or stands within the name."""
    near = await queries.list_colleagues_near(
        conn,
        case=case,
        area_paths=None if case.area_path is None else shared_with(case.area_path),
        typed=typed,
        limit=_MAX_GRANTS_READ,
    )
    seeing = [each.person for each in near if _sees(each, case) and each.person.id != caller.id]
    return seeing[:MAX_OFFERED]


async def list_mentioned_ids(conn: Connection, *, case: Case, note_id: int) -> list[int]:
    """Give who is to be told of a note: those mentioned in it who see the case still."""
    staff_ids = await queries.list_mentioned_ids(conn, district_id=case.district_id, note_id=note_id)
    colleagues = await queries.list_colleagues(conn, district_id=case.district_id, staff_ids=staff_ids, usernames=())
    return [colleague.person.id for colleague in colleagues if _sees(colleague, case)]


def _sees(colleague: Colleague, case: Case) -> bool:
    person = colleague.person
    return bool(roles_on(Actor("staff", person.id, case.district_id, person.name, colleague.grants), case))
