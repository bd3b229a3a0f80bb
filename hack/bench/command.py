"""The command lines of the benchmarks: a flag for each size, the table and its heading, and the exit code."""

import argparse
import asyncio
import os
import platform
import tempfile
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

BASE = Path(__file__).parents[2] / "manifests" / "base"


class Judged(Protocol):
    """Results that tell what must not be, whatever the figures."""

    @property
    def failures(self) -> Sequence[str]: ...


T = TypeVar("T")
R = TypeVar("R", bound=Judged)


@dataclass(frozen=True, kw_only=True)
class Command(Generic[T]):
    """`sizes` is a dataclass of numbers with defaults, `helps` says what each is for. `quick`: those of `--quick`,
    if there is such a flag. `kept`: a file that gets a copy of heading and table."""

    module: str
    description: str | None
    sizes: type[T]
    helps: Mapping[str, str]
    quick: T | None = None
    kept: Path | None = None

    def run(self, measured: Callable[[T, Path], Coroutine[Any, Any, R]], rendered: Callable[[R], str]) -> int:
        """The exit code: 1 if something failed. `measured` gets a folder for its files, which is gone afterwards."""
        sizes, begin = self.parsed(), time.monotonic()
        with tempfile.TemporaryDirectory(prefix="tekton-bench-") as folder:
            results = asyncio.run(measured(sizes, Path(folder)))
        text = f"{self.heading(sizes, begin)}\n{rendered(results)}"
        print(text)
        if self.kept is not None:
            self.kept.parent.mkdir(exist_ok=True)
            self.kept.write_text(text)
        for failure in results.failures:
            print(f"FAILED: {failure}")
        return int(bool(results.failures))

    def parsed(self) -> T:
        parser = argparse.ArgumentParser(
            prog=f"python -m {self.module}",
            description=self.description,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        for name, default in self._defaults():
            text = f"{self.helps[name]} (%(default)s)"
            parser.add_argument(_flag(name), type=_size(type(default)), default=default, metavar="N", help=text)
        if self.quick is not None:
            parser.add_argument("--quick", action="store_true", help="small sizes for all that is not said")
            if parser.parse_known_args()[0].quick:
                parser.set_defaults(**vars(self.quick))
        chosen = vars(parser.parse_args())
        chosen.pop("quick", None)
        return self.sizes(**chosen)

    def heading(self, sizes: T, begin: float) -> str:
        """`begin` by the monotonic clock."""
        options = " ".join(f"{_flag(name)} {getattr(sizes, name)}" for name, _ in self._defaults())
        load = "/".join(f"{each:.2f}" for each in os.getloadavg())
        machine = f"Python {platform.python_version()}, {os.cpu_count()} CPUs, load average {load}"
        return f"python -m {self.module} {options}\n{machine}, took {time.monotonic() - begin:.0f} s\n"

    def _defaults(self) -> list[tuple[str, Any]]:
        return [(field.name, field.default) for field in fields(self.sizes)]  # type: ignore[arg-type]


def _size(number: Callable[[str], float]) -> Callable[[str], float]:
    def size(text: str) -> float:
        if not (value := number(text)) >= 0:
            raise argparse.ArgumentTypeError(f"0 or more, not {text}")
        return value

    size.__name__ = "number"  # as argparse calls it for what is none
    return size


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
