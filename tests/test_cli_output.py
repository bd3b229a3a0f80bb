"""How commands print: objects for programs, columns for people, and no control sequence of somebody else's."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
import yaml

from tekton_integrations.cli.output import WIDTH, Output, fail, say, structured, table

EVIL = "\x1b]0;owned\x07\x1b[2Jx\u202ey"


def test_programs_get_the_same_object_as_json_and_as_yaml(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"text": "# one\n\ntwo\n", "none": None, "number": 7, "list": ["Größe", EVIL]}
    assert not structured(value, Output.TABLE)
    assert structured(value, Output.JSON)
    assert json.loads(capsys.readouterr().out) == value
    assert structured(value, Output.YAML)
    said = capsys.readouterr().out
    assert yaml.safe_load(said) == value
    assert said.startswith("text: |\n  # one\n")
    assert "\x1b" not in said


def test_a_table_fits_into_80_columns_and_loses_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    long = "word " * 40
    table(("name", "message"), [("x" * 30, long), ("[bold]y[/bold]", EVIL)])
    said = capsys.readouterr().out
    assert max(map(len, said.splitlines())) <= WIDTH
    assert said.count("word") == 40
    assert not [line for line in said.splitlines() if line.endswith(" ")]
    assert "[bold]y[/bold]" in said
    assert "\x1b" not in said
    assert "\u202e" not in said


def test_an_error_is_one_line_on_stderr_whatever_is_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as caught:
        fail(f"no\n{EVIL}", 3)
    assert caught.value.exit_code == 3
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n"), "\x1b" in said.err) == ("", 1, False)
    say("x" * 100_000)
    assert len(capsys.readouterr().out) < 10_000


@pytest.mark.parametrize(
    ("words", "offered"), [("tekton-integrations wh", "why"), ("tekton-integrations doctor g", "github")]
)
def test_the_shell_completes_commands_and_those_of_packages(words: str, offered: str) -> None:
    asked = {"_TEKTON_INTEGRATIONS_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    program = Path(sys.executable).parent / "tekton-integrations"
    done = subprocess.run([program], env={**os.environ, **asked}, capture_output=True, text=True, check=False)
    assert done.stdout.split() == [offered]
