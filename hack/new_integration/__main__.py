"""`python -m hack.new_integration NAME`: writes integrations/NAME/, and NAME into what lists integrations by hand.

The package is not installed by this, and its README's table not made yet: both do the Makefile.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from .lists import listed
from .names import refusal
from .package import written

ROOT = Path(__file__).parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make new-integration NAME=…", description=__doc__)
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if problem := refusal(options.name, options.root):
        print(f"error: {problem}", file=sys.stderr)
        return 2
    files = [*written(options.name, options.root), *listed(options.name, options.root)]
    # A longer name makes longer lines.
    made = options.root / "integrations" / options.name
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", str(made)], check=True)
    for path in files:
        print(f"wrote {path.relative_to(options.root)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
