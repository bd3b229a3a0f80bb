"""What a user sees of a run, as a text that is the same each time: for test_snapshots.py."""

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.fakes.github import CheckRun

FOLDER = Path(__file__).with_name("snapshots")
SWITCH = "SNAPSHOTS"
WRITE = f"{SWITCH}=write .venv/bin/pytest tests/e2e/test_snapshots.py"

Object = dict[str, Any]
# What differs from run to run, and is found by its form or by the field that holds it.
_FORMS = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "<time>"),
    (re.compile(r"/runs/\d+"), "/runs/<check run>"),
    # How far a run had come when it was first looked at depends on the machine.
    (re.compile(r"\d+ of (\d+) tasks? done"), r"<n> of \1 done"),
)
_FIELDS = {
    "resourceVersion": "<version>",
    "inputDigest": "<digest>",
    "reportingInstance": "<host>",
    "check-run-id": "<check run>",
    "check-run-shown": "<digest>",
}
# `<run>-<integration>-<hash>` of a record, `<run>.<hash>` of an Event.
_NAMES = {"IntegrationStatus": re.compile(r"-[0-9a-f]{8}$"), "Event": re.compile(r"\.[0-9a-f]{16}$")}


class _Dumper(yaml.SafeDumper):
    """Keeps the lines of a text."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _text)


def snapshot(known: Mapping[str, str], *, checks: list[CheckRun], records: list[Object], events: list[Object]) -> str:
    """`known`: texts that differ from run to run → what to show instead."""
    found = {
        "checks": [_check(check) for check in sorted(checks, key=lambda check: check.name)],
        "events": [_object(event) for event in sorted(events, key=_order)],
        "records": [
            _object(record) for record in sorted(records, key=lambda record: str(record["spec"]["integration"]))
        ],
    }
    text = yaml.dump(_same(found, known), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)
    return f"# Made by: {WRITE}\n{text}"


def problem(name: str, text: str) -> str:
    """What is wrong with the snapshot on disk, and what to do; empty if nothing is."""
    path = FOLDER / f"{name}.yaml"
    before = path.read_text() if path.exists() else ""
    if before == text:
        return ""
    lines = difflib.unified_diff(before.splitlines(), text.splitlines(), "snapshot", "now", lineterm="")
    what = "is not what is seen now" if before else "is missing"
    cure = f"if it should be so, run\n  {WRITE}\nand read what changed"
    return "\n".join([f"tests/e2e/snapshots/{path.name} {what}; {cure}", *lines])


def write(name: str, text: str) -> None:
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.yaml").write_text(text)


def _check(check: CheckRun) -> Object:
    shown: Object = {
        "name": check.name,
        "history": [write.after.conclusion or write.after.status for write in check.history],
        "status": check.status,
        "conclusion": check.conclusion,
        "started_at": check.started_at,
        "completed_at": check.completed_at,
        "title": check.output.title,
        "summary": check.output.summary,
        "text": check.output.text,
    }
    return {key: value for key, value in shown.items() if value is not None}


def _order(event: Object) -> tuple[str, int]:
    """Those of one integration in the order in which they were made."""
    integration = re.match(r"\w+", event["message"])
    return integration[0] if integration else "", int(event["metadata"]["resourceVersion"])


def _object(found: Object) -> Object:
    kind = found.get("kind", "Event")  # a list leaves it out
    metadata = {key: value for key, value in found["metadata"].items() if key != "managedFields"}
    metadata |= {"name": _NAMES[kind].sub(lambda match: f"{match[0][0]}<hash>", metadata["name"]), "uid": "<uid>"}
    rest = {key: value for key, value in found.items() if key not in ("apiVersion", "kind", "metadata")}
    return {"metadata": metadata} | {key: value for key, value in rest.items() if value is not None}


def _same(value: Any, known: Mapping[str, str], field: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _same(each, known, key) for key, each in value.items()}
    if isinstance(value, list):
        return [_same(each, known) for each in value]
    if not isinstance(value, str):
        return value
    return _FIELDS.get(field) or _normal(value, known)


def _normal(text: str, known: Mapping[str, str]) -> str:
    for old, new in known.items():
        text = text.replace(old, new)
    for form, new in _FORMS:
        text = form.sub(new, text)
    return text
