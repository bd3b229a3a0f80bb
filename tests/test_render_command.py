"""`tekton-integrations render` as people call it: offline in earnest, for people and for programs, with exit codes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from tekton_integrations.cli import app
from tests.test_rendering import ASKS, recording, run

# No connection, no look-up of a name, and no listening socket: each would be seen, in whatever library.
WATCHED = """
import sys
def seen(event, arguments):
    if event.split(".")[0] == "socket" and event not in ("socket.__new__",):
        print(f"SOCKET {event} {arguments}", file=sys.stderr)
sys.addaudithook(seen)
from tekton_integrations.cli import app
app()
"""


def render(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["render", *arguments], input=stdin)
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def failed(tmp_path: Path) -> Path:
    path = tmp_path / "failure.yaml"
    path.write_text(yaml.safe_dump_all(recording("failure")))
    return path


def test_nothing_is_sent_and_no_name_is_looked_up(failed: Path) -> None:
    command = [sys.executable, "-c", WATCHED, "render", "-f", str(failed)]
    done = subprocess.run(command, capture_output=True, text=True, env={"PATH": ""}, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    said = done.stdout
    assert "POST https://api.github.com/repos/acme/api/check-runs" in said
    assert "authorization: (hidden)" in said
    assert "Then the record says: check" in said


def test_the_page_alone_is_markdown(failed: Path) -> None:
    code, said, _ = render("-f", str(failed), "--integration", "github", "--page")
    assert code == 0
    assert said.startswith("# test failed: step integration exited with code 2\n")
    assert "POST" not in said


def test_programs_get_the_same_as_json_and_yaml_and_from_stdin(failed: Path) -> None:
    code, said, _ = render("-", "-o", "json", stdin=failed.read_text())
    [found] = json.loads(said)
    assert code == 0
    assert (found["kind"], found["state"]) == ("PipelineRun", "Failed")
    github = next(each for each in found["reports"] if each["integration"] == "github")
    assert github["target"]["resource"] == "acme/api"
    assert {each["method"] for each in github["requests"]} == {"GET", "POST"}
    _, listed, _ = render("-f", "-", "-o", "yaml", stdin=failed.read_text())
    assert [each["integration"] for each in yaml.safe_load(listed)[0]["reports"]] == [
        each["integration"] for each in found["reports"]
    ]


def test_what_would_not_be_sent_and_what_nobody_asks_for_ends_otherwise() -> None:
    code, said, _ = render("-", stdin=json.dumps(run({"github.integrations.tekton.dev/owner": "acme"})))
    assert code == 1
    assert "MissingAnnotation: github.integrations.tekton.dev/repo is missing" in said
    code, said, _ = render("-", stdin=json.dumps(run({})))
    assert (code, said) == (3, "PipelineRun default/hello (Queued) asks for no report: it has no annotation of ours\n")
    code, _, errors = render("-", stdin="kind: Pod\nmetadata: {name: x}\n")
    assert (code, errors) == (3, "error: there is no run in it: no PipelineRun, TaskRun or CustomRun\n")


def test_what_cannot_be_read_is_said_without_a_traceback(tmp_path: Path) -> None:
    assert render("-f", str(tmp_path / "gone"))[::2] == (1, f"error: {tmp_path}/gone: No such file or directory\n")
    code, _, errors = render("-", stdin="{")
    assert code == 1
    assert errors.startswith("error: -: this is neither YAML nor JSON")
    assert render()[::2] == (2, "error: name a run, or objects with -f FILE; - is stdin\n")
    assert render("hello", "-f", "x")[0] == 2


def test_control_sequences_of_others_reach_no_terminal() -> None:
    evil = "\x1b]0;owned\x07\x1b[2J\u202e"
    asks = ASKS | {"github.integrations.tekton.dev/name": evil}
    _, said, errors = render("-", "--integration", "github", stdin=json.dumps(run(asks, name=f"x{evil}")))
    assert "\x1b" not in said + errors
    assert "\u202e" not in said + errors
