"""Our definitions only ever grow, and the snapshot of them is up to date. The comparison itself is tested, too."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tests import crds

Schema = dict[str, Any]


def test_nothing_that_was_promised_is_gone_or_narrower() -> None:
    found = list(crds.broken(crds.parsed(crds.SNAPSHOT.read_text()), crds.current()))
    assert not found, "\n".join([*found, crds.CURE])


def test_the_snapshot_has_all_that_is_promised() -> None:
    assert crds.SNAPSHOT.read_text() == crds.text(crds.current()), f"tests/crds.txt is behind; run: {crds.WRITE}"


def test_the_snapshot_is_read_as_it_was_written() -> None:
    written = crds.text(crds.current())
    assert crds.text(crds.parsed(written)) == written


def status(definition: Schema) -> Schema:
    found: Schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]
    return found


def spec(definition: Schema) -> Schema:
    found: Schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    return found


def conditions(definition: Schema) -> Schema:
    found: Schema = status(definition)["properties"]["conditions"]["items"]["properties"]
    return found


Change = Callable[[Schema], object]
PATH = "integrationstatuses/v1alpha1"
NARROWER: dict[str, tuple[Change, str]] = {
    "a field is gone": (lambda d: status(d)["properties"].pop("url"), f"{PATH}.status.url: is gone"),
    "a field of another type": (
        lambda d: status(d)["properties"]["attempts"].update(type="string"),
        f'{PATH}.status.attempts: type was "integer" and is "string"',
    ),
    "a field that became required": (
        lambda d: status(d).update(required=["url"]),
        f"{PATH}.status.url: required was null and is true",
    ),
    "a new field that is required": (
        lambda d: spec(d).update(required=["runRef", "integration", "x"]) or spec(d)["properties"].update(x={}),
        f"{PATH}.spec.x: is new and required, which no stored object knows",
    ),
    "a value of an enum is gone": (
        lambda d: conditions(d)["status"].update(enum=["True", "False"]),
        f'{PATH}.status.conditions[].status: enum was ["False", "True", "Unknown"] and is ["False", "True"]',
    ),
    "an enum where all was allowed": (
        lambda d: status(d)["properties"]["url"].update(enum=["a"]),
        f'{PATH}.status.url: enum was null and is ["a"]',
    ),
    "a pattern": (
        lambda d: status(d)["properties"]["url"].update(pattern="^https:"),
        f'{PATH}.status.url: pattern was null and is "^https:"',
    ),
    "a shorter text": (
        lambda d: conditions(d)["message"].update(maxLength=80),
        f"{PATH}.status.conditions[].message: maxLength was 4096 and is 80",
    ),
    "a short name is gone": (
        lambda d: d["spec"]["names"].pop("shortNames"),
        'integrationstatuses.integrations.tekton.dev: short was ["ist"] and is []',
    ),
    "a version that is served no more": (
        lambda d: d["spec"]["versions"][0].update(served=False),
        f"{PATH}: served was true and is false",
    ),
    "a status subresource": (
        lambda d: d["spec"]["versions"][0].update(subresources={"status": {}}),
        f'{PATH}: subresources was [] and is ["status"]',
    ),
}
WIDER: dict[str, Change] = {
    "a new field": lambda d: status(d)["properties"].update(x={"type": "string"}),
    "a new object with a required field": lambda d: status(d)["properties"].update(
        x={"type": "object", "required": ["y"], "properties": {"y": {"type": "string"}}}
    ),
    "a longer text": lambda d: conditions(d)["message"].update(maxLength=8192),
    "a text of any length": lambda d: conditions(d)["message"].pop("maxLength"),
    "a value more": lambda d: conditions(d)["status"]["enum"].append("Maybe"),
    "an optional field that was required": lambda d: spec(d).update(required=["runRef"]),
}


def changed(change: Change) -> tuple[crds.Promises, crds.Promises]:
    definition = yaml.safe_load((crds.FOLDER / "integrationstatuses.yaml").read_text())
    other = copy.deepcopy(definition)
    change(other)
    return dict(crds.flattened(definition)), dict(crds.flattened(other))


@pytest.mark.parametrize("case", NARROWER)
def test_is_noticed_as_narrower(case: str) -> None:
    change, message = NARROWER[case]
    assert list(crds.broken(*changed(change))) == [message]


@pytest.mark.parametrize("case", WIDER)
def test_is_fine_but_must_be_written_down(case: str) -> None:
    before, now = changed(WIDER[case])
    assert list(crds.broken(before, now)) == []
    assert crds.text(before) != crds.text(now)
