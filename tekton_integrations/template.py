"""Tekton's own `$(name)` substitution, and nothing more: no conditions, no loops, no escapes.

As in https://github.com/tektoncd/pipeline/blob/main/pkg/substitution/substitution.go: one pass, so a value is never
substituted again; `$$` is two dollars, and what does not look like a variable stays as it is.
"""

import re
from collections.abc import Mapping

LIMIT = 4096
# Linear: a name has no `$`, so no two tries look at the same characters.
_VARIABLE = re.compile(r"\$\(([_a-zA-Z][_a-zA-Z0-9.-]*)\)")


class TemplateError(ValueError):
    """Says what is wrong with the template, and what would do."""


def render(
    template: str, values: Mapping[str, str], limit: int = LIMIT, *, pattern: re.Pattern[str] = _VARIABLE
) -> str:
    """The template with the values of its variables. `limit`: characters that it, and what it becomes, may have.
    `pattern`: what counts as a variable, with its name as the first group.

    Raises TemplateError for a variable without a value (Tekton leaves it standing), and over the limit.
    """
    if len(template) > limit:
        raise TemplateError(f"the template has {len(template)} characters; at most {limit} are allowed")
    parts, end, size = [], 0, 0
    for found in pattern.finditer(template):
        parts += [template[end : found.start()], _value(found[1], values)]
        end = found.end()
        size += len(parts[-1]) + len(parts[-2])
        if size > limit:  # before it is put together: a long value may stand there often
            break
    size += len(template) - end
    if size > limit:
        raise TemplateError(f"what the template becomes has over {limit} characters; shorten it")
    return "".join([*parts, template[end:]])


def _value(name: str, values: Mapping[str, str]) -> str:
    try:
        return values[name]
    except KeyError:
        known = ", ".join(f"$({each})" for each in values) or "none"
        raise TemplateError(f"unknown variable $({name}); known: {known}") from None
