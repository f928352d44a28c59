"""Lists every problem the service can answer with, from the refusals themselves, as a page and as Markdown."""

from html import escape

from core.errors import Refusal


def all_refusals() -> list[type[Refusal]]:
    """Give every kind of refusal that is loaded, by status and slug."""
    found: dict[str, type[Refusal]] = {}
    waiting = [Refusal]
    while waiting:
        kind = waiting.pop()
        if "slug" in vars(kind):
            found[kind.slug] = kind
        waiting += kind.__subclasses__()
    return sorted(found.values(), key=lambda kind: (kind.status, kind.slug))


def render_problems() -> str:
    """Write the list as HTML; the anchors are what `type` in a problem points to."""
    rows = "".join(
        f'<tr id="{kind.slug}"><td>{kind.status}<td><code>{kind.slug}</code>'
        f"<td>{escape(kind.title.zh)}<br>{escape(kind.title.en)}<td>{escape(kind.detail.zh)}<br>{escape(kind.detail.en)}"
        for kind in all_refusals()
    )
    return f"<table><tr><th>状态<th>类型<th>名称<th>说明{rows}</table>"


def problems_markdown() -> str:
    """Write the list as `docs/problems.md`."""
    lines = [
        "# 问题说明 · Problems",
        "",
        "Every refusal is answered as `application/problem+json` (RFC 9457); `type` ends in the slug below.",
        "Words come in the language of `Accept-Language`, Chinese by default. Written by `make docs`.",
        "",
        "| status | slug | 名称 · title | 说明 · detail |",
        "| --- | --- | --- | --- |",
    ]
    lines += [
        f"| {kind.status} | `{kind.slug}` | {kind.title.zh} · {kind.title.en} | {kind.detail.zh}<br>{kind.detail.en} |"
        for kind in all_refusals()
    ]
    return "\n".join(lines) + "\n"
