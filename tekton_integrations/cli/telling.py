"""Stories as text for a terminal of 80 columns, as rows, and as objects for programs."""

import sys
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from tekton_integrations.cli.output import WIDTH, Output, yaml_of
from tekton_integrations.record import rfc3339
from tekton_integrations.story import Facts, Stage, Story, Verdict, stories
from tekton_integrations.text import clean, duration

_OK, _WRONG, _NOTHING = 0, 1, 3
_MARKS = {True: "✓", False: "✗", None: "…"}
_PLAIN = {True: "+", False: "x", None: "."}
_LONGEST = 4096
# What a verdict is called before a report's name is known, and after it.
_CALLED = {
    Verdict.SHOWN: "shown",
    Verdict.GOING_ON: "shown, and the run goes on",
    Verdict.WAITING: "on its way",
    Verdict.STUCK: "not shown, until somebody does something",
    Verdict.FAILED: "not shown: given up",
    Verdict.LEFT_OUT: "not shown",
    Verdict.NOT_ASKED: "not shown",
    Verdict.ELSEWHERE: "shown with another run",
    Verdict.NO_RUN: "no such run",
    Verdict.UNKNOWN: "not known",
    Verdict.SAID: "said by others",
}


def code(found: Sequence[Facts]) -> int:
    """The exit code of the command."""
    told = [story for facts in found for story in stories(facts)]
    if any(story.verdict.bad for story in told):
        return _WRONG
    counted = [story for story in told if story.verdict not in (Verdict.ELSEWHERE, Verdict.SAID)] or told
    return _NOTHING if all(story.verdict.quiet for story in counted) else _OK


def answer(facts: Facts) -> str:
    """Of one run, as a person would tell it."""
    parts = [_head(facts), *("\n".join(_paragraph(story, facts.now)) for story in stories(facts))]
    return "\n\n".join(parts) + "\n"


def rows(found: Sequence[Facts], *, head: bool) -> list[str]:
    """A line or more for each run: its reports, and what is to be said of the worst of them."""
    shown = [f"{'RUN':<28} {'STATE':<15} REPORTS\n"] if head else []
    return [*shown, *("".join(f"{line}\n" for line in _row(facts)) for facts in found)] or ["No runs.\n"]


def open_reports(found: Sequence[Facts]) -> str:
    """A line for each report that is not at its end."""
    told = [story for facts in found for story in stories(facts) if not story.verdict.final]
    return "".join(
        f"{clean(story.run, _LONGEST)}: {_first(story)}: {clean(story.sentence, _LONGEST)}\n" for story in told
    )


def objects(found: Sequence[Facts], output: Output) -> str:
    """For programs; times are RFC 3339."""
    value = {"runs": [_object(facts) for facts in found]}
    if output is Output.YAML:
        return yaml_of(value)
    return msgspec.json.format(msgspec.json.encode(value)).decode() + "\n"


def _head(facts: Facts) -> str:
    where = f"{facts.kind} {facts.name} in namespace {facts.namespace}"
    if facts.run is None:
        return _filled(f"{where}: not there{', but this is left of it' if facts.records else ''}")
    said = f" ({clean(facts.run.reason, 60)})" if facts.run.reason not in ("", facts.run.state) else ""
    return _filled(f"{where}: {facts.run.state}{said}")


def _paragraph(story: Story, now: float) -> Iterator[str]:
    yield _filled(_first(story))
    yield _filled(sentence(story.sentence), "  ")
    if story.fix:
        yield _filled(f"What to do: {story.fix}", "  ")
    if story.url:
        yield f"  {clean(story.url, _LONGEST)}"
    for step in story.steps:
        more = f", {duration(story.until - now)} more" if step.stage is Stage.WAITS and story.until else ""
        yield _filled(f"{step.text}{more}", f"    {_mark(step.done)} ", "      ")


def _first(story: Story) -> str:
    who = story.integration or (f"Notification {story.notification}" if story.notification else "")
    reason = f" ({story.reason})" if story.verdict not in (Verdict.SHOWN, Verdict.GOING_ON, Verdict.SAID) else ""
    return f"{who}: {_CALLED[story.verdict]}{reason}" if who else f"{_CALLED[story.verdict]}{reason}"


def sentence(words: str) -> str:
    """As it is written, with a full stop."""
    return words if words.endswith((".", "…", "!", "?")) else f"{words}."


def _mark(done: bool | None) -> str:
    utf = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    return (_MARKS if utf else _PLAIN)[done]


def _row(facts: Facts) -> Iterator[str]:
    told = stories(facts)
    asked = [story for story in told if story.integration and story.verdict is not Verdict.SAID]
    reports = ", ".join(f"{story.integration}: {story.verdict}" for story in asked)
    state = facts.run.state if facts.run else "gone"
    name = facts.name if facts.kind == "PipelineRun" else f"{facts.kind} {facts.name}"
    yield f"{clean(name, _LONGEST):<28} {state:<15} {reports or told[0].verdict}"
    for story in (each for each in told if each.verdict.bad):
        yield _filled(sentence(story.sentence), "    ")


def _filled(text: str, first: str = "", then: str = "") -> str:
    """One paragraph, whatever stands in it: texts of others can't draw on the terminal."""
    return textwrap.fill(
        clean(text, _LONGEST),
        WIDTH,
        initial_indent=first,
        subsequent_indent=then or first,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _object(facts: Facts) -> dict[str, Any]:
    told: list[dict[str, Any]] = [msgspec.to_builtins(story) for story in stories(facts)]
    for story in told:
        story |= {key: rfc3339(story[key]) for key in ("since", "until") if story[key] is not None}
    return {
        "namespace": facts.namespace,
        "kind": facts.kind,
        "name": facts.name,
        "state": str(facts.run.state) if facts.run else None,
        "stories": told,
        "unread": [msgspec.to_builtins(each) for each in facts.unread],
    }
