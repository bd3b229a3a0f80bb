"""A wall clock that is set while a process runs: by libfaketime, which answers in the kernel's place.

Only the wall clock: what counts seconds (monotonic, boot time) goes on, as it does where an administrator or NTP sets
the time. A time namespace can't do this: it moves the other clocks only, and before its first process begins.
"""

from collections.abc import Mapping
from pathlib import Path

_LIBRARY = "faketime/libfaketimeMT.so.1"
_FOLDERS = ("/usr/lib", "/usr/lib64", "/usr/local/lib")


def _found() -> Path | None:
    places = [found for folder in map(Path, _FOLDERS) for found in (folder, *folder.glob("*-linux-gnu*"))]
    return next((found / _LIBRARY for found in places if (found / _LIBRARY).exists()), None)


def missing() -> str:
    return "" if _found() else "libfaketime is not installed (apt-get install libfaketime)"


class Clock:
    """The clock of one process, kept in a file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.jump("+0")

    def jump(self, seconds: str) -> None:
        """It is off by so many from now on, such as "+90"."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{seconds}\n")
        new.replace(self._file)

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "LD_PRELOAD": str(_found()),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }
