"""Prometheus' own tool, and what a controller told at two moments, as its tests of queries take it."""

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from prometheus_client.samples import Sample

from hack.testbed.binaries import find

# Between the two moments, as the engine takes it, in seconds.
STEP = 15


async def promtool(*arguments: str | Path) -> None:
    """Raises AssertionError with all that it says, unless it is content."""
    pipe = asyncio.subprocess.PIPE
    command = (await find("promtool"), *arguments)
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=asyncio.subprocess.STDOUT)
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()


@dataclass(frozen=True, kw_only=True)
class Scrapes:
    """`first` and `last` are what was told, `at` is when the last was asked for, in seconds since the epoch."""

    first: Sequence[Sample]
    last: Sequence[Sample]
    at: float

    async def give_more_than_zero(self, queries: Iterable[str], folder: Path) -> None:
        """By Prometheus' engine, each of the queries, for one series at least. NaN is not more than zero."""
        wanted = [{"labels": "{}", "value": 1}]
        tests = [
            {"expr": f"count(({query}) > 0) > bool 0", "eval_time": f"{STEP}s", "exp_samples": wanted}
            for query in queries
        ]
        group = {
            "interval": f"{STEP}s",
            "start_timestamp": round(self.at) - STEP,
            "input_series": self._series(),
            "promql_expr_test": tests,
        }
        file = folder / "queries.yaml"
        file.write_text(yaml.safe_dump({"evaluation_interval": f"{STEP}s", "tests": [group]}))
        await promtool("test", "rules", file)

    def _series(self) -> list[dict[str, Any]]:
        before = {_named(each): each.value for each in self.first}
        return [
            {"series": name, "values": f"{before.get(name, '_')} {each.value}"}
            for each in self.last
            for name in [_named(each)]
        ]


def _named(sample: Sample) -> str:
    """As in a query, with the label that the PodMonitor gives."""
    labels = {**sample.labels, "pod": "pod-1"}
    return f"{sample.name}{{{', '.join(f'{key}={json.dumps(value)}' for key, value in sorted(labels.items()))}}}"
