"""``python -m benchmarks``: see ``--help`` and ``README.md``."""

from __future__ import annotations

import argparse
import signal
import sys
from dataclasses import asdict

from benchmarks import environments, pools, table
from benchmarks.plan import NAMES, SECTIONS, Settings, carry_out
from benchmarks.results import ROWS, judge
from benchmarks.schedule.section import PEERS
from benchmarks.sweep import adopt_strays, end_like_ctrl_c, sweep
from benchmarks.systems import SYSTEMS


def parse(words: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure rtd against other queues."
    )
    parser.add_argument("--only", default=",".join(NAMES), help="systems, comma-separated")
    parser.add_argument("--sections", default=",".join(SECTIONS), help="comma-separated")
    parser.add_argument("--reps", type=int, default=3, help="repetitions (default 3)")
    parser.add_argument("--scale", type=float, default=1.0, help="multiply all sizes")
    parser.add_argument("--quick", action="store_true", help="small sizes, one repetition")
    parser.add_argument("--markdown", action="store_true", help="print the table as markdown")
    parser.add_argument("--try-pools", action="store_true", help="compare each system's pools")
    return parser.parse_args(words)


def chosen(text: str, known: tuple[str, ...], what: str) -> tuple[str, ...]:
    """The names in a comma-separated list.

    Raises:
        SystemExit: one of them is not known.
    """
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        wrong = f"no such {what}: {', '.join(unknown)}" if unknown else f"no {what} given"
        print(f"benchmarks: {wrong}; there are {', '.join(known)}", file=sys.stderr)
        raise SystemExit(2)
    return names


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Measure and print; 1 when a target was missed or a measurement failed."""
    for environment in sorted({SYSTEMS[n].environment for n in settings.only if n in SYSTEMS}):
        environments.ensure(environment)
    if "supervisor" in settings.only and "ls" in settings.sections:
        environments.ensure("peers")
    if "schedule" in settings.sections:
        for name in settings.only:
            if name in PEERS:
                environments.ensure(name)
    show = table.as_markdown if args.markdown else table.as_text
    if args.try_pools:
        print(show(pools.compare(settings)))
        return 0
    machine = table.machine()  # before: our own work is load too
    results = carry_out(settings)
    print(show(table.cells(results)))
    print(f"\n{table.footnotes(results)}\n{table.busy(machine)}".rstrip())
    print(f"written: {table.write_json(results, machine, asdict(settings))}", file=sys.stderr)
    missed = any(judge(row, results).passed is False for row in ROWS)
    return 1 if missed or results.failures else 0


def main() -> int:
    """Entry point."""
    args = parse(sys.argv[1:])
    settings = Settings(
        only=chosen(args.only, NAMES, "system"),
        sections=chosen(args.sections, SECTIONS, "section"),
        repetitions=1 if args.quick else args.reps,
        quick=args.quick,
        scale=args.scale,
    )
    adopt_strays()
    end_like_ctrl_c()
    try:
        return run(args, settings)
    except KeyboardInterrupt:
        print("\nbenchmarks: stopped", file=sys.stderr)
        return 130
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        sweep()


if __name__ == "__main__":
    sys.exit(main())
