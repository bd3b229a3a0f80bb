"""Why nothing is shown where that is no failure: nobody asks, what asks does not count, or a rule leaves it out."""

from collections.abc import Collection, Iterator
from typing import Any

from tekton_integrations import annotations
from tekton_integrations.notices import MATCHES, OPTED_OUT, REASONS
from tekton_integrations.requests import Request
from tekton_integrations.run import Run
from tekton_integrations.story.values import MATCHED, NOT_NOW, SUSPENDED, Facts, Match, Odd, Story, Unread, Verdict
from tekton_integrations.text import clean, count, listed

_ANNOTATE = "Annotate it, or make a Notification: docs/why.md."
_VIEW = "Ask for the ClusterRole view in that namespace; tekton-integrations-view is part of it."
# So many Notifications are told of, one by one.
_NAMED = 8
# What follows "Notification X matches, but ", and what to do.
_OUTCOMES = {
    "EndedBefore": ("the run had ended before the Notification was made", "Start the run again."),
    "TooMany": (
        f"there are too many reports already: {MATCHES} of one run, or as many of one namespace as the controller "
        "allows (--notified)",
        "Narrow the filters of Notifications, or let the controller make more.",
    ),
    "ExpressionFailed": (
        "its expression can't tell for this run, since it names what the run does not have",
        "Ask in spec.filter.expression whether it is there, as in 'x' in params && params['x'] == '1'.",
    ),
    "NoTarget": (
        "its options lead nowhere: the run does not have what they name",
        "Give the run what spec.options names (labels, annotations, parameters), or annotate it.",
    ),
    "InvalidOption": ("an option comes to a value of the wrong form", "Correct spec.options, or what the run says."),
    "ReportedElsewhere": ("another tool reports the run already", "Nothing."),
    "SameTarget": ("another report of the run shows at the same place", "Nothing."),
    SUSPENDED: ("it is suspended (spec.suspend)", "Set spec.suspend to false."),
}


def absent(facts: Facts) -> Story:
    """There is no run of that name, and no record of one; or nobody could tell."""
    if found := _unread(facts, facts.kind):
        return _story(facts, Verdict.UNKNOWN, "Unreadable", f"{found.what} can't be read ({_refusal(found)})", _VIEW)
    said = f"there is no {facts.kind} {facts.name} in namespace {facts.namespace}, and no record of one"
    cure = "Check the name, -n and --kind. A run that was deleted takes with it what was recorded of its end."
    return _story(facts, Verdict.NO_RUN, "NoSuchRun", said, cure)


def unreadable(facts: Facts, request: Request) -> Story:
    """It asks, and the records may not be read."""
    found = _unread(facts, "IntegrationStatuses")
    why = f"{found.what} can't be read ({_refusal(found)})" if found else "its records can't be read"
    missing = found is not None and found.status == 404
    cure = "Install tekton-integrations, whose CRDs are missing: docs/install.md." if missing else _VIEW
    return _story(
        facts,
        Verdict.UNKNOWN,
        "Unreadable",
        f"whether it is shown can't be told: {why}",
        cure,
        integration=request.integration,
    )


def elsewhere(facts: Facts) -> Story:
    """Of a run that another one answers for."""
    parent = facts.parent
    assert parent is not None
    said = f"{facts.kind} {facts.name} belongs to {parent.kind} {parent.name}, whose reports show it"
    return _story(facts, Verdict.ELSEWHERE, "PartOfAnother", said, "")


def left_out(facts: Facts, told: Collection[str]) -> Iterator[Story]:
    """What the run itself silences, and Notifications that are about it and don't report it. `told`: the Notifications
    of which there is a story already."""
    if facts.run is not None:
        yield from _silenced(facts, facts.run)
    silent = [
        match
        for match in facts.matches or ()
        if match.outcome not in (MATCHED, NOT_NOW) and match.notification not in told
    ]
    yield from (_of_match(facts, match) for match in silent[:_NAMED])
    if more := len(silent) - _NAMED if len(silent) > _NAMED else 0:
        said = f"{count(more, 'more Notification')} of such runs, too, come to no report"
        yield _story(facts, Verdict.LEFT_OUT, "More", said, "As above.")


def nothing_asks(facts: Facts) -> Story:
    """Of a run that is there."""
    if facts.odd:
        return _mistaken(facts, facts.odd[0])
    if facts.below:
        kind, name = facts.below[0]
        others = f" and {len(facts.below) - 1} more" if len(facts.below) > 1 else ""
        said = f"the run itself asks for nothing, but its {kind} {name}{others} does and is reported on its own"
        return _story(
            facts,
            Verdict.NOT_ASKED,
            "AskedBelow",
            said,
            f"Ask about that one: why {name} --kind {kind} -n {facts.namespace}",
        )
    said = "nothing asks for this run to be shown: it has no annotation of an integration"
    if found := _unread(facts, "Notifications"):
        said += f", and {found.what} can't be read ({_refusal(found)})"
        return _story(facts, Verdict.UNKNOWN, "Unreadable", said, f"{_ANNOTATE} {_VIEW}")
    waiting = [f"{each.notification} ({each.message})" for each in facts.matches or () if each.outcome == NOT_NOW]
    said += f", and it is not what Notification {listed(waiting, 3)} waits for" if waiting else ""
    return _story(
        facts,
        Verdict.NOT_ASKED,
        "NotAsked",
        f"{said}{'' if waiting else ', and no Notification matches it'}",
        _ANNOTATE,
    )


def _silenced(facts: Facts, run: Run) -> Iterator[Story]:
    if run.parent:
        return
    all_of_them = run.annotations.get(annotations.SUSPEND_ALL) == "true"
    asked = annotations.by_integration({**run.annotations, **dict.fromkeys(run.ignored, "")})
    told = {match.integration for match in facts.matches or () if match.outcome == OPTED_OUT}
    names = {name for name in asked if annotations.suspended(run.annotations, name)}
    for name in sorted(names - told) or ([""] if all_of_them and not told else []):
        key = annotations.SUSPEND_ALL if all_of_them else annotations.annotation(name, annotations.SUSPEND)
        said = f'the run wants no reports{f" by {name}" if name else ""}: it says {key}: "true"'
        yield _story(facts, Verdict.LEFT_OUT, OPTED_OUT, said, "Remove the annotation.", integration=name)


def _of_match(facts: Facts, match: Match) -> Story:
    why, cure = _OUTCOMES.get(match.outcome, ("", ""))
    if match.outcome == OPTED_OUT:
        why = f'the run opts out: it says {match.message}: "true"'
        cure = "Remove the annotation; or, as the administrator, set spec.allowOptOut to false."
    said = f"Notification {match.notification} matches, but {why}"
    if not why:
        assert match.outcome not in REASONS
        said, cure = f"Notification {match.notification} is not in order: {match.message}", "As it says."
    verdict = Verdict.LEFT_OUT
    return _story(
        facts, verdict, match.outcome, said, cure, integration=match.integration, notification=match.notification
    )


def _mistaken(facts: Facts, odd: Odd) -> Story:
    key = clean(odd.key)
    if odd.meant:
        said = f"{key}, {odd.place}, is none of ours: those begin with a name and .{annotations.DOMAIN}/"
        return _story(facts, Verdict.NOT_ASKED, "Misspelt", said, f"Write {clean(odd.meant)}.")
    said = f"{key} stands {odd.place}, where it does not count: what asks is an annotation of the run itself"
    return _story(facts, Verdict.NOT_ASKED, "Misplaced", said, f"Put it into metadata.annotations of the {facts.kind}.")


def _unread(facts: Facts, what: str) -> Unread | None:
    return next((each for each in facts.unread if each.what.startswith(what)), None)


def _refusal(found: Unread) -> str:
    return (
        f"{found.status}: {clean(found.message, 300)}" if found.status else f"not reached: {clean(found.message, 300)}"
    )


def _story(facts: Facts, verdict: Verdict, reason: str, sentence: str, fix: str, **whose: Any) -> Story:
    """`whose`: integration and notification."""
    return Story(
        namespace=facts.namespace,
        kind=facts.kind,
        run=facts.name,
        verdict=verdict,
        reason=reason,
        sentence=sentence,
        fix="" if fix == "Nothing." else fix,
        **whose,
    )
