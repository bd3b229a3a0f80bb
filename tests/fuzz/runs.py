"""Runs by Tekton's schema, and beyond it; and annotations as users may write them."""

import json
from typing import Any

from hypothesis import strategies as st

from tekton_integrations import registry
from tekton_integrations.options import _fields
from tekton_integrations.testing.corpus import CORPUS
from tests.fuzz.shapes import ANYTHING, NUMBERS, TIMES, WORDS, fields, nearly

INSTALLED = ("github", "slack", "webhook", "cloudevent")
INTEGRATIONS = {each.name: each for each in registry.load(list(INSTALLED))}
_URLS = st.sampled_from(
    [
        "https://tektoncd.slack.com",
        "https://hooks.example.com/a",
        "http://127.0.0.1/",
        "http://[::1]:99999/",
        "https://user:secret@example.com/",
        "https://ex\u0430mple.com/\u202e",
        "https://" + "a." * 300 + "com",
        "file:///etc/passwd",
        "https://example.com/?" + "a=b&" * 500,
        "//x",
        "https://xn--/",
        "https://example.com:0443/%zz/../..",
    ]
)
_COMMON = st.sampled_from(
    ["acme", "api", "3f786850e387550fdab836ed7e6dc881de23001b", "true", "v1", "builds", "a,b", "17", "/"]
)
# The API server takes no others: https://kubernetes.io/docs/concepts/overview/working-with-objects/annotations/
KEYS = st.from_regex(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?", fullmatch=True)
VALUES = st.one_of(_COMMON, _URLS, WORDS, st.sampled_from(list(CORPUS.values())), NUMBERS.map(str))


def _keys(name: str) -> st.SearchStrategy[str]:
    known = [*_fields(INTEGRATIONS[name].Options), "provider", "version", "suspend", "report-at"]
    return st.one_of(st.sampled_from(known), KEYS)


@st.composite
def asked(draw: st.DrawFn, name: str) -> dict[str, str]:
    """What one integration is asked for; what it needs is there most of the time."""
    required = [key for key, field in _fields(INTEGRATIONS[name].Options).items() if field.required]
    given = {key: draw(VALUES) for key in required if draw(st.integers(0, 9))}
    return given | draw(st.dictionaries(_keys(name), VALUES, max_size=4))


@st.composite
def annotations(draw: st.DrawFn) -> dict[str, str]:
    found: dict[str, str] = draw(st.dictionaries(KEYS, WORDS, max_size=2))
    for name in draw(st.sets(st.sampled_from([*INSTALLED, "nobody"]), max_size=3)):
        values = draw(asked(name) if name in INTEGRATIONS else st.dictionaries(KEYS, VALUES, max_size=2))
        found |= {f"{name}.integrations.tekton.dev/{key}": value for key, value in values.items()}
    return found


_CONDITION = fields(
    type=st.sampled_from(["Succeeded", "Succeeded", "Other"]),
    status=st.sampled_from(["True", "False", "Unknown", "Perhaps"]),
    reason=st.one_of(
        st.sampled_from(["Running", "Failed", "Cancelled", "PipelineRunTimeout", "CouldntGetTask"]), WORDS
    ),
    message=st.one_of(WORDS, st.just("x" * 200_000)),
    lastTransitionTime=TIMES,
)
_STEP = fields(
    name=WORDS,
    container=WORDS,
    terminationReason=WORDS,
    running=fields(startedAt=TIMES),
    terminated=fields(exitCode=NUMBERS, reason=WORDS, startedAt=TIMES, finishedAt=TIMES, message=WORDS),
)
_CHILD = fields(name=WORDS, kind=st.sampled_from(["TaskRun", "CustomRun", "Pod"]), pipelineTaskName=WORDS)
_REF = fields(name=WORDS, resolver=WORDS, bundle=WORDS, params=st.lists(fields(name=WORDS, value=ANYTHING), max_size=2))
_SPEC = fields(
    pipelineRef=_REF, taskRef=_REF, customRef=_REF, params=st.lists(fields(name=WORDS, value=ANYTHING), max_size=2)
)
_STATUS = fields(
    conditions=st.lists(_CONDITION, max_size=2),
    startTime=TIMES,
    completionTime=TIMES,
    podName=WORDS,
    steps=st.lists(_STEP, max_size=3),
    childReferences=st.one_of(
        st.lists(_CHILD, max_size=3), st.lists(_CHILD, min_size=1, max_size=1).map(lambda x: x * 500)
    ),
    retriesStatus=st.lists(fields(startTime=TIMES, completionTime=TIMES), max_size=3),
    skippedTasks=st.lists(fields(name=WORDS, reason=WORDS), max_size=3),
    results=ANYTHING,
)
_KINDS = st.sampled_from(
    [("tekton.dev/v1", "PipelineRun"), ("tekton.dev/v1", "TaskRun"), ("tekton.dev/v1beta1", "CustomRun"), ("v1", "Pod")]
)


@st.composite
def objects(draw: st.DrawFn) -> dict[str, Any]:
    """One that an API server may give: name, uid, resourceVersion and creation are its own."""
    version, kind = draw(_KINDS)
    extra = draw(
        fields(labels=st.dictionaries(WORDS, WORDS, max_size=3), ownerReferences=ANYTHING, managedFields=ANYTHING)
    )
    metadata = {
        **extra,
        "name": draw(st.sampled_from(["build-x7k2p", "a" * 253, "a.b.c"])),
        "namespace": draw(st.sampled_from(["team-a", "a" * 63])),
        "uid": "8a6b",
        "resourceVersion": "7",
        "generation": draw(nearly(st.integers(0, 9))),
        "creationTimestamp": draw(st.sampled_from(["2026-11-21T09:00:00Z", "1970-01-01T00:00:00Z"])),
        "annotations": draw(annotations()),
    }
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": metadata,
        "spec": draw(nearly(_SPEC)),
        "status": draw(nearly(_STATUS)),
    }


def encoded(thing: Any) -> bytes:
    """As JSON. What no JSON can hold (a lone surrogate) is replaced, as the API server does."""
    return json.dumps(thing, ensure_ascii=False).encode("utf-8", "replace")
