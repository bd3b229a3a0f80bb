"""`python -m hack.mutation [MODULE ...]`: puts small faults into the modules of modules.toml, or into those named, and
counts those that a test notices. Writes build/mutation.json and the table in docs/mutation.md.

What was found of other modules before still counts. Exit code 1: something survived that nobody has looked at.
"""

import argparse
import sys
from collections.abc import Sequence

import msgspec

from hack.docs.generated import replaced

from .judged import Judged
from .outcome import outcome, table
from .tool import ROOT, Tool, modules

RESULT = ROOT / "build" / "mutation.json"
PAGE = ROOT / "docs" / "mutation.md"


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    for name in () if options.report else options.modules or modules():
        Tool(name).run(options.digits, left=options.left)
    judged = Judged.read()
    found = [outcome(name, tool.mutants(), judged, tool.change) for name in modules() for tool in [Tool(name)]]
    print(table(found))
    survivors = [survivor for each in found for survivor in each.survivors]
    for survivor in survivors:
        print(f"\n{survivor.where} ({survivor.name})\n{survivor.change}")
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_bytes(msgspec.json.format(msgspec.json.encode(found)))
    PAGE.write_text(replaced(PAGE.read_text(), "mutation", table(found)))
    return int(bool(survivors))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m hack.mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", choices=[[], *modules()], metavar="MODULE", help="such as `intents`")
    parser.add_argument(
        "--digits",
        default="0123456789",
        metavar="D",
        help="only those whose number ends with one of these digits; `1`: the first ten of a function count for one",
    )
    parser.add_argument("--left", action="store_true", help="none again that was noticed when it was tried before")
    parser.add_argument("--report", action="store_true", help="try none, count what was tried before")
    return parser


if __name__ == "__main__":
    sys.exit(main())
