"""Turns what a run asks into an integration's typed options, or into an error that names the annotation to mend."""

import difflib
from collections.abc import Collection, Mapping
from contextlib import suppress
from functools import cache
from typing import Any, Literal, get_args, get_origin

import msgspec

from tekton_integrations import annotations
from tekton_integrations.errors import MissingAnnotation, PermanentError
from tekton_integrations.integration import Integration
from tekton_integrations.requests import Asked, inherited

_Integration = type[Integration] | Integration


def parse(integration: _Integration, asked: Asked) -> Any:
    """The Options. Raises PermanentError(InvalidAnnotation | MissingAnnotation | …)."""
    name = integration.name
    if key := annotations.too_long(asked.options):
        which = "the annotations together" if key == "*" else annotations.annotation(name, key)
        limit = annotations.MAX_TOTAL if key == "*" else annotations.MAX_VALUE
        raise PermanentError("AnnotationTooLong", f"{which}: at most {limit} characters are read; shorten it")
    version = asked.options.get(annotations.VERSION, integration.versions[-1])
    if version not in integration.versions:
        raise PermanentError(
            "UnsupportedVersion",
            f"{annotations.annotation(name, annotations.VERSION)}: this integration understands "
            f"{', '.join(integration.versions)}; use one of these or upgrade the integration",
        )
    if annotations.SUSPEND in asked.options:
        where = annotations.annotation(name, annotations.SUSPEND)
        raise PermanentError("InvalidAnnotation", f"{where} must be true or false")
    fields = _fields(integration.Options)
    values = {key: value for key, value in asked.options.items() if key not in annotations.RESERVED}
    _refuse_unknown(name, values, fields)
    with suppress(msgspec.ValidationError):  # what is wrong, and where, is found one by one
        return msgspec.convert(values, integration.Options, strict=False)
    return integration.Options(
        **{field.name: _value(integration, field, values, asked) for field in fields.values() if _given(field, values)}
    )


def problem(integration: _Integration, options: Mapping[str, str], *, constant: Collection[str]) -> str:
    """What is wrong with the options of a Notification; empty for nothing. `constant`: those whose values are known."""
    fields = _fields(integration.Options)
    for key, value in options.items():
        if key not in fields:
            return f"spec.options.{key[:63]} is not known to {integration.name}; {_known(key, fields)}"
        if key not in constant:
            continue
        try:
            msgspec.convert(value, fields[key].type, strict=False)
        except msgspec.ValidationError:
            return f"spec.options.{key} must be {_rule(fields[key])}"
    return ""


def refusal(integration: _Integration, options: Mapping[str, str]) -> str:
    """What the integration says against known options of a Notification taken together; empty for nothing. Those that
    must be there may still come from annotations: an example stands in for each, and nothing is said without one."""
    fields = _fields(integration.Options).items()
    missing = {key: _example(field) for key, field in fields if field.required and key not in options}
    if not all(missing.values()):
        return ""
    try:
        parse(integration, Asked({**missing, **options}, ()))
    except PermanentError as error:
        return "" if error.reason == "MissingAnnotation" else error.message
    return ""


def required(integration: _Integration) -> frozenset[str]:
    """The options that must be there."""
    return frozenset(key for key, field in _fields(integration.Options).items() if field.required)


@cache
def _fields(options: type[msgspec.Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    return {field.encode_name: field for field in msgspec.structs.fields(options)}


def _refuse_unknown(name: str, values: dict[str, str], fields: dict[str, Any]) -> None:
    for key in values:
        if key not in fields:
            # The key is the user's own text, but it is cut: an Event must stay readable.
            raise PermanentError(
                "UnknownAnnotation", f"{annotations.annotation(name, key[:63])} is not known; {_known(key, fields)}"
            )


def _known(key: str, fields: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(key, fields, 1)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(fields)}"


def _given(field: msgspec.structs.FieldInfo, values: dict[str, str]) -> bool:
    return field.required or field.encode_name in values


def _value(integration: _Integration, field: msgspec.structs.FieldInfo, values: dict[str, str], asked: Asked) -> Any:
    where = annotations.annotation(integration.name, field.encode_name)
    if field.encode_name not in values:
        if where.partition("/")[2] in asked.ignored:
            raise inherited(integration.name, field.encode_name)
        looked = integration.inferable.get(field.encode_name) if integration.infers else None
        also = f". It was not found either in {looked}" if looked else ""
        raise MissingAnnotation(f"{where} is missing; it says {description(field)}{also}")
    try:
        return msgspec.convert(values[field.encode_name], field.type, strict=False)
    except msgspec.ValidationError as error:
        raise PermanentError("InvalidAnnotation", f"{where} must be {_rule(field)}") from error


def _rule(field: msgspec.structs.FieldInfo) -> str:
    """What a value must be, for one that is not."""
    plain = getattr(field.type, "__origin__", field.type)
    if get_origin(plain) is Literal:
        return f"one of {', '.join(get_args(plain))}"
    return "true or false" if plain is bool else description(field)


def _example(field: msgspec.structs.FieldInfo) -> str:
    meta = getattr(field.type, "__metadata__", ())
    return next((str(m.examples[0]) for m in meta if getattr(m, "examples", None)), "")


def description(field: msgspec.structs.FieldInfo) -> str:
    """What an option says, from its Meta; the source of the messages above and of each README's table."""
    meta = getattr(field.type, "__metadata__", ())
    return next((m.description for m in meta if getattr(m, "description", None)), field.encode_name)
