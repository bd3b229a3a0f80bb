"""Reports that are still to come: what they wait for, and whether anybody is there to make them."""

from msgspec.structs import replace

from tekton_integrations import annotations
from tekton_integrations.requests import Asked, Request, ended_before
from tekton_integrations.story.steps import asks, moment, waits
from tekton_integrations.story.values import Facts, Installed, Step, Story, Verdict

NO_CONTROLLER = "NoController"


def pending(facts: Facts, request: Request, asked: Asked) -> Story:
    """Of what asks and has no record."""
    story = Story(
        namespace=request.namespace,
        kind=request.kind,
        run=request.name,
        verdict=Verdict.WAITING,
        reason="NotYet",
        sentence="no report has been made yet",
        integration=request.integration,
        notification=request.notification or next(iter(asked.notifications), ""),
        steps=tuple(asks(asked, facts)),
    )
    found = installed(request.integration, facts)
    run = facts.run
    if run is not None and found is not None and ended_before(run, found.name, found.since, facts.now):
        return replace(
            story,
            verdict=Verdict.LEFT_OUT,
            reason="EndedBeforeInstall",
            sentence=f"the run had ended before {found.name} was installed here, at {moment(found.since)}; such runs "
            "are not reported",
            fix=f"Have it reported all the same: report {request.name} -n {request.namespace}",
        )
    if run is not None and run.unresolved:
        story = replace(story, sentence="no report has been made yet: Tekton has still to look up the run's Pipeline")
    else:
        story = _blocked(story, facts, asked.options.get(annotations.PROVIDER, ""))
    return idle(story, facts)


def idle(story: Story, facts: Facts) -> Story:
    """The story, and that nobody works on it, if that is so. What it says stays: it is the record's word."""
    if facts.installed is None:
        return story
    found = installed(story.integration, facts)
    if found is not None and found.working is not False:
        return story
    if any(each.working for each in facts.installed) and found is None:
        return story  # the controller will say that it is not installed
    why = found.says if found else f"no controller has ever worked here: namespace {facts.shared} has no Integrations"
    fix = f"Start the controller ({why}): kubectl -n {facts.shared} get deployment,pods"
    said = story if story.reason != "NotYet" else replace(story, sentence=f"no controller works on it: {why}")
    reason = NO_CONTROLLER if said is not story else story.reason
    return replace(said, verdict=Verdict.STUCK, reason=reason, fix=fix)


def installed(name: str, facts: Facts) -> Installed | None:
    return next((each for each in facts.installed or () if each.name == name), None)


def _blocked(story: Story, facts: Facts, name: str) -> Story:
    """What waits for a service is not always told in a record, where many wait. `name`: of the Provider, if the run
    names one."""
    used = [each for each in facts.providers or () if name in ("", each.name)]
    blocked = [
        (scope.blocked_until, used[0].path, scope.scope)
        for scope in (used[0].allowances if len(used) == 1 else ())
        if scope.blocked_until and scope.blocked_until > facts.now
    ]
    if not blocked:
        return story
    until, path, scope = max(blocked)
    step: Step = waits(until, facts.now)
    said = f"no report has been made yet: calls of Provider {path} for {scope} wait until {moment(until)}"
    return replace(
        story,
        reason="Throttled",
        sentence=said,
        fix="Nothing: it goes on by itself.",
        until=until,
        steps=(*story.steps, step),
    )
