"""Rules of the house about the audit trail: every act is listed with its words, and nothing is listed in vain."""

import ast
from collections.abc import Iterator

from core.audit import AUDITED
from core.trail.acts import ACTS
from tests.rules.test_code import MODULES

_RECORDERS = ("record_act", "_audit", "_note", "_record")


def _recorded() -> Iterator[str]:
    """Give every act that some module hands to `record_act`, or to a function of its own that does."""
    for path in (path for path in MODULES if "record_act" in path.read_text()):
        module = ast.parse(path.read_text())
        named = {
            target.id: each.value
            for each in module.body
            if isinstance(each, ast.Assign)
            for target in each.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in _RECORDERS:
                given = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "act")]
                given = [named.get(value.id, value) if isinstance(value, ast.Name) else value for value in given]
                words = (each.value for value in given for each in ast.walk(value) if isinstance(each, ast.Constant))
                yield from (word for word in words if isinstance(word, str) and "." in word)


def test_every_act_is_listed_with_its_words() -> None:
    assert set() == (set(_recorded()) | AUDITED) - set(ACTS)


def test_no_act_is_listed_that_nobody_records() -> None:
    assert set() == set(ACTS) - set(_recorded()) - AUDITED


def test_every_audited_event_is_recorded_somewhere() -> None:
    told = [path.read_text() for path in MODULES if path.name not in ("audit.py", "acts.py")]
    lost = [kind for kind in AUDITED if not any(kind in text or _in_two(kind, text) for text in told)]
    assert lost == []


def _in_two(kind: str, text: str) -> bool:
    """Tell whether a module puts the kind together: `f"appointment.{what}"` and `"renewed"`."""
    room, _, what = kind.partition(".")
    return f'f"{room}.{{what}}"' in text and f'"{what}"' in text


def test_every_act_speaks_both_languages() -> None:
    assert [] == [act for act, text in ACTS.items() if not (text.zh and text.en)]
