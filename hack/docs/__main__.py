"""`python -m hack.docs`: checks the docs; `--write` makes their generated parts anew first. Exit code 1: wrong."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from .check import problems, write

ROOT = Path(__file__).parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m hack.docs", description=__doc__)
    parser.add_argument("--write", action="store_true", help="make the generated parts anew")
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.write:
        for path in write(options.root):
            print(f"wrote {path.relative_to(options.root)}")
    found = problems(options.root)
    for problem in found:
        print(problem, file=sys.stderr)
    if not found:
        print("docs: tables, reasons, layers and links are right")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
