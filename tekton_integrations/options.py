"""Turns what a run asks into an integration's typed options, or into an error that names the annotation to mend."""

import difflib
from functools import cache
from typing import Any

import msgspec

from tekton_integrations import annotations
from tekton_integrations.errors import MissingAnnotation, PermanentError
from tekton_integrations.integration import Integration
from tekton_integrations.requests import Asked


def parse(integration: type[Integration] | Integration, asked: Asked) -> Any:
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
    fields = _fields(integration.Options)
    values = {key: value for key, value in asked.options.items() if key not in annotations.RESERVED}
    _refuse_unknown(name, values, fields)
    return integration.Options(
        **{field.name: _value(name, field, values, asked) for field in fields.values() if _given(field, values)}
    )


@cache
def _fields(options: type[msgspec.Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    return {field.encode_name: field for field in msgspec.structs.fields(options)}


def _refuse_unknown(name: str, values: dict[str, str], fields: dict[str, Any]) -> None:
    for key in values:
        if key not in fields:
            close = difflib.get_close_matches(key, fields, 1)
            known = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(fields)}"
            # The key is the user's own text, but it is cut: an Event must stay readable.
            raise PermanentError("UnknownAnnotation", f"{annotations.annotation(name, key[:63])} is not known; {known}")


def _given(field: msgspec.structs.FieldInfo, values: dict[str, str]) -> bool:
    return field.required or field.encode_name in values


def _value(name: str, field: msgspec.structs.FieldInfo, values: dict[str, str], asked: Asked) -> Any:
    where = annotations.annotation(name, field.encode_name)
    if field.encode_name not in values:
        if where.partition("/")[2] in asked.ignored:
            raise PermanentError(
                "InheritedAnnotationIgnored",
                f"{where} came with a remotely resolved Pipeline and does not count; set it on the run itself",
            )
        raise MissingAnnotation(f"{where} is missing; it says {description(field)}")
    try:
        return msgspec.convert(values[field.encode_name], field.type, strict=False)
    except msgspec.ValidationError as error:
        raise PermanentError("InvalidAnnotation", f"{where} must be {description(field)}") from error


def description(field: msgspec.structs.FieldInfo) -> str:
    """What an option says, from its Meta; the source of the messages above and of each README's table."""
    meta = getattr(field.type, "__metadata__", ())
    return next((m.description for m in meta if getattr(m, "description", None)), field.encode_name)
