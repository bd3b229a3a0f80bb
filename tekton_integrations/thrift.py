"""How the controller's process uses memory: when the collector looks for cycles, and what goes back to the system."""

import ctypes
import gc
from contextlib import suppress

# Objects made before the collector looks for cycles: a report makes thousands, and hardly any cycle.
_YOUNG = 10_000
# M_MMAP_THRESHOLD, in bytes, as it is when a process starts. https://man7.org/linux/man-pages/man3/mallopt.3.html
_MMAP_THRESHOLD, _APART = -3, 128 * 1024


def be_thrifty() -> None:
    """Of memory, for little CPU time.

    Each connection with TLS has a buffer of 256 KiB. glibc takes the first ones from the system, to which they return.
    But once one did, it takes all later ones from its own heap, where they leave gaps between what stays: the more
    connections came and went, the more memory the process had. To set the threshold keeps it from moving.
    """
    gc.set_threshold(_YOUNG)
    with suppress(OSError, AttributeError):  # there is no such thing in other C libraries
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _APART)
