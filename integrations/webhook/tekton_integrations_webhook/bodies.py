"""Bodies that users write: a template with Tekton's `$(…)`, whose values are escaped as the body's type needs. Pure."""

import re
from collections.abc import Callable, Mapping
from urllib.parse import quote_plus

import msgspec

from tekton_integrations import PermanentError
from tekton_integrations.template import TemplateError, render

# Bytes and more that a body may have: what stands in for a variable may be long, and may stand there often.
LIMIT = 64 * 1024
VARIABLES = (
    "id",
    "type",
    "timestamp",
    "milestone",
    "sequence",
    "kind",
    "namespace",
    "name",
    "uid",
    "pipeline",
    "state",
    "reason",
    "message",
    "title",
    "created",
    "started",
    "finished",
    "url",
)
# Of the run; empty where it has none of this name (any more, or yet).
OPEN = ("params.", "results.")
_FORM = "application/x-www-form-urlencoded"
_JSON = re.compile(r"\A(application/json|[a-z]+/[a-z0-9.-]+\+json)(;|\Z)")
# What stands in for each before there is a run. A parameter may be a number, which JSON has without quotes.
_SAMPLES = {**dict.fromkeys(VARIABLES, "x"), "sequence": "1"}


class Values(dict[str, str]):
    """Those of VARIABLES, and any of OPEN, be it that it is `absent`."""

    absent = ""

    def __missing__(self, name: str) -> str:
        if name.startswith(OPEN):
            return self.absent
        raise KeyError(name)


class _Samples(Values):
    absent = "1"


def filled(template: str, content_type: str, values: Mapping[str, str]) -> bytes:
    """Raises PermanentError(InvalidAnnotation) that says what is wrong with the template."""
    escape = _escape(content_type)
    return _filled(template, content_type, Values({name: escape(value) for name, value in values.items()}))


def _filled(template: str, content_type: str, values: Values) -> bytes:
    try:
        text = render(template, values, LIMIT)
    except TemplateError as error:
        raise _wrong(str(error)) from error
    if _JSON.match(content_type) and not _is_json(text):
        raise _wrong("what the template becomes is no JSON; put variables between double quotes")
    return text.encode()


def check(template: str, content_type: str) -> None:
    """As early as the annotation is read, and not only when there is something to say."""
    _filled(template, content_type, _Samples(_SAMPLES))


def mentions(template: str, prefix: str) -> bool:
    return f"$({prefix}" in template


def of_run(manifest: Mapping[str, object] | None) -> dict[str, str]:
    """The parameters and results of a run as the API server has it; what is no string as JSON."""
    whole = msgspec.convert(manifest or {}, _Manifest)
    found = {f"params.{each.name}": each.value for each in whole.spec.params or ()}
    found |= {f"results.{each.name}": each.value for each in whole.status.results or ()}
    return {name: value if isinstance(value, str) else _encoded(value) for name, value in found.items()}


class _Named(msgspec.Struct):
    name: str
    value: object = ""


class _Spec(msgspec.Struct):
    params: list[_Named] | None = None


class _Status(msgspec.Struct):
    results: list[_Named] | None = None


class _Manifest(msgspec.Struct):
    spec: _Spec = msgspec.field(default_factory=_Spec)
    status: _Status = msgspec.field(default_factory=_Status)


def _escape(content_type: str) -> Callable[[str], str]:
    if _JSON.match(content_type):
        return lambda value: _encoded(value)[1:-1]
    return quote_plus if content_type.startswith(_FORM) else str


def _encoded(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except msgspec.DecodeError:
        return False
    return True


def _wrong(what: str) -> PermanentError:
    return PermanentError("InvalidAnnotation", f"webhook.integrations.tekton.dev/template: {what}")
