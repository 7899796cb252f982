"""Measure this checkout against another version of rtd: `make bench-against REF=v0.1.0`.

Each version is measured by its own benchmark code in its own environment. The two take turns,
one repetition each, so that a slow minute of the machine hits both.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.environments import ROOT
from benchmarks.results import OURS, ROWS, Results, Row
from benchmarks.table import as_text

SECTIONS = "drain,submit,latency,fresh,ls,idle"


def parse_arguments(words: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare", description=__doc__)
    parser.add_argument("ref", help="the other version: a commit, a tag or a branch")
    parser.add_argument("--sections", default=SECTIONS, help=f"comma-separated ({SECTIONS})")
    parser.add_argument("--reps", type=int, default=5, help="repetitions of each (default 5)")
    return parser.parse_args(words)


@contextmanager
def checkout(ref: str) -> Iterator[Path]:
    """A checkout of another version with its own environment, removed at the end.

    Raises:
        subprocess.CalledProcessError: git does not know the version, or its set-up failed.
    """
    with tempfile.TemporaryDirectory(prefix="rtd-compare-") as folder:
        tree = Path(folder) / "rtd"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(tree), ref], check=True)
        try:
            subprocess.run(["make", "--no-print-directory", "setup"], cwd=tree, check=True)
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


def measure(tree: Path, sections: str, results: Results) -> None:
    """Run one repetition of a checkout's own benchmarks and add its figures to `results`."""
    command = [str(tree / "benchmarks" / "run"), "--only", OURS, "--sections", sections]
    done = subprocess.run(
        [*command, "--reps", "1"], cwd=tree, capture_output=True, text=True, check=False
    )
    written = [s for s in done.stderr.splitlines() if s.startswith("written: ")]
    if not written:
        raise SystemExit(f"{' '.join(command)} failed: {done.stderr.strip()[-2000:]}")
    path = Path(written[-1].removeprefix("written: "))
    content = json.loads(path.read_text())
    path.unlink()
    for section, systems in content["samples"].items():
        for figures in systems.get(OURS, []):
            results.add(section, OURS, figures)
    for failure in content["failures"]:
        print(f"benchmarks: {failure}", file=sys.stderr)


def compare_rows(before: Results, after: Results) -> list[list[str]]:
    """The table: for each row the medians, their ratio, and the spread of each version."""
    lines = [["", "before", "after", "after / before", "spread before", "spread after"]]
    for row in ROWS:
        old = before.median(row.section, OURS, row.figure)
        new = after.median(row.section, OURS, row.figure)
        if old is None or new is None:
            continue
        figures = [f"{old:,.{row.digits}f}", f"{new:,.{row.digits}f}", f"{new / old:.3f}"]
        lines.append([row.title, *figures, _spread(before, row), _spread(after, row)])
    return lines


def _spread(results: Results, row: Row) -> str:
    values = [float(one[row.figure]) for one in results.samples[row.section][OURS]]
    return f"{min(values):,.{row.digits}f} to {max(values):,.{row.digits}f}"


def main(words: list[str]) -> int:
    """Entry point."""
    args = parse_arguments(words)
    before, after = Results(), Results()
    with checkout(args.ref) as tree:
        for repetition in range(args.reps):
            turn = [(tree, before), (ROOT, after)]
            for place, results in turn if repetition % 2 == 0 else reversed(turn):
                name = args.ref if results is before else "this checkout"
                print(f"[{repetition + 1}/{args.reps}] {name}", file=sys.stderr)
                measure(place, args.sections, results)
    print(as_text(compare_rows(before, after)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
