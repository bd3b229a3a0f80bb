"""How fast the machine is at the moment: on a shared host the same work takes up to twice the CPU time, whatever
runs in here. Figures of different rounds compare only if this one is alike."""

import time


def loop() -> float:
    """Milliseconds of CPU that a fixed loop takes. It blocks for so long."""
    begin = time.thread_time()
    for _ in range(500_000):
        pass
    return 1000 * (time.thread_time() - begin)
