"""`python -m hack.simulation`: prints a table, and writes build/simulation.json. Ends with 1 if a state was lost, shown
twice or outdated, or if a call was made while a limit was known to be exceeded."""

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import msgspec

from .scenario import scenarios
from .simulation import simulated_alone
from .table import table

RESULT = Path(__file__).parents[2] / "build" / "simulation.json"


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    begin = time.monotonic()
    chosen = [each for each in scenarios(options.flood, options.small, options.seed) if options.only in each.title]
    alone = [replace(each, flood=0) for each in chosen]
    # Each in a process of its own: what one leaves behind is not looked through by the next.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.processes, mp_context=spawn, max_tasks_per_child=1) as pool:
        figures = list(pool.map(simulated_alone, [*chosen, *alone]))
    crowded, single = figures[: len(chosen)], figures[len(chosen) :]
    print(table(crowded, single))
    for each in figures:
        for problem in [*each.lost, *each.doubled, *each.stale][:10]:
            print(f"{each.scenario}: {problem}")
    print(f"\n{sum(each.cpu for each in figures):.0f} s of CPU, {time.monotonic() - begin:.0f} s")
    options.result.parent.mkdir(exist_ok=True)
    options.result.write_bytes(msgspec.json.format(msgspec.json.encode({"flood": crowded, "alone": single})))
    return 0 if all(each.sound for each in figures) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m hack.simulation", description=__doc__)
    parser.add_argument("--flood", type=int, default=9_940, metavar="N", help="runs of the large tenant (%(default)s)")
    parser.add_argument("--small", type=int, default=60, metavar="N", help="runs of the small tenant (%(default)s)")
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="the same seed, the same figures (%(default)s)"
    )
    parser.add_argument("--only", default="", metavar="TEXT", help="scenarios whose title holds this")
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count(), metavar="N", help="simulations at once (%(default)s)"
    )
    parser.add_argument(
        "--result", type=Path, default=RESULT, metavar="FILE", help="all figures, as JSON (%(default)s)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
