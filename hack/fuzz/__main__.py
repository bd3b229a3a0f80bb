"""`python -m hack.fuzz`: annotations, runs, watches and answers by chance, in rounds, each with a seed of its own.

Stops at the first find, prints the input, and ends with 1. Keep a find as an @example at its test, and mend it.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = "tests/fuzz"
_EXAMPLES = 200  # for each fuzzer in a round


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    end, rounds = time.monotonic() + options.seconds, 0
    while rounds == 0 or time.monotonic() < end:
        seed = options.seed + rounds
        if _round(options.only, seed, options.examples, end - time.monotonic()):
            print(
                f"fuzz: a find; again by: python -m hack.fuzz --seconds 1 --seed {seed} --examples {options.examples}"
            )
            return 1
        rounds += 1
        print(f"fuzz: round {rounds} (seed {seed}): nothing", flush=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m hack.fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=600.0, help="no round begins later (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the first round; each further one is one more")
    parser.add_argument(
        "--examples", type=int, default=_EXAMPLES, help="inputs of each fuzzer in a round (%(default)s)"
    )
    parser.add_argument("--only", default="", help="fuzzers with this in their name, as for pytest -k")
    return parser


def _round(only: str, seed: int, examples: int, left: float) -> bool:
    """Whether something was found. `left`: seconds after which the round is broken off, but for the first minute."""
    chosen = ["-k", only] if only else []
    command = [sys.executable, "-m", "pytest", TESTS, "-q", "-x", "--no-header", "-p", "no:cacheprovider", *chosen]
    command += ["--hypothesis-profile=default", f"--hypothesis-seed={seed}", "--timeout=0"]
    try:
        environment = {**os.environ, "FUZZ_EXAMPLES": str(examples)}
        done = subprocess.run(
            command, cwd=ROOT, env=environment, timeout=max(left, 60.0), capture_output=True, text=True, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    if done.returncode:
        print(done.stdout[-20_000:])
    return done.returncode != 0


if __name__ == "__main__":
    sys.exit(main())
