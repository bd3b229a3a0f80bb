"""What is given back to the system when many connections came and went."""

import subprocess
import sys

# Buffers as uvloop has them for connections, each followed by something small that stays; then the buffers go.
_STORY = """
import ctypes, resource, sys
from pathlib import Path
from tekton_integrations.thrift import be_thrifty

malloc, free = ctypes.pythonapi.PyMem_RawMalloc, ctypes.pythonapi.PyMem_RawFree
malloc.restype, malloc.argtypes, free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

def made(size):
    place = malloc(size)
    ctypes.memset(place, 1, size)
    return place

if sys.argv[1] == "thrifty":
    be_thrifty()
free(made(256 * 1024))
before = resident()
pairs = [(made(256 * 1024), made(1024)) for _ in range(100)]
for buffer, _ in pairs:
    free(buffer)
print(resident() - before)
"""


def left(how: str) -> int:
    done = subprocess.run([sys.executable, "-c", _STORY, how], capture_output=True, text=True, check=True)
    return int(done.stdout)


def test_connections_that_are_gone_leave_no_memory_taken() -> None:
    assert left("thrifty") < 2 * 1024 * 1024 < 10 * 1024 * 1024 < left("otherwise")
