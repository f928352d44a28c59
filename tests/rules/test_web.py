"""Rules of the house about the pages."""

import re
from pathlib import Path

import pytest

WEB = Path(__file__).resolve().parent.parent.parent / "web"
FILES = [
    place
    for name in ("rider", "console", "shared")
    for place in (WEB / name).rglob("*")
    if place.suffix in {".vue", ".ts"}
]
#: What would bring in markup or style past the content security policy, or past Vue's escaping.
_MARKUP = re.compile(r"v-html|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\seval\(|new Function|\sstyle=\"")


def test_there_are_pages_to_look_at() -> None:
    assert len(FILES) > 100


@pytest.mark.parametrize("text", ['<p v-html="x">', "one.innerHTML = x", '<p style="color: red">', "return eval(x)"])
def test_markup_is_recognised(text: str) -> None:
    assert _MARKUP.search(text)


@pytest.mark.parametrize("place", FILES, ids=lambda place: str(place.relative_to(WEB)))
def test_no_page_sets_markup_or_style_of_its_own(place: Path) -> None:
    assert not _MARKUP.search(place.read_text())


@pytest.mark.parametrize(
    "place", [place for place in FILES if place.suffix == ".vue"], ids=lambda p: str(p.relative_to(WEB))
)
def test_every_picture_of_a_page_has_words(place: Path) -> None:
    assert [] == [
        tag for tag in re.findall(r"<img\b[^>]*>", place.read_text()) if " alt=" not in tag and " :alt=" not in tag
    ]


def test_ci_does_not_go_without_a_browser() -> None:
    assert "export BROWSER_TESTS=must" in (WEB.parent / ".ci/run").read_text()
