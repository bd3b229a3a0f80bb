"""Whose runs are looked at, and that what they say themselves wins."""

from collections.abc import Mapping
from typing import Any, ClassVar

from msgspec.structs import replace

from tekton_integrations import Found, Source
from tekton_integrations.inference import Inference
from tekton_integrations.plan import due_digest, plan
from tekton_integrations.record import Record, RunRef
from tekton_integrations.requests import Asked, asked, sourced
from tekton_integrations.run import Inferred
from tests.runs import make_run
from tests.toy import Slack

CHANNEL = "slack.integrations.tekton.dev/channel"
LINES = "slack.integrations.tekton.dev/max-lines"


class Curious(Slack):
    """Takes the channel from a label, and is asked for by another one."""

    inferable: ClassVar[Mapping[str, str]] = {"channel": "the label channel"}
    infers = True

    def infer(self, source: Source) -> Mapping[str, Found]:
        return {"channel": Found(source.labels["channel"], "label channel")} if "channel" in source.labels else {}

    def is_asked(self, source: Source) -> bool:
        return "old-tool" in source.labels


class Paper:
    """What a run's creator wrote, with what Tekton copied on top. Counts how often that had to be told apart."""

    def __init__(self, *, own: dict[str, str], copied: dict[str, str] | None = None) -> None:
        self.rough = Source(kind="PipelineRun", labels=own | (copied or {}))
        self._exact = Source(kind="PipelineRun", labels=own)
        self.looks = 0

    @property
    def exact(self) -> Source:
        self.looks += 1
        return self._exact


INFERENCE = Inference([Curious()])
FOUND = (Inferred("slack", "channel", "C7", "label channel"),)


def test_what_a_run_that_asks_leaves_out_is_found() -> None:
    assert INFERENCE(Paper(own={"channel": "C7"}), {LINES: "3"}) == FOUND


def test_what_a_run_says_itself_wins() -> None:
    assert INFERENCE(Paper(own={"channel": "C7"}), {CHANNEL: "C1"}) == ()


def test_a_run_that_does_not_ask_is_not_looked_at() -> None:
    paper = Paper(own={"channel": "C7"})
    assert INFERENCE(paper, {}) == ()
    assert INFERENCE(paper, {"github.integrations.tekton.dev/owner": "acme"}) == ()
    assert paper.looks == 0


def test_what_was_said_to_an_older_tool_asks_too() -> None:
    assert INFERENCE(Paper(own={"channel": "C7", "old-tool": "yes"}), {}) == FOUND


def test_what_tekton_copied_does_not_ask() -> None:
    assert INFERENCE(Paper(own={"channel": "C7"}, copied={"old-tool": "yes"}), {}) == ()


def test_what_tekton_copied_is_not_found() -> None:
    assert INFERENCE(Paper(own={}, copied={"channel": "C7"}), {LINES: "3"}) == ()


def test_only_who_was_told_to_infer_does() -> None:
    silent = Curious()
    silent.infers = False
    assert not Inference([silent])
    assert Inference([silent])(Paper(own={"channel": "C7"}), {LINES: "3"}) == ()


def test_what_was_inferred_is_asked_for_and_says_where_it_came_from() -> None:
    run = make_run(annotations={LINES: "3"}, inferred=FOUND)
    wanted = asked(run)["slack"]
    assert wanted == Asked({"channel": "C7", "max-lines": "3"}, (), {"channel": "label channel"})
    todo = plan(Curious(), run, wanted)
    assert (todo.options.channel, todo.sources) == ("C7", {"channel": "label channel"})


def test_a_run_that_only_an_older_tool_was_told_about_asks() -> None:
    run = make_run(inferred=FOUND)
    assert run.asks
    assert asked(run)["slack"].options == {"channel": "C7"}
    assert asked(replace(run, parent="uid-of-its-parent")) == {}


def test_a_record_says_where_options_came_from_and_forgets_it_when_they_are_written_out() -> None:
    run_ref = RunRef(api_version="tekton.dev/v1", kind="PipelineRun", name="a", uid="u")
    record = Record(namespace="n", name="a-slack-1", run=run_ref, integration="slack")
    told = sourced(record, asked(make_run(inferred=FOUND))["slack"])
    assert told.sources == {"channel": "label channel"}
    assert sourced(told, asked(make_run(annotations={CHANNEL: "C7"}))["slack"]).sources == {}


def test_a_report_is_made_anew_only_if_values_come_from_elsewhere() -> None:
    def digest(**changes: Any) -> str:
        run = make_run(**changes)
        return due_digest(Curious(), run, asked(run)["slack"])[1]

    written, inferred = digest(annotations={CHANNEL: "C7"}), digest(inferred=FOUND)
    assert written == digest(annotations={CHANNEL: "C7"}, inferred=FOUND)
    assert inferred == digest(inferred=FOUND)
    assert written != inferred
