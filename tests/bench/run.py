"""`make bench`: Frontdesk beside stock Rasa on one machine, in one run. docs/performance.md says what each figure means.

    python tests/bench/run.py                  # everything; hours rather than minutes
    python tests/bench/run.py --quick          # short runs of the same; some twenty minutes once the peers are prepared
    python tests/bench/run.py --only prepare   # only installs and trains the peers, into var/bench
    python tests/bench/run.py --only soak,split --runs 3

Writes results.json and report.html into var/bench and prints a table. ``BENCH_SECONDS`` sets the length of the long run.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent)]

import report
import sizes
import targets
import wordings
from targets import Frontdesk, Pipeline, Stock, Target

from bot.settings import ROOT
from kb_index.folder import read as read_kb

#: The bound on p95 within which turns count as answered in time, seconds.
IN_TIME = 0.25
#: Turns of one conversation before a new customer comes.
TURNS = 5
#: The rate that the long run keeps up, turns a second.
SOAK_RATE = 40
PARTS = ("capacity", "soak", "split", "console", "streams", "vectors", "sizes")


class Bench:
    def __init__(self, work: Path, home: Path, quick: bool, soak: float, ted: bool) -> None:
        self.work, self.home, self.quick, self.soak_seconds, self.ted = work, home, quick, soak, ted
        self.step = 15.0 if quick else 30.0
        #: Every figure with its value from each run; what is plotted beside them.
        self.figures: dict[str, list[float]] = {}
        self.series: dict[str, Any] = {}
        self.questions = [text for entry in read_kb(ROOT / "data" / "kb") for text in entry.tests]

        self.anew()

    def anew(self) -> None:
        """What starts now has been sent nothing yet."""
        self.fresh = wordings.fresh(self.questions, seed=7)

    def note(self, name: str, value: float | None) -> None:
        if value is not None:
            self.figures.setdefault(name, []).append(float(value))
            print(f"    {name}: {value:,.4g}", flush=True)

    # -- load --------------------------------------------------------------------------------------------------

    def load(self, target: Target, rate: float, seconds: float, again: bool = False) -> dict[str, Any]:
        """One run of the generator, with what the target's processes spent on it. Texts are new to the target, unless
        they may come `again`."""
        spare = int(rate * 8) + int(rate * seconds / 2) + 60
        asked = self.questions if again else list(itertools.islice(self.fresh, int(rate * seconds * 1.5) + 60))
        told = {"kind": target.kind, "port": target.port, "rate": rate, "seconds": seconds, "turns": TURNS,
                "seed": int(rate * 1000), "questions": asked, "again": again, "conversations": target.conversations(spare)}
        before = target.cpu()
        found: dict[str, Any] = run_apart("load.py", told, seconds + 60)
        after = target.cpu()
        found["cpu_by_process"] = {name: after[name] - before.get(name, 0.0) for name in after}
        times = sorted(ms for _, ms in found["answers"])
        # A turn without an answer is no fast one.
        times += [float("inf")] * found["missing"]
        for name, part in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
            found[name] = times[min(len(times) - 1, int(part * len(times)))] if times else float("inf")
        print(f"    {rate:.1f}/s: p50 {found['p50'] * 1e3:.0f} ms, p95 {found['p95'] * 1e3:.0f} ms, "
              f"missing {found['missing']} of {found['sent']} {found['errors'] or ''}", flush=True)
        return found

    def capacity(self, target: Target, again: bool = False) -> float:
        """The highest rate at which p95 stays within `IN_TIME` and nothing is left out: doubling, then halving. One that
        failed is tried once more, since a moment in which the machine was another's would set a bound to all that follows."""
        good, bad, rate = 0.0, 0.0, 4.0
        for _ in range(7 if self.quick else 10):
            for _ in range(2):
                found = self.load(target, rate, self.step, again)
                if kept := found["p95"] <= IN_TIME and found["missing"] == 0:
                    break
                settle(target)
            if kept:
                good = rate
            else:
                bad = rate
            if bad and bad - good < max(1.0, 0.06 * bad):
                break
            rate = (good + bad) / 2 if bad else rate * 2
        return good

    def measure(self, target: Target, shares: bool) -> None:
        print(f"{target.name}:", flush=True)
        self.anew()
        target.start()
        try:
            self.note(f"ready after, s: {target.name}", target.ready_after)
            self.load(target, 2, 4)
            time.sleep(3)
            for name, megabytes in target.rss().items():
                self.note(f"RSS idle, MB: {target.name}: {name}", megabytes)
            self.note(f"RSS idle, MB: {target.name}: all", sum(target.rss().values()))
            most = self.capacity(target)
            self.note(f"turns/s at p95 ≤ 250 ms: {target.name}", most)
            for share in (25, 50, 75) if shares and most else ():
                found = self.load(target, most * share / 100, self.step * 2)
                for name in ("p50", "p95", "p99"):
                    self.note(f"ms at {share} % of capacity: {target.name}: {name}", found[name] * 1e3)
                if share == 50:
                    for name, spent in found["cpu_by_process"].items():
                        self.note(f"CPU ms a turn: {target.name}: {name}", spent * 1e3 / max(1, found["sent"]))
            if isinstance(target, Frontdesk):
                self.note(f"turns/s at p95 ≤ 250 ms, texts that come again: {target.name}", self.capacity(target, True))
        finally:
            target.stop()

    # -- the parts ---------------------------------------------------------------------------------------------

    def run_capacity(self) -> None:
        self.measure(Frontdesk(self.work, self.home), shares=True)
        if (os.cpu_count() or 1) > 1:
            self.measure(Frontdesk(self.work, self.home, workers=2), shares=False)
        self.measure(Stock(self.work, ted=False), shares=not self.quick)
        if self.ted:
            self.measure(Stock(self.work, ted=True), shares=not self.quick)
        self.measure(Pipeline(self.work, self.home), shares=not self.quick)

    def run_soak(self) -> None:
        # As it comes: two assistants where there are two cores.
        target = Frontdesk(self.work, self.home, workers=min(2, os.cpu_count() or 1))
        print(f"{SOAK_RATE} turns/s for {self.soak_seconds:.0f} s:", flush=True)
        self.anew()
        target.start()
        try:
            self.load(target, 5, 4)
            found = self.load(target, SOAK_RATE, self.soak_seconds)
            self.note("long run: p50, ms", found["p50"] * 1e3)
            self.note("long run: p95, ms", found["p95"] * 1e3)
            self.note("long run: p99, ms", found["p99"] * 1e3)
            self.note("long run: replies missing", found["missing"])
            self.note("long run: turns", found["sent"])
            self.note("long run: slope, ms a minute", slope(found["answers"]) * 60e3)
            for name, spent in found["cpu_by_process"].items():
                self.note(f"long run: CPU ms a turn: {name}", spent * 1e3 / found["sent"])
            self.note("long run: CPU ms a turn: generator", found["cpu"] * 1e3 / found["sent"])
            self.note("long run: RSS after it, MB", sum(target.rss().values()))
            window = max(1.0, self.soak_seconds / 60)
            self.series["soak"] = [
                [edge * window, percentile([ms for due, ms in found["answers"] if int(due / window) == edge], 0.95)]
                for edge in range(int(self.soak_seconds / window))
            ]
        finally:
            target.stop()

    def run_split(self) -> None:
        print("inside a turn:", flush=True)
        self.anew()
        told = {"questions": list(itertools.islice(self.fresh, 20_000)), "turns": 300 if self.quick else 2000, "long": True}
        found = run_apart("inside.py", told, 900, FRONTDESK_HOME=str(self.home))
        for part, seconds in found["parts"].items():
            self.note(f"CPU ms of a turn: {part}", seconds * 1e3)
        for name, label in (("encoder_alone", "the encoder's forward pass alone"), ("turn", "a whole turn, mean"),
                            ("answer", "a turn that answers, mean"), ("handoff", "a turn that hands over, mean")):
            self.note(f"CPU ms: {label}", found[name] * 1e3 if found[name] else None)
        self.note("CPU of a turn that answers / encoder alone", found["answer"] / found["encoder_alone"])
        self.note("CPU of a whole turn / encoder alone", found["turn"] / found["encoder_alone"])
        for mark, seconds in found["by_number"].items():
            self.note(f"CPU ms of turn number {mark}", seconds * 1e3)
        if {"1", "200"} <= found["by_number"].keys():
            self.note("turn 200 / turn 1", found["by_number"]["200"] / found["by_number"]["1"])

    def run_console(self) -> None:
        import console

        target = Frontdesk(self.work, self.home)
        target.start()
        try:
            times = console.latencies(target, self.questions, 60 if self.quick else 400)
            self.note("message to agents' console, ms: p50", percentile(times, 0.5) * 1e3)
            self.note("message to agents' console, ms: p99", percentile(times, 0.99) * 1e3)
            self.note("message to agents' console: missing", times.count(float("inf")))
        finally:
            target.stop()

    def run_streams(self) -> None:
        target = Frontdesk(self.work, self.home)
        streams = 2000 if self.quick else 10_000
        print(f"{streams} open streams:", flush=True)
        target.start()
        try:
            desk = next(pid for pid in target.pids() if targets_label(pid) == "desk")
            found = run_apart("streams.py", {"port": target.port, "pid": desk, "redis": target.settings.redis,
                                             "streams": streams, "cut": streams // 2}, 300)
        finally:
            target.stop()
        self.note(f"{streams} streams: kB each", found["kb_per_stream"])
        self.note(f"{streams} streams: desk, MB", found["desk_mb"])
        self.note(f"{streams} streams: record to one of them, p99 ms", found["steady"]["p99"] * 1e3)
        self.note(f"{streams} streams: a record to each at once, p50 ms", found["burst"]["p50"] * 1e3)
        self.note(f"{streams} streams: a record to each at once, p99 ms", found["burst"]["p99"] * 1e3)
        self.note(f"{streams} streams: a record to each at once, all written after, ms", found["burst"]["written"] * 1e3)
        self.note(f"{streams} streams: a record to each at once, all there after, ms", found["burst"]["all"] * 1e3)
        self.note(f"{streams} streams: all open after, s", found["open_seconds"])
        self.note(f"{streams // 2} cut off at once: all back after, s", found["resume"]["seconds"])
        self.note(f"{streams // 2} cut off at once: gaps", found["resume"]["gaps"])

    def run_vectors(self) -> None:
        counts = [10_000] if self.quick else [10_000, 100_000, 1_000_000]
        print("index search:", flush=True)
        for one in run_apart("vectors.py", {"index": str(self.home / "index"), "sizes": counts}, 7200):
            for name in ("p50_ms", "p95_ms", "recall_at_10", "build_seconds"):
                self.note(f"{one['vectors']:,} vectors ({one['index']}): {name}", one[name])

    def run_sizes(self) -> None:
        for name, value in sizes.measure(self.work).items():
            self.note(name, value)


def settle(target: Target, most: float = 90.0) -> None:
    """Waits until what a load left undone is done: its processes use a fifth of a core or less."""
    until = time.monotonic() + most
    while time.monotonic() < until:
        before = sum(target.cpu().values())
        time.sleep(2)
        if sum(target.cpu().values()) - before < 0.4:
            return


def targets_label(pid: int) -> str:
    from processes import label

    try:
        return label(pid)
    except OSError:
        return ""


def run_apart(script: str, told: Any, seconds: float, **environ: str) -> Any:
    """Runs a script of this folder in a process of its own: JSON in, JSON out."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDESK_")}
    done = subprocess.run([sys.executable, "-W", "ignore", str(HERE / script)], input=json.dumps(told), text=True,
                          capture_output=True, timeout=seconds, env={**kept, "PYTHONPATH": str(ROOT), **environ})
    if done.returncode:
        raise RuntimeError(f"{script} failed: {done.stderr[-3000:]}")
    return json.loads(done.stdout[done.stdout.index(done.stdout.strip()[0]):])


def percentile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(part * len(values)))] if values else float("nan")


def slope(answers: list[list[float]]) -> float:
    """Seconds of latency gained per second of the run, by least squares."""
    if len(answers) < 2:
        return float("nan")
    mean_x, mean_y = (statistics.fmean(column) for column in zip(*answers, strict=True))
    spread = sum((x - mean_x) ** 2 for x, _ in answers)
    return sum((x - mean_x) * (y - mean_y) for x, y in answers) / spread if spread else 0.0


def machine() -> dict[str, Any]:
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.processor())
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 1e6
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout
    return {"cpu": model, "cores": os.cpu_count(), "memory_gb": round(memory, 1), "system": platform.platform(),
            "python": platform.python_version(), "commit": commit.strip(), "load_at_start": os.getloadavg()[0],
            "when": time.strftime("%Y-%m-%d %H:%M", time.gmtime())}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="short runs of everything")
    parser.add_argument("--only", default="", help="some parts, by comma: prepare, " + ", ".join(PARTS))
    parser.add_argument("--runs", type=int, default=1, help="how often each part is run; medians are told")
    parser.add_argument("--epochs", type=int, default=100, help="of the peers' training; no matter for speed")
    parser.add_argument("--no-ted", action="store_true", help="leave out stock Rasa with TED")
    parser.add_argument("--work", type=Path, default=ROOT / "var" / "bench", help="where peers and results are kept")
    parser.add_argument("--home", type=Path, default=Path(os.environ.get("FRONTDESK_HOME") or ROOT / "var" / "test"),
                        help="a home of Frontdesk that is set up")
    args = parser.parse_args()
    parts = [part for part in args.only.split(",") if part] or list(PARTS)
    unknown = set(parts) - {*PARTS, "prepare"}
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    args.work.mkdir(parents=True, exist_ok=True)
    seconds = float(os.environ.get("BENCH_SECONDS") or (30 if args.quick else 600))
    bench = Bench(args.work.absolute(), args.home.absolute(), args.quick, seconds, not args.no_ted)
    if {"prepare", "capacity"} & set(parts):
        for name, spent in targets.prepare(bench.work, args.epochs).items():
            bench.note(f"preparing stock Rasa, s: {name}", spent)
    told = {"machine": machine(), "quick": args.quick, "soak_seconds": seconds}
    print(json.dumps(told["machine"]), flush=True)
    steps: dict[str, Callable[[], None]] = {part: getattr(bench, f"run_{part}") for part in PARTS}
    failed = []
    for _ in range(args.runs):
        for part in (part for part in PARTS if part in parts):
            try:
                steps[part]()
            except Exception as error:
                # One part that cannot run here must not cost the others their figures.
                failed.append(f"{part}: {error}")
                print(f"  {part} failed: {error}", file=sys.stderr, flush=True)
    told.update(figures=bench.figures, series=bench.series, failed=failed)
    report.write(bench.work, told)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
