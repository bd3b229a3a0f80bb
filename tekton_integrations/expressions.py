"""Conditions that users write in CEL (https://cel.dev), behind an interface of our own.

Anybody who may make a Notification writes them, and each runs at each change of a run. So what can make much out of
little (concatenation, regular expressions, `map`, `filter`, loops within loops) is not there, and what an expression
sees is cut (docs/decisions/0023).
"""

import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import Any

MAX_LENGTH = 512
# Of one that goes through a map or a list, since each step may cost as much as the rest is long.
MAX_LOOP = 160
# Of what an expression sees: characters of a string, entries of a map.
MAX_STRING = 256
MAX_ENTRIES = 32
# `namespace` is a reserved word: https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax
STRINGS = ("kind", "ns", "name", "pipeline", "state", "reason")
MAPS = ("labels", "annotations", "params", "results")

# Wherever it stands, be it in a string or after a comment: what is in doubt is refused.
_LOOP = re.compile(r"\b(all|exists|exists_one|filter)\b")

Facts = Mapping[str, str | Mapping[str, str]]
Condition = Callable[[Facts], bool]


class ExpressionError(ValueError):
    """Says what is wrong with an expression, or that it can't be evaluated for some run."""


@lru_cache(maxsize=4096)
def compiled(source: str) -> Condition:
    """Gives a function that tells whether the expression holds, and raises ExpressionError where it can't be told.

    Raises ExpressionError for one that is no condition, or could cost too much.
    """
    if len(source) > MAX_LENGTH:
        raise ExpressionError(f"it has {len(source)} characters; at most {MAX_LENGTH} are allowed")
    if loops := len(_LOOP.findall(source)):
        _refuse_long(loops, len(source))
    environment, is_bool = _environment()
    try:
        program = environment.compile(source)
    except Exception as error:  # the package has no exceptions of its own
        raise ExpressionError(
            f"{_first_line(error)}. Not there on purpose: matches, map, filter, exists_one and +"
        ) from error
    if not is_bool(program.return_type()):
        raise ExpressionError(f"it gives {program.return_type().name().lower()}; it must give true or false")

    def holds(facts: Facts) -> bool:
        try:
            value = program.eval(data={key: _cut(fact) for key, fact in facts.items()})
        except Exception as error:
            raise ExpressionError(_first_line(error)) from error
        if not is_bool(value.type()):
            raise ExpressionError(_first_line(value.plain_value()))
        return bool(value.plain_value())

    return holds


@cache
def _environment() -> tuple[Any, Callable[[Any], bool]]:
    """Made when the first expression comes: the package takes memory, and is not there on every platform."""
    try:
        from cel_expr_python import cel  # noqa: PLC0415
    except ImportError as error:
        raise ExpressionError(
            "this controller has no CEL: install the package cel-expr-python (Linux with glibc), or filter otherwise"
        ) from error
    strings = "".join(f"  - {{name: {name}, type_name: string}}\n" for name in STRINGS)
    of_strings = "{type_name: string}, {type_name: string}"
    maps = "".join(f"  - {{name: {name}, type_name: map, params: [{of_strings}]}}\n" for name in MAPS)
    excluded = "stdlib:\n  exclude_macros: [map]\n  exclude_functions: [{name: matches}, {name: '_+_'}]\n"
    config = cel.NewEnvConfigFromYaml(f"{excluded}variables:\n{strings}{maps}")
    return cel.NewEnv(config=config), lambda kind: bool(kind == cel.Type.BOOL)


def _refuse_long(loops: int, length: int) -> None:
    if loops > 1:
        raise ExpressionError("all or exists may be used once, and the words stand nowhere else")
    if length > MAX_LOOP:
        raise ExpressionError(f"it has {length} characters; at most {MAX_LOOP} are allowed with all or exists")


def _cut(fact: str | Mapping[str, str]) -> str | dict[str, str]:
    if isinstance(fact, str):
        return fact[:MAX_STRING]
    kept = sorted(fact)[:MAX_ENTRIES] if len(fact) > MAX_ENTRIES else fact
    return {key: fact[key][:MAX_STRING] for key in kept}


def _first_line(problem: object) -> str:
    return str(problem).partition("\n")[0][:200].removeprefix("INVALID_ARGUMENT: ")
