"""The metrics as docs/metrics.md lists them, made from their definitions, and the alerts, from their rules."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from prometheus_client.metrics import MetricWrapperBase

from tekton_integrations import metrics

ALERTS = Path("manifests/monitoring/alerts.yaml")


class Defined(NamedTuple):
    """`name`: as in queries, but for what a histogram adds (`_bucket`, `_sum`, `_count`)."""

    name: str
    type: str
    labels: tuple[str, ...]
    text: str


def defined() -> list[Defined]:
    """In the order of metrics.py."""
    found = [each for each in vars(metrics).values() if isinstance(each, MetricWrapperBase)]
    return [_read(each) for each in found]


def _read(metric: MetricWrapperBase) -> Defined:
    [family] = metric.describe()
    name = f"{family.name}_total" if family.type == "counter" else family.name
    return Defined(name, family.type, tuple(metric._labelnames), family.documentation)


def rules(root: Path) -> Iterator[Mapping[str, Any]]:
    """Of the alerts."""
    for group in yaml.safe_load((root / ALERTS).read_text())["spec"]["groups"]:
        yield from group["rules"]


def metric_rows() -> Iterator[tuple[str, ...]]:
    for each in defined():
        yield f"`{each.name}`", each.type, ", ".join(f"`{label}`" for label in each.labels), each.text


def alert_rows(root: Path) -> Iterator[tuple[str, ...]]:
    for rule in rules(root):
        said = rule["annotations"]
        yield f"`{rule['alert']}`", rule["labels"]["severity"], rule["for"], said["summary"], said["action"]
