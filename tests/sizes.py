"""How much is tried of what takes long: in `make test` a part, in `make test-long` more (LONG=1).

Who uses this is marked `sized`, so that `make test-long` finds it.
"""

import os

LONG = os.environ.get("LONG") == "1"


def sized(part: int, more: int) -> int:
    return more if LONG else part
