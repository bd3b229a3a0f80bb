"""`tekton-integrations convert` as users call it."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from integrations.cloudevent.tests.test_deliveries import FAILED, SENT, task_run
from tekton_integrations.cli import app


def convert(*arguments: str, stdin: str = "") -> tuple[int, list[Any], str]:
    """Exit code, the documents that it printed, and what it said besides."""
    done = CliRunner().invoke(app, ["convert", *arguments], input=stdin, env={"COLUMNS": "400"})
    return done.exit_code, list(yaml.safe_load_all(done.stdout)), done.stderr


def two() -> list[dict[str, Any]]:
    return [task_run(FAILED), task_run(noted=[SENT, FAILED], name="other", uid="u2")]


@pytest.mark.parametrize(
    "text",
    [
        yaml.safe_dump_all(two()),
        json.dumps({"apiVersion": "v1", "kind": "List", "items": two()}),
        json.dumps({"apiVersion": "v1", "kind": "List", "items": two()}, indent="\t"),
        "---\n" + yaml.safe_dump({"kind": "List", "items": two()}) + "---\n",
    ],
)
def test_it_reads_what_kubectl_prints(text: str) -> None:
    code, records, said = convert("-", stdin=text)
    assert (code, said) == (0, "3 deliveries of 2 runs found\n")
    assert {record["kind"] for record in records} == {"IntegrationStatus"}
    assert [record["status"]["conditions"][0]["status"] for record in records] == ["False", "True", "False"]
    assert all(isinstance(record["status"]["conditions"][0]["lastTransitionTime"], str) for record in records)


def test_it_reads_a_file_in_which_times_have_no_quotes(tmp_path: Path) -> None:
    file = tmp_path / "runs.yaml"
    file.write_text(yaml.safe_dump(task_run(FAILED)).replace("'2020-09-01T12:00:05Z'", "2020-09-01T12:00:05Z"))
    assert "'" not in file.read_text()
    code, [record], _ = convert(str(file))
    assert code == 0
    assert record["status"]["conditions"][0]["lastTransitionTime"] == "2020-09-01T12:00:05Z"


def test_what_it_cannot_read_is_told_and_the_rest_is_printed() -> None:
    code, records, said = convert("-", stdin=yaml.safe_dump_all([task_run(noted="{"), task_run(SENT)]))
    assert (code, len(records)) == (1, 1)
    assert said.startswith("error: document 1: TaskRun unit: the annotation tekton.dev/v1beta1CloudEvents is no JSON")


@pytest.mark.parametrize("text", ["a: b: c", "{", "\t- x", "!!python/object:os.system {}"])
def test_what_is_neither_yaml_nor_json_is_told(text: str) -> None:
    code, records, said = convert("-", stdin=text)
    assert (code, records) == (1, [])
    assert said.startswith("error: this is neither YAML nor JSON: ")


def test_where_nothing_is_nothing_is_printed() -> None:
    assert convert("-", stdin=yaml.safe_dump(task_run())) == (0, [], "0 deliveries of 0 runs found\n")
    assert convert() == (0, [], "0 deliveries of 0 runs found\n")


def test_a_file_that_is_not_there_is_an_error_of_use(tmp_path: Path) -> None:
    code, records, said = convert(str(tmp_path / "none"))
    assert (code, records) == (2, [])
    assert "No such file" in said
