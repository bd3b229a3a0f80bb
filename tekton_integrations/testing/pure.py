"""What an author can get wrong in the methods that await nothing, each in a sentence that names the cure."""

import traceback
from collections.abc import Callable, Iterator
from typing import Any

from tekton_integrations.errors import IntegrationError
from tekton_integrations.integration import Delivery, Integration, Source
from tekton_integrations.record import Target
from tekton_integrations.run import Run, Skipped, State
from tekton_integrations.testing.corpus import CORPUS
from tekton_integrations.testing.values import make_run


def hostile(text: str) -> Run:
    """A run that says the text wherever a run can."""
    return make_run(State.FAILED, message=text, reason=text, pipeline=text, skipped=(Skipped(text, text),))


def bug(what: str, error: BaseException) -> str:
    at = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{at.filename.rpartition('/')[2]}:{at.lineno}"
    cure = "raise PermanentError or TemporaryError for what can happen, and mend what should not"
    return f"{what} raised {error!r} ({where}); {cure}"


def problems(integration: Integration, options: Any) -> Iterator[str]:
    """`options` are those of the examples."""
    yield from _target(integration, options)
    yield from _facts(integration, options)
    yield from _texts(integration, options)
    yield from _looking(integration)


def _target(integration: Integration, options: Any) -> Iterator[str]:
    try:
        found = {state: integration.target(make_run(state), options) for state in State}
    except IntegrationError as error:
        yield f"target refuses the examples of the options: {error}; give examples that go together"
        return
    except Exception as error:
        yield bug("target", error)
        return
    first = found[State.QUEUED]
    if not (isinstance(first, Target) and first.resource and first.name):
        yield f"target gave {first!r}; return a Target with a resource and a name, which grants are compared with"
    elif moved := [state for state, each in found.items() if each != first]:
        yield f"target of a run that is {moved[0]} is another than before; a run stays where it is shown"


def _facts(integration: Integration, options: Any) -> Iterator[str]:
    found: dict[str, dict[State, Any]] = {"facts": {}, "progress": {}}
    for name, of_state in found.items():
        for state in State:
            try:
                of_state[state] = getattr(integration, name)(make_run(state), options)
            except Exception as error:
                yield bug(f"{name} of a run that is {state}", error)
                return
            if not (isinstance(of_state[state], tuple) and all(isinstance(each, str) for each in of_state[state])):
                yield f"{name} gave {of_state[state]!r}; return a tuple of strings, of which a digest is made"
                return
    before = found["facts"][State.RUNNING]
    same = [state for state, facts in found["facts"].items() if state.final and facts == before]
    if same and integration.delivery is Delivery.LATEST:
        yield f"facts of a run that is {same[0]} are those of one that goes on, so its end would not be shown"


def _texts(integration: Integration, options: Any) -> Iterator[str]:
    """Of all that hostile texts break, the first."""
    calls: dict[str, Callable[[str], Any]] = {
        "target": lambda text: integration.target(hostile(text), options),
        "facts": lambda text: integration.facts(hostile(text), options),
        "progress": lambda text: integration.progress(hostile(text), options),
        "infer": lambda text: integration.infer(_source(text)),
        "is_asked": lambda text: integration.is_asked(_source(text)),
    }
    for name, call in calls.items():
        for which, text in CORPUS.items():
            try:
                call(text)
            except IntegrationError:
                continue
            except Exception as error:
                yield bug(f"{name} of a run that says {which!r} of testing.CORPUS", error)
                break


def _source(text: str) -> Source:
    said = {"x": text}
    return Source(kind="PipelineRun", labels=said, annotations=said, params=said)


def _looking(integration: Integration) -> Iterator[str]:
    nothing = Source(kind="PipelineRun")
    if found := integration.infer(nothing):
        yield f"infer found {dict(found)!r} in a run that says nothing; leave out what is not certain"
    if integration.is_asked(nothing):
        yield "is_asked takes a run that says nothing for one that asks; say so only of what an older tool is told"
