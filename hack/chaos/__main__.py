"""`python -m hack.chaos`: plays all cases, prints a table, and writes build/chaos.json and a history of each case.

Ends with 1 if anything was lost, doubled or stale, or if a case did not disturb at all.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from hack.docs.generated import replaced

from .cases import CASES
from .history import Header, read
from .lanes import Lanes, ordered
from .stage import Play, Row
from .table import HEAD, NOTES, line, markdown, remarks

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build"
DOCS = ROOT / "docs" / "chaos.md"


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    if options.list:
        print("\n".join(f"{case.name:<12} {case.title}" for case in CASES.values()))
        return 0
    begin, folder = time.monotonic(), options.result.parent / "chaos"
    folder.mkdir(parents=True, exist_ok=True)
    plays = _again(options.replay, folder) if options.replay else list(_plays(options, folder))
    print(HEAD, flush=True)
    told = list[Row]()

    def said(row: Row, wrong: Sequence[str]) -> None:
        _say(row, wrong)
        told.append(row)
        if not options.replay:  # as soon as it is known: all takes an hour
            options.result.write_bytes(msgspec.json.format(msgspec.json.encode(ordered(told))))

    asyncio.run(Lanes(plays, said).run(options.lanes))
    rows = ordered(told)
    print(f"\n{NOTES}\n\n{time.monotonic() - begin:.0f} s")
    if options.docs:
        DOCS.write_text(replaced(DOCS.read_text(), "chaos", markdown(rows)))
    return 0 if all(row.clean for row in rows) else 1


def _say(row: Row, wrong: Sequence[str]) -> None:
    print(line(row), flush=True)
    for text in [*remarks(row), *wrong[:10]]:
        print(f"  {text}", flush=True)


def _plays(options: argparse.Namespace, folder: Path) -> list[Play]:
    found = []
    for name in options.cases.split(",") if options.cases else CASES:
        if why := CASES[name].missing():
            print(f"{name}: not played, as {why}", file=sys.stderr)
            continue
        found += [_play(Header(case=name, seed=seed, runs=options.runs), folder) for seed in options.seed]
    return found


def _play(header: Header, folder: Path) -> Play:
    case = CASES[header.case]
    acts = case.acts(header.seed, header.runs)
    return Play(case=case, header=header, acts=acts, files=folder / f"{case.name}-{header.seed}")


def _again(path: Path, folder: Path) -> list[Play]:
    story = read(path)
    files = folder / f"{path.stem}-again"
    return [Play(case=CASES[story.header.case], header=story.header, acts=story.acts, files=files, faults=story.faults)]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m hack.chaos", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--seed", type=int, nargs="+", default=[1], metavar="N", help="what happens when; several: one after another")
    add("--cases", default="", metavar="A,B", help="only these (all); see --list")
    add("--runs", type=int, default=20, metavar="N", help="runs of a case; some take more (%(default)s)")
    add("--lanes", type=int, default=3, metavar="N", help="API servers at once (%(default)s)")
    add("--replay", type=Path, metavar="FILE", help="play a history again: build/chaos/CASE-SEED.jsonl")
    add("--result", type=Path, default=BUILD / "chaos.json", metavar="FILE", help="(%(default)s)")
    add("--docs", action="store_true", help="put the table into docs/chaos.md")
    add("--list", action="store_true", help="print the names of all cases")
    return parser


if __name__ == "__main__":
    sys.exit(main())
