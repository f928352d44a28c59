"""Writes what each figure says as `docs/figures.md`, from the words that the interface serves."""

from community.figures.definitions import RATES, RULES, SPANS
from core.errors import Text


def figures_markdown() -> str:
    """Write the definitions of all figures."""
    rates = [
        f"| `{rate.code}` | {_both(rate.name)} | {_both(rate.numerator)} | {_both(rate.denominator)} "
        f"| {_both(rate.not_yet_due)} | {_both(rate.not_applicable)} |"
        for rate in RATES
    ]
    spans = [f"| `{span.code}` | {_both(span.name)} | {_both(span.ends)} |" for span in SPANS]
    lines = [
        "# 统计口径 · What each figure says",
        "",
        "`GET /api/v1/figures` gives them, `GET /api/v1/figures/definitions` these words. Written by `make docs`.",
        "",
        *(f"- {rule.zh}<br>{rule.en}" for rule in RULES),
        "",
        "| code | 指标 · rate | 分子 · numerator | 分母 · denominator | 未到期 · not yet due | 不适用 · neither |",
        "| --- | --- | --- | --- | --- | --- |",
        *rates,
        "",
        "| code | 用时 · time from opening | 到何时 · until |",
        "| --- | --- | --- |",
        *spans,
    ]
    return "\n".join(lines) + "\n"


def _both(text: Text) -> str:
    return f"{text.zh}<br>{text.en}"
