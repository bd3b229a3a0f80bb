"""Checks a JSON body against a table of fields, and words the problems as GitHub does."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tests.fakes.github.clock import seconds

Fields = Mapping[str, "Field"]
KINDS: dict[str, type] = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}


@dataclass(frozen=True, kw_only=True)
class Field:
    kind: str = "string"
    required: bool = False
    choices: tuple[str, ...] = ()
    longest: int | None = None  # characters of a string, items of an array
    fields: Fields = field(default_factory=dict)  # of an object, or of each item of an array
    moment: bool = False


def problems(body: Mapping[str, object], fields: Fields, where: str = "properties") -> Iterator[str]:
    missing = [name for name, rule in fields.items() if rule.required and name not in body]
    if missing:
        verb = "wasn't" if len(missing) == 1 else "weren't"
        yield f"{', '.join(json.dumps(name) for name in missing)} {verb} supplied."
    for name, rule in fields.items():
        if name in body:
            yield from _value(body[name], rule, f"{where}/{name}")


def _value(value: object, rule: Field, where: str) -> Iterator[str]:
    if not isinstance(value, KINDS[rule.kind]) or (isinstance(value, bool) and rule.kind != "boolean"):
        shown = "nil" if value is None else json.dumps(value)[:80]
        article = "an" if rule.kind[0] in "aio" else "a"
        yield f"For '{where}', {shown} is not {article} {rule.kind}."
    elif rule.choices and value not in rule.choices:
        yield f"{value} is not a member of {json.dumps(list(rule.choices))}."
    elif isinstance(value, str):
        yield from _text(value, rule, where)
    elif isinstance(value, dict):
        yield from problems(value, rule.fields, f"{where}/properties")
    elif isinstance(value, list):
        if rule.longest is not None and len(value) > rule.longest:
            yield f"No more than {rule.longest} items are allowed; {len(value)} were supplied."
        inner = Field(kind="object", fields=rule.fields) if rule.fields else Field()
        for item in value:
            yield from _value(item, inner, f"{where}/items")


def _text(value: str, rule: Field, where: str) -> Iterator[str]:
    if rule.longest is not None and len(value) > rule.longest:
        yield f"Only {rule.longest} characters are allowed; {len(value)} were supplied."
    if rule.moment:
        try:
            seconds(value)
        except ValueError:
            yield f"For '{where}', {json.dumps(value)[:80]} is not a date-time."
