"""Kinds of fields that bodies of several rooms share."""

from pydantic import BeforeValidator

from core.text import drop_invisible

#: Marks a name or label, a line that is shown to others. Applied before its limits, so that a name of nothing but
#: invisible characters is an empty one.
SHOWN = BeforeValidator(lambda value: drop_invisible(value) if isinstance(value, str) else value)
