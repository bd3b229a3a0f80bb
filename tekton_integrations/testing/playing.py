"""An integration before a service that is well, with runs in each state and runs that say what is hostile; and what it
leaves behind of a run that is gone: what an author can get wrong there, each thing in a sentence that names the cure.
"""

from collections.abc import AsyncIterator, Iterator

import msgspec

from tekton_integrations.errors import IntegrationError
from tekton_integrations.integration import Result
from tekton_integrations.run import Excerpt, State, Step
from tekton_integrations.testing.ailing import (
    PASSING,
    REFUSALS,
    answering,
    cut,
    damaged,
    failure,
    nonsense,
    one_line,
    refused,
)
from tekton_integrations.testing.casting import CANARY, Cast, is_bug, shown
from tekton_integrations.testing.corpus import CORPUS
from tekton_integrations.testing.pure import bug, hostile
from tekton_integrations.testing.stage import Stage
from tekton_integrations.testing.values import make_child, make_run


async def problems(cast: Cast) -> AsyncIterator[str]:
    try:
        cast.stage()
    except msgspec.ValidationError as error:
        yield f"rehearsal gives settings that {cast.kind.name} does not take ({error}); give all that it requires"
        return
    except Exception as error:
        yield bug(f"rehearsal for a Provider of type {cast.kind.name}", error)
        return
    for scene in (_well, _hostile, refused, cut, nonsense, damaged, _gone, _tried):
        async for problem in scene(cast):
            yield problem


async def _well(cast: Cast) -> AsyncIterator[str]:
    integration = cast.made()
    for state in State:
        stage = cast.stage(integration=integration)
        found = await shown(stage, make_run(state))
        what = f"{cast.who}, of a run that is {state},"
        if isinstance(found, IntegrationError):
            yield f"{what} failed before a service that is well: {found}; let rehearsal answer as the service would"
        elif isinstance(found, Exception):
            yield bug(what, found)
        else:
            for problem in _accepted(stage, found, final=state.final):
                yield f"{what} {problem}"


def _accepted(stage: Stage, result: Result, *, final: bool) -> Iterator[str]:
    if final and not stage.calls:
        yield "called nobody; a run's end is to be shown"
    if stage.calls and not stage.quotas:
        yield "asked no quota; `context.quota(scope, limits).take(cost)` before a call keeps the service's limits"
    if not all(isinstance(part, str) for pair in stage.memory.items() for part in pair):
        yield f"keeps {stage.memory!r}; memory maps strings to strings"
    if not one_line(result.summary):
        yield f"has {result.summary!r} as summary; say in one line what is shown where"
    said = [repr(result), *(f"{call.path} {call.body.decode(errors='replace')}" for call in stage.calls)]
    if any(CANARY in text for text in said):
        yield "tells a Secret in its result, or in the address or body of a call; a credential belongs into a header"
    for call in stage.calls:
        if "json" in call.headers.get("content-type", "") and not _is_json(call.body):
            yield f"says that it sends JSON, and sends {call.body[:80]!r}; make bodies with msgspec.json.encode"


def _is_json(body: bytes) -> bool:
    try:
        msgspec.json.decode(body)
    except msgspec.DecodeError:
        return False
    return True


async def _hostile(cast: Cast) -> AsyncIterator[str]:
    """Of all that hostile texts break, the first."""
    integration = cast.made()
    for which, text in CORPUS.items():
        stage = cast.stage(integration=integration)
        child = make_child(text, State.FAILED, Step(name=text, exit_code=1, reason=text), message=text, name="one")
        stage.children, stage.manifest = [child], {"metadata": {"annotations": {"x": text}}, "spec": {}}
        stage.logs = {child.name: Excerpt(step=text, lines=(text,))}
        found = await shown(stage, hostile(text))
        what = f"{cast.who}, of a run that says {which!r} of testing.CORPUS,"
        wrong = [bug(what, found)] if is_bug(found) else []
        if isinstance(found, Result):
            wrong = [f"{what} {problem}" for problem in _accepted(stage, found, final=True)]
        if wrong:
            yield wrong[0]
            return


async def _gone(cast: Cast) -> AsyncIterator[str]:
    """The run was deleted while it was shown as unfinished."""
    integration = cast.made()
    for status in (None, *REFUSALS):
        stage = cast.stage(integration=integration)
        if isinstance(await shown(stage, make_run()), Exception):
            return  # told above
        if status:
            stage.wire.answer = answering(status)
        before, what = len(stage.calls), f"settle with a Provider of type {cast.kind.name}"
        what += f", whom the service answers {status}," if status else ""
        try:
            await stage.settle()
        except IntegrationError as error:
            for problem in failure(error, cast.made.name, passing=status in PASSING):
                yield f"{what} {problem}"
        except Exception as error:
            yield bug(what, error)
        else:
            if status in PASSING and len(stage.calls) > before:
                yield f"{what} took that for a success; look at the status of each answer"


async def _tried(cast: Cast) -> AsyncIterator[str]:
    for status in (200, *REFUSALS):
        stage = cast.stage(answering(status))
        try:
            await stage.integration.check(stage.context())
        except IntegrationError as error:
            for problem in failure(error, cast.made.name, passing=status in PASSING):
                yield f"check, whom the service answers {status}, {problem}"
        except Exception as error:
            yield bug(f"check, whom the service answers {status},", error)
