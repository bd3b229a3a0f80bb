"""Dashboard and alerts ask for what there is: metrics, labels, outcomes and reasons that the code has."""

import re
from pathlib import Path

import pytest
import yaml
from promql_parser import AggregateExpr, Expr, VectorSelector, parse, walk

from hack.docs.dashboard import PANELS
from hack.docs.metrics import defined, rules
from hack.docs.reasons import known

ROOT = Path(__file__).parents[1]
MONITORING = ROOT / "manifests" / "monitoring"
RULES = list(rules(ROOT))
SHOWN = [query.text for panel in PANELS for query in panel.queries]
QUERIES = SHOWN + [rule["expr"] for rule in RULES]
# Of the scrape's target, by the PodMonitor.
TARGET = {"pod"}


def labels() -> dict[str, set[str]]:
    """By the name in a query."""
    found = {}
    for each in defined():
        match each.type:
            case "histogram":
                found[f"{each.name}_bucket"] = {*each.labels, "le"}
            case "counter":
                found[each.name] = found[f"{each.name.removesuffix('_total')}_created"] = set(each.labels)
            case _:
                found[each.name] = set(each.labels)
    return found


def parts(query: str) -> list[Expr]:
    found: list[Expr] = []
    walk(parse(query), found.append)
    return found


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_names_metrics_and_labels_that_there_are(query: str) -> None:
    there = labels()
    selected = [each for each in parts(query) if isinstance(each, VectorSelector)]
    assert selected
    for each in selected:
        assert each.name in there
        assert {matcher.name for matcher in each.matchers.matchers} <= there[each.name]
    common = set.intersection(*(there[str(each.name)] for each in selected)) | TARGET
    for part in parts(query):
        if isinstance(part, AggregateExpr) and part.modifier:
            assert set(part.modifier.labels) <= common


def test_each_metric_is_shown() -> None:
    selected = {str(each.name) for query in SHOWN for each in parts(query) if isinstance(each, VectorSelector)}
    assert selected == set(labels())


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_asks_for_outcomes_and_reasons_that_there_are(query: str) -> None:
    words = {"outcome": {"accepted", "retried", "postponed", "given_up"}, "reason": set(known(ROOT))}
    for each in parts(query):
        for matcher in each.matchers.matchers if isinstance(each, VectorSelector) else ():
            assert set(matcher.value.split("|")) <= words[matcher.name]


def test_a_legend_names_labels_that_its_query_keeps() -> None:
    for query in [query for panel in PANELS for query in panel.queries]:
        kept = [each.modifier.labels for each in parts(query.text) if isinstance(each, AggregateExpr) and each.modifier]
        assert set(re.findall(r"{{(\w+)}}", query.legend)) <= {label for each in kept for label in each}


def test_an_alert_says_what_it_means_and_what_to_do() -> None:
    names = [rule["alert"] for rule in RULES]
    assert len(set(names)) == len(names)
    for rule in RULES:
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert all(rule["annotations"][said].endswith(".") for said in ("summary", "action"))


def test_the_pod_monitor_asks_the_port_of_the_controllers_pods() -> None:
    spec = yaml.safe_load((MONITORING / "podmonitor.yaml").read_text())["spec"]
    [deployment] = list(yaml.safe_load_all((ROOT / "manifests" / "controller" / "deployment.yaml").read_text()))[-1:]
    pod = deployment["spec"]["template"]
    assert spec["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    ports = {port["name"] for container in pod["spec"]["containers"] for port in container["ports"]}
    assert {each["port"] for each in spec["podMetricsEndpoints"]} <= ports
