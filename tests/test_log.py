"""What the log tells, and what it must not."""

import base64
import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import suppress

import pytest
import structlog

from tekton_integrations import log


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    yield
    structlog.reset_defaults()


SECRET = uuid.uuid4().hex  # not in any line of source that a traceback may quote


def fail(secret: str) -> None:
    headers = {"authorization": f"Bearer {secret}"}
    raise ValueError(f"header{len(headers)}")


def logged(capsys: pytest.CaptureFixture[str], form: str) -> str:
    log.configure(form=form)
    try:
        fail(SECRET)
    except ValueError:
        log.logger.exception("bug", run="demo")
    return capsys.readouterr().err


def test_a_line_is_one_json_object_with_fields(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure()
    log.logger.info("reported", state="Failed", run="a\nb")
    [line] = capsys.readouterr().err.splitlines()
    fields = json.loads(line)
    assert (fields["event"], fields["level"], fields["state"], fields["run"]) == ("reported", "info", "Failed", "a\nb")
    assert fields["timestamp"].endswith("Z")


def test_what_is_below_the_level_is_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("warning")
    log.logger.info("reported")
    log.logger.warning("not well")
    assert [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()] == ["not well"]


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_log_that_can_t_be_written_stops_nobody(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    with open("/dev/full", "w", buffering=1) as full:
        monkeypatch.setattr(sys, "stderr", full)
        log.configure(form=form)
        for _ in range(1000):  # more than any buffer takes
            log.logger.info("reported", run="demo")
        monkeypatch.undo()
        with suppress(OSError):
            full.close()


def test_there_are_colours_on_a_terminal_and_none_in_a_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for terminal in (True, False):
        monkeypatch.setattr(sys.stderr, "isatty", lambda terminal=terminal: terminal)
        log.configure(form="console")
        log.logger.info("reported", run="demo")
        assert ("\x1b[" in capsys.readouterr().err) is terminal


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_bug_comes_with_its_traceback(capsys: pytest.CaptureFixture[str], form: str) -> None:
    text = logged(capsys, form)
    assert "ValueError" in text
    assert "header1" in text
    assert "fail" in text


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_traceback_does_not_tell_secrets(capsys: pytest.CaptureFixture[str], form: str) -> None:
    assert SECRET not in logged(capsys, form)


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_secret_that_an_exception_quotes_is_not_told(capsys: pytest.CaptureFixture[str], form: str) -> None:
    secret = uuid.uuid4().hex
    log.hide(secret.encode())
    log.configure(form=form)
    try:
        try:
            raise KeyError(secret)
        except KeyError as error:
            error.add_note(f"of {base64.b64encode(secret.encode()).decode()}")
            raise ValueError(f"bad header: Bearer {secret}, ghs_aaaaBBBBccccDDDDeeee") from error
    except ValueError:
        log.logger.exception("bug", run="demo")
    text = capsys.readouterr().err
    assert "bad header: Bearer ***" in text
    assert "KeyError" in text
    assert not [each for each in (secret, base64.b64encode(secret.encode()).decode(), "ghs_") if each in text]


def test_what_only_terminals_need_is_not_in_the_memory_of_every_process() -> None:
    code = "import sys, tekton_integrations.cli; print('rich' in sys.modules); import rich; print(rich.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "rich"]
