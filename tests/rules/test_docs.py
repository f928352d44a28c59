"""Rules of the house about documents that must not go stale."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from app.docs_page import openapi_document
from app.openapi_file import to_yaml
from app.problem_page import all_refusals, problems_markdown
from app.settings import Settings
from core.errors import Refusal
from core.migration import read_migrations

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_committed_openapi_is_current() -> None:
    assert to_yaml(openapi_document()) == (ROOT / "docs/openapi.yaml").read_text()


def test_the_committed_problem_list_is_current() -> None:
    assert problems_markdown() == (ROOT / "docs/problems.md").read_text()


@pytest.mark.parametrize("field", fields(Settings), ids=lambda field: field.name)
def test_every_setting_is_described_for_operators(field: object) -> None:
    name = field.name  # type: ignore[attr-defined]
    variable = "DATABASE_URL" if name == "database_url" else f"STATION_{name.upper()}"
    assert f"`{variable}`" in (ROOT / "docs/operations.md").read_text()


def test_no_two_refusals_share_a_slug() -> None:
    slugs = [kind.slug for kind in all_refusals()]
    assert len(set(slugs)) == len(slugs)


@pytest.mark.parametrize("kind", all_refusals(), ids=lambda kind: kind.slug)
def test_every_refusal_is_provoked_by_some_test(kind: type[Refusal]) -> None:
    rules = Path(__file__).parent
    told = (path.read_text() for path in (ROOT / "tests").rglob("*.py") if path.parent != rules)
    assert any(kind.__name__ in text or kind.slug in text for text in told)


def test_every_refusal_speaks_both_languages() -> None:
    silent = [
        kind.slug
        for kind in all_refusals()
        if not (kind.title.zh and kind.title.en and kind.detail.zh and kind.detail.en)
    ]
    assert silent == []


def test_migrations_are_numbered_without_gaps() -> None:
    migrations = read_migrations()
    assert list(range(1, len(migrations) + 1)) == [migration.number for migration in migrations]


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_every_link_of_the_readme_leads_somewhere(name: str) -> None:
    links = re.findall(r"\]\((?!http|#)([^)#]+)", (ROOT / name).read_text())
    assert [link for link in links if not (ROOT / link).exists()] == []
