"""The alerts as Prometheus takes them: each fires when it should, with all that it says, and else keeps quiet."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from hack.docs.metrics import ALERTS, rules
from tests.e2e.promtool import promtool

ROOT = Path(__file__).parents[2]
CASES = Path(__file__).parent / "alerts_test.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Holds the rules as a file of Prometheus, and the cases beside it."""
    spec = yaml.safe_load((ROOT / ALERTS).read_text())["spec"]
    (tmp_path / "alerts.yaml").write_text(yaml.safe_dump(spec))
    shutil.copy(CASES, tmp_path)
    return tmp_path


@pytest.mark.long
async def test_prometheus_takes_the_rules(folder: Path) -> None:
    await promtool("check", "rules", "--lint=all", "--lint-fatal", folder / "alerts.yaml")


@pytest.mark.long
async def test_alerts_fire_when_they_should_and_else_keep_quiet(folder: Path) -> None:
    await promtool("test", "rules", folder / CASES.name)


def expected() -> Iterator[dict[str, Any]]:
    for each in yaml.safe_load(CASES.read_text())["tests"]:
        yield from each["alert_rule_test"]


def test_each_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not() -> None:
    names = {rule["alert"] for rule in rules(ROOT)}
    assert {each["alertname"] for each in expected() if each["exp_alerts"]} == names
    assert {each["alertname"] for each in expected() if not each["exp_alerts"]} == names
