"""Editing the kinds of case: a category is never deleted, only retired, because old cases keep it."""

import re
from datetime import datetime

from community import queries
from community.departments import check_serves
from community.models import Category
from core.access.models import Actor
from core.database import Connection
from core.errors import FieldError, InvalidInput, Text
from core.events import record_event

_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")


async def set_category(conn: Connection, *, category: Category, actor: Actor, now: datetime) -> Category:
    """Add a category or replace what is said of it, for the cases to come.

    Its usual department must serve the whole district; a rule can name one for an area. Raises `InvalidInput` for a
    malformed code or questions that cannot be answered, `UnknownDepartment`, `DepartmentServesElsewhere`.
    """
    _check(category)
    department_id = category.default_department_id
    if department_id is not None:
        await check_serves(
            conn,
            district_id=actor.district_id,
            department_id=department_id,
            area_path="",
            pointer="/default_department_id",
        )
    before = await queries.find_category(conn, district_id=actor.district_id, code=category.code)
    await queries.upsert_category(conn, district_id=actor.district_id, category=category)
    await record_event(
        conn,
        district_id=actor.district_id,
        kind="category.set",
        subject="district",
        subject_id=actor.district_id,
        actor=actor,
        now=now,
        data={"before": before, "after": category},
    )
    return category


def _check(category: Category) -> None:
    errors = []
    if not _CODE.fullmatch(category.code):
        reason = Text(
            "须以小写字母开头，只含小写字母、数字、下划线。", "Lower-case letters, digits and _, a letter first."
        )
        errors.append(FieldError("/path/code", reason))
    names = [question.variable for question in category.questions]
    for place, question in enumerate(category.questions):
        if names.index(question.variable) != place:
            errors.append(FieldError(f"/questions/{place}/variable", Text("变量名重复。", "Used twice.")))
        if question.datatype.endswith("valuelist") and not question.values:
            errors.append(FieldError(f"/questions/{place}/values", Text("至少一个选项。", "It needs a choice.")))
    if errors:
        raise InvalidInput(errors)
