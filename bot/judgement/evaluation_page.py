"""The evaluation as one self-contained page: drawings with the tables behind them, dark and light, no scripts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from bot.judgement.evaluation import Evaluation

_STYLE = Path(__file__).with_name("evaluation_page.css")
#: The drawing's own units; the page scales it. Small, so that its words stay readable on a phone.
_WIDE, _HIGH = 360, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 42, 20, 16, 36


def page(found: Evaluation) -> str:
    """The page, as HTML."""
    parts = [_figures(found.table)]
    if found.risk:
        parts += [_risk(found), _reliability(found)]
    if found.routes:
        parts.append(_confusion(found))
    if found.mistakes:
        parts.append(_mistakes(found.mistakes))
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>How well the bot judges</title>
<style>
{_STYLE.read_text(encoding="utf-8")}</style>
<main>
<header>
<h1>How well the bot judges</h1>
<p>Published state <code>{escape(found.snapshot)}</code>, asked with labelled messages. What is promised: at most
{100 * found.alpha:g}% of the bot’s own answers are wrong.</p>
</header>
{"".join(parts)}
</main>
</html>
"""


def _figures(table: Sequence[tuple[str, str, str]]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}<small>{escape(of)}</small></th><td>{escape(figure)}</td></tr>'
        for name, figure, of in table
    )
    return f"""<section>
<h2>Figures</h2>
<table class="figures"><thead class="hidden"><tr><th scope="col">What</th><th scope="col">Share</th></tr></thead>
<tbody>{rows}</tbody></table>
</section>
"""


def _risk(found: Evaluation) -> str:
    worst = max([risk for _, risk in found.risk] + [2 * found.alpha])
    top = min(1.0, (int(worst * 20) + 1) / 20)
    marks = [_line([(0.0, found.alpha), (1.0, found.alpha)], top, "limit"),
             _word(0.02, found.alpha, top, f"promised: {100 * found.alpha:g}%", "limit", -5)]
    at = ""
    if found.bar:
        covered, risk = found.bar
        marks += [f'<circle class="bar" cx="{_x(covered):.1f}" cy="{_y(risk, top):.1f}" r="5"/>',
                  _word(covered, risk, top, f"the bar: {covered:.0%}, {risk:.1%} wrong", "bar", -26, "end")]
        at = f" The bar answers {covered:.0%} of them, and {risk:.1%} of its answers are wrong."
    chosen = found.risk[:: max(1, len(found.risk) // 20)]
    return _figure(
        "Risk and coverage",
        "The questions the bot is surest of come first. Going right it answers more of them; the line shows how many "
        f"of its answers are then wrong.{at} Of these questions some go to people, however sure the bot is.",
        f"Risk–coverage curve: the share of wrong answers grows from {found.risk[0][1]:.1%} to {found.risk[-1][1]:.1%} "
        f"as coverage grows to {found.risk[-1][0]:.0%}.{at}",
        _axes(top, "share of the answerable questions that are answered", "wrong answers")
        + _line(found.risk, top, "curve") + "".join(marks),
        ("answered", "wrong"), ((f"{x:.1%}", f"{y:.1%}") for x, y in chosen),
    )


def _reliability(found: Evaluation) -> str:
    total = sum(number for _, _, number in found.reliability)
    gap = sum(abs(sure - right) * number for sure, right, number in found.reliability) / max(1, total)
    dots = "".join(
        f'<circle class="dot" cx="{_x(sure):.1f}" cy="{_y(right, 1):.1f}" r="{3 + 9 * (number / total) ** 0.5:.1f}"/>'
        for sure, right, number in found.reliability
    )
    return _figure(
        "Calibration",
        "Where the bot says that it is sure by so much, how often is the nearest entry right? On the dotted line both "
        f"agree; the mean distance from it is {gap:.1%}. A larger dot stands for more questions.",
        f"Reliability plot of {len(found.reliability)} groups of questions by confidence; mean distance {gap:.1%}.",
        _axes(1, "confidence", "right") + _line([(0.0, 0.0), (1.0, 1.0)], 1, "ideal")
        + _line([(sure, right) for sure, right, _ in found.reliability], 1, "curve") + dots,
        ("confidence", "right", "questions"),
        ((f"{sure:.0%}", f"{right:.0%}", f"{number:,}") for sure, right, number in found.reliability),
    )


def _confusion(found: Evaluation) -> str:
    names = [name.replace("_", " ") for name in found.routes]
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    rows = []
    for i, (name, counts) in enumerate(zip(names, found.confusion, strict=True)):
        total = sum(counts)
        if not total:
            continue
        cells = "".join(
            f'<td class="{"right" if i == j else "wrong"}" style="--part:{count / total:.3f}">{count / total:.0%}'
            f"<small>{count:,}</small></td>"
            for j, count in enumerate(counts)
        )
        rows.append(f'<tr><th scope="row">{escape(name)}<small>{total:,}</small></th>{cells}</tr>')
    return f"""<section>
<h2>Routes</h2>
<p>Each row is what messages are, each column what they were taken for.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Routes"><table class="matrix">
<thead><tr><td></td>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>
</section>
"""


def _mistakes(mistakes: Sequence[dict[str, Any]]) -> str:
    items = []
    for one in mistakes:
        best = max((c["score"] for c in one["candidates"]), default=1) or 1
        rows = "".join(
            f'<li{" class=wanted" if c["entry"] == one["wanted"] else ""}>'
            f'<span style="--part:{max(0.0, c["score"] / best):.3f}">{escape(c["entry"])}</span> '
            f'<b>{c["score"]:.3f}</b></li>'
            for c in one["candidates"]
        )
        wanted = escape(one["wanted"]) if one["wanted"] else "none here"
        items.append(
            f"<li><h3>{escape(_short(one['text']))}</h3><p>Wanted <b>{wanted}</b>; would "
            f"<b>{escape(one['decision'])}</b> with confidence {one['confidence']:.2f}.</p>"
            f"<ol class=near>{rows}</ol></li>"
        )
    return f"""<section>
<h2>Worst mistakes</h2>
<p>Questions whose nearest entry is the wrong one, the surest first, with their neighbours. The wanted entry is marked.
</p>
<ol class="mistakes">{"".join(items)}</ol>
</section>
"""


def _figure(title: str, words: str, alternative: str, drawing: str, head: Sequence[str],
            rows: Iterable[Sequence[str]]) -> str:
    columns = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"""<section>
<h2>{escape(title)}</h2>
<p>{escape(words)}</p>
<svg viewBox="0 0 {_WIDE} {_HIGH}" role="img" aria-label="{escape(alternative)}">{drawing}</svg>
<details><summary>The same as a table</summary>
<table class="numbers"><thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table></details>
</section>
"""


def _axes(top: float, below: str, beside: str) -> str:
    drawn = []
    for i in range(6):
        x, y = _x(i / 5), _y(top * i / 5, top)
        drawn.append(f'<path class="grid" d="M{x:.1f} {_TOP}V{_HIGH - _BOTTOM}M{_LEFT} {y:.1f}H{_WIDE - _RIGHT}"/>')
        drawn.append(f'<text x="{x:.1f}" y="{_HIGH - _BOTTOM + 14}" text-anchor="middle">{i * 20} %</text>')
        share = 100 * top * i / 5
        drawn.append(f'<text x="{_LEFT - 5}" y="{y + 4:.1f}" text-anchor="end">{share:.3g} %</text>')
    drawn.append(f'<text x="{(_LEFT + _WIDE - _RIGHT) / 2:.0f}" y="{_HIGH - 5}" text-anchor="middle">{below}</text>')
    drawn.append(f'<text x="{_LEFT}" y="9" text-anchor="start">{beside}</text>')
    return "".join(drawn)


def _line(points: Sequence[tuple[float, float]], top: float, kind: str) -> str:
    path = "L".join(f"{_x(x):.1f} {_y(y, top):.1f}" for x, y in points)
    return f'<path class="{kind}" d="M{path}"/>'


def _word(x: float, y: float, top: float, words: str, kind: str, down: float, anchor: str = "start") -> str:
    place = f'x="{_x(x):.1f}" y="{_y(y, top) + down:.1f}" text-anchor="{anchor}"'
    return f'<text class="{kind}" {place}>{escape(words)}</text>'


def _x(share: float) -> float:
    return _LEFT + share * (_WIDE - _LEFT - _RIGHT)


def _y(share: float, top: float) -> float:
    return _HIGH - _BOTTOM - min(share / top, 1) * (_HIGH - _BOTTOM - _TOP)


def _short(text: str) -> str:
    return text if len(text) <= 200 else text[:199] + "…"
