"""All cases, in the order of the table."""

from hack.chaos.cases import calls, cluster, processes, runs
from hack.chaos.cases.case import Case

CASES: dict[str, Case] = {case.name: case for case in (*calls.CASES, *processes.CASES, *cluster.CASES, *runs.CASES)}

__all__ = ["CASES", "Case"]
