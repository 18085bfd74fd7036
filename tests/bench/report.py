"""The report: a table to read at once, JSON to compare with, one HTML page with plots that needs nothing else."""

from __future__ import annotations

import html
import json
import math
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

#: What is wanted (issue 7): words, the figure's name or a pair to divide, comparison, bound.
WANTED: Sequence[tuple[str, str | tuple[str, str], str, float]] = (
    ("answered turns a second against stock Rasa (rules)",
     ("turns/s at p95 ≤ 250 ms: Frontdesk", "turns/s at p95 ≤ 250 ms: stock Rasa, DIET and rules"), "≥", 10),
    ("answered turns a second against stock Rasa (TED)",
     ("turns/s at p95 ≤ 250 ms: Frontdesk", "turns/s at p95 ≤ 250 ms: stock Rasa, DIET and TED"), "≥", 10),
    ("p95 of the long run at 40 turns/s, ms", "long run: p95, ms", "≤", 100),
    ("replies missing in it", "long run: replies missing", "≤", 0),
    ("its slope, ms a minute", "long run: slope, ms a minute", "≤", 1),
    ("CPU of a turn that answers / encoder alone", "CPU of a turn that answers / encoder alone", "≤", 2),
    ("turn 200 / turn 1", "turn 200 / turn 1", "≤", 1.15),
    ("ready after, s", "ready after, s: Frontdesk", "≤", 8),
    ("RSS of all processes idle, MB", "RSS idle, MB: Frontdesk: all", "≤", 900),
    ("RSS of the desk idle, MB", "RSS idle, MB: Frontdesk: desk", "≤", 120),
    ("two assistants against one",
     ("turns/s at p95 ≤ 250 ms: Frontdesk, 2 assistants", "turns/s at p95 ≤ 250 ms: Frontdesk"), "≥", 1.8),
    ("widget's loader gzipped, kB", "widget, kB gzipped: loader", "≤", 3),
    ("widget's everything gzipped, kB", "widget, kB gzipped: everything", "≤", 20),
    ("10,000 streams, kB each", "10000 streams: kB each", "≤", 20),
    ("a record to each of 10,000 at once, p99 ms", "10000 streams: a record to each at once, p99 ms", "≤", 300),
    ("1,000,000 vectors, p95 ms", "1,000,000 vectors * p95_ms", "≤", 10),
    ("1,000,000 vectors, recall@10", "1,000,000 vectors * recall_at_10", "≥", 0.99),
)


def write(folder: Path, told: dict[str, Any]) -> None:
    """Prints the table and writes ``results.json`` and ``report.html`` into `folder`."""
    rows = judged(told["figures"])
    told["wanted"] = [dict(zip(("what", "median", "low", "high", "wanted", "met"), row, strict=True)) for row in rows]
    (folder / "results.json").write_text(json.dumps(_finite(told), indent=1, ensure_ascii=False, allow_nan=False))
    (folder / "report.html").write_text(page(told, rows), encoding="utf-8")
    print()
    width = max((len(name) for name in told["figures"]), default=10)
    for name, values in told["figures"].items():
        print(f"{name:<{width}}  {spread(values)}")
    print("\nwanted")
    for what, median, low, high, wanted, met in rows:
        print(f"  {'yes' if met else 'NO ':3}  {what}: {number(median)} ({number(low)} to {number(high)}), {wanted}")
    for line in told["failed"]:
        print(f"failed: {line}")
    print(f"\n{folder / 'results.json'}\n{folder / 'report.html'}")


def _finite(told: Any) -> Any:
    """The same with nothing in place of what JSON has no number for: the latency of an answer that never came."""
    if isinstance(told, dict):
        return {name: _finite(value) for name, value in told.items()}
    if isinstance(told, (list, tuple)):
        return [_finite(value) for value in told]
    return None if isinstance(told, float) and not math.isfinite(told) else told


def judged(figures: dict[str, list[float]]) -> list[tuple[str, float, float, float, str, bool]]:
    """The rows of `WANTED` for which there are figures: median, lowest and highest of all runs."""
    rows = []
    for what, name, sign, bound in WANTED:
        values = _values(figures, name)
        if values:
            median = statistics.median(values)
            met = median >= bound if sign == "≥" else median <= bound
            rows.append((what, median, min(values), max(values), f"{sign} {number(bound)}", met))
    return rows


def _values(figures: dict[str, list[float]], name: str | tuple[str, str]) -> list[float]:
    if isinstance(name, tuple):
        above, below = (figures.get(one, []) for one in name)
        return [a / b for a, b in zip(above, below, strict=False) if b]
    head, star, tail = name.partition(" * ")
    if star:
        return next((v for key, v in figures.items() if key.startswith(head) and key.endswith(tail)), [])
    return figures.get(name, [])


def number(value: float) -> str:
    if value != value or value in (float("inf"), float("-inf")):
        return "none"
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def spread(values: Sequence[float]) -> str:
    middle = number(statistics.median(values))
    return middle if len(values) == 1 else f"{middle}  ({number(min(values))} to {number(max(values))})"


# -- the page ----------------------------------------------------------------------------------------------------

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2421; --dim: #5b6661; --paper: #fbfbf9; --line: #dcdfda; --bar: #2f6f5d;
  --second: #b4813a; --good: #2f6f5d; --bad: #b0413e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ece9; --dim: #9aa6a0; --paper: #161b19; --line: #333b37;
  --bar: #6db79f; --second: #d9a860; --good: #6db79f; --bad: #e58582; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 auto;
  max-width: 60rem; padding: 2rem 1rem 4rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2.5rem; }
p, figcaption { color: var(--dim); } figure { margin: 1rem 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .3rem .6rem .3rem 0;
  border-bottom: 1px solid var(--line); vertical-align: top; } td.n { text-align: right; white-space: nowrap;
  font-variant-numeric: tabular-nums; } .yes { color: var(--good); } .no { color: var(--bad); font-weight: 600; }
svg { width: 100%; height: auto; } svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
svg .dim { fill: var(--dim); } svg .bar { fill: var(--bar); } svg .axis { stroke: var(--line); }
svg .curve { fill: none; stroke: var(--bar); stroke-width: 2; }
"""


def page(told: dict[str, Any], rows: Sequence[tuple[str, float, float, float, str, bool]]) -> str:
    figures = told["figures"]
    machine = ", ".join(f"{name} {value}" for name, value in told["machine"].items())
    wanted = "".join(
        f"<tr><td>{html.escape(what)}</td><td class=n>{number(median)}</td><td class=n>{number(low)} to {number(high)}"
        f"</td><td class=n>{wanted}</td><td class={'yes' if met else 'no'}>{'met' if met else 'not met'}</td></tr>"
        for what, median, low, high, wanted, met in rows
    )
    every = "".join(f"<tr><td>{html.escape(name)}</td><td class=n>{spread(values)}</td></tr>"
                    for name, values in figures.items())
    plots = [
        _bars("Answered turns a second, p95 within 250 ms", figures, "turns/s at p95 ≤ 250 ms: "),
        _bars("CPU of one turn by part, ms", figures, "CPU ms of a turn: "),
        _bars("CPU by process for one turn at half the capacity, ms", figures, "CPU ms a turn: Frontdesk: "),
        _bars("Latency of Frontdesk at shares of its capacity, ms", figures, "ms at ", ": Frontdesk: "),
        _bars("CPU of one turn by its number in the conversation, ms", figures, "CPU ms of turn number "),
        _bars("Ready after, s", figures, "ready after, s: "),
        _bars("Resident memory idle, MB", figures, "RSS idle, MB: ", ": all"),
        _curve("p95 over the long run, ms", told["series"].get("soak", [])),
    ]
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>Frontdesk: performance</title><style>{_STYLE}</style><h1>Frontdesk: performance</h1>"
        f"<p>{html.escape(machine)}</p><h2>What is wanted</h2><div class=wide><table><tr><th>figure<th>median<th>runs"
        f"<th>wanted<th></tr>{wanted}</table></div>{''.join(plots)}<h2>All figures</h2><div class=wide><table>{every}"
        "</table></div></html>"
    )


def _bars(title: str, figures: dict[str, list[float]], start: str, part: str = "") -> str:
    shown = [(name.removeprefix(start).replace(part, ": " if part.endswith(" ") else ""), statistics.median(values))
             for name, values in figures.items() if name.startswith(start) and part in name]
    shown = [(name, value) for name, value in shown if value == value and value != float("inf")]
    if not shown:
        return ""
    most = max(value for _, value in shown) or 1.0
    lines = []
    for row, (name, value) in enumerate(shown):
        top = row * 26
        lines.append(
            f"<text x=290 y={top + 16} text-anchor=end>{html.escape(name)}</text>"
            f"<rect class=bar x=300 y={top + 3} width={max(1.0, 400 * value / most):.1f} height=18 rx=2></rect>"
            f"<text class=dim x={308 + 400 * value / most:.1f} y={top + 16}>{number(value)}</text>"
        )
    return (f"<figure><h2>{html.escape(title)}</h2><svg viewBox='0 0 780 {len(shown) * 26 + 4}' role=img "
            f"aria-label='{html.escape(title)}'>{''.join(lines)}</svg></figure>")


def _curve(title: str, points: Sequence[Sequence[float]]) -> str:
    points = [point for point in points if point[1] == point[1]]
    if len(points) < 2:
        return ""
    last, most = points[-1][0] or 1.0, max(value for _, value in points) or 1.0
    path = " ".join(f"{50 + 700 * at / last:.1f},{180 - 160 * value / most:.1f}" for at, value in points)
    return (f"<figure><h2>{html.escape(title)}</h2><svg viewBox='0 0 780 210' role=img aria-label='{html.escape(title)}'>"
            "<line class=axis x1=50 y1=180 x2=750 y2=180></line><line class=axis x1=50 y1=20 x2=50 y2=180></line>"
            f"<polyline class=curve points='{path}'></polyline><text class=dim x=44 y=24 text-anchor=end>"
            f"{number(most * 1e3)}</text><text class=dim x=44 y=184 text-anchor=end>0</text>"
            f"<text class=dim x=750 y=200 text-anchor=end>{number(last)} s</text></svg></figure>")
