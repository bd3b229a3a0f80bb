"""Which reasons the code can produce, found in its syntax trees: what users read in conditions and Events."""

import ast
import enum
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

# Sets the conditions; each word in it that looks like a reason is one.
LEDGER = "ledger.py"
_WORD = re.compile(r"[A-Z][a-z0-9]+([A-Z][a-z0-9]+)*")
_STATUSES = ("True", "False", "Unknown")
_EVENT_TYPES = ("Normal", "Warning")


class Shown(enum.StrEnum):
    """Where a reason is read: as that of a condition with this status, or only in an Event while it says Retrying."""

    GIVEN_UP = "False"
    WAITING = "Unknown"
    RETRYING = "Unknown, `Retrying`"
    DONE = "True"


@dataclass
class Raised:
    """`problems`: where a reason is not written out, so that nobody can know it without running the code."""

    reasons: dict[str, Shown] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def add(self, reason: str, shown: Shown) -> None:
        """What is shown by itself counts more than what is shown as Retrying."""
        if self.reasons.get(reason, Shown.RETRYING) is Shown.RETRYING:
            self.reasons[reason] = shown


def sources(root: Path) -> list[Path]:
    """The code that may raise: the core and the integrations, without tests."""
    found = [*root.glob("tekton_integrations/**/*.py"), *root.glob("integrations/*/tekton_integrations_*/**/*.py")]
    return sorted(found)


def raised(root: Path) -> Raised:
    found = Raised()
    for path in sources(root):
        module, nodes = _parsed(path.read_text())
        where = str(path.relative_to(root))
        for node in nodes:
            if isinstance(node, ast.Call):
                _call(node, module, where, found)
            else:
                _error_class(node, found)
        if path.name == LEDGER:
            _conditions(module, found)
    return found


@cache
def _parsed(text: str) -> tuple[ast.Module, list[ast.Call | ast.ClassDef]]:
    """Kept, since each table is made from all files, and that takes seconds."""
    module = ast.parse(text)
    return module, [node for node in ast.walk(module) if isinstance(node, ast.Call | ast.ClassDef)]


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _call(node: ast.Call, module: ast.Module, where: str, found: Raised) -> None:
    name = _name(node.func)
    if name not in ("PermanentError", "TemporaryError"):
        return
    shown = Shown.GIVEN_UP if name == "PermanentError" else _while_waiting(node.keywords)
    reasons = list(_reasons(node.args[0], module)) if node.args else []
    if not reasons:
        found.problems.append(f"{where}:{node.lineno}: write the reason of {name} out, so that the docs can list it")
    for reason in reasons:
        found.add(reason, shown)


def _while_waiting(keywords: Iterable[ast.keyword]) -> Shown:
    helps = any(k.arg == "needs_help" and _constant(k.value) is not False for k in keywords)
    return Shown.WAITING if helps else Shown.RETRYING


def _constant(node: ast.expr) -> object:
    return node.value if isinstance(node, ast.Constant) else None


def _reasons(node: ast.expr, module: ast.Module) -> Iterator[str]:
    """Of `"Reason"`, of a choice between two, or of `*f(…)` for a function that returns (reason, message)."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _reasons(node.body, module)
        yield from _reasons(node.orelse, module)
    elif isinstance(node, ast.Starred) and isinstance(node.value, ast.Call):
        for function in ast.walk(module):
            if isinstance(function, ast.FunctionDef) and function.name == _name(node.value.func):
                yield from _returned(function, module)


def _returned(function: ast.FunctionDef, module: ast.Module) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
            yield from _reasons(node.value.elts[0], module)


def _error_class(node: ast.ClassDef, found: Raised) -> None:
    """A kind of error that always has the same reason, as Throttled has: it is shown by that."""
    bases = {_name(base) for base in node.bases} & {"PermanentError", "TemporaryError"}
    if not bases:
        return
    shown = Shown.GIVEN_UP if "PermanentError" in bases else Shown.WAITING
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and _name(call.func) == "__init__" and call.args:
            reason = _constant(call.args[0])
            if isinstance(reason, str):
                found.add(reason, shown)


def _conditions(module: ast.Module, found: Raised) -> None:
    done = {
        _constant(node.elts[1])
        for node in ast.walk(module)
        if isinstance(node, ast.Tuple) and len(node.elts) > 1 and _constant(node.elts[0]) == "True"
    }
    for node in ast.walk(module):
        word = node.value if isinstance(node, ast.Constant) else None
        if isinstance(word, str) and _WORD.fullmatch(word) and word not in (*_STATUSES, *_EVENT_TYPES):
            found.add(word, Shown.DONE if word in done else Shown.WAITING)


def unlike(found: Raised, known: Mapping[str, object]) -> Iterator[str]:
    """What is wrong with the list of known reasons."""
    yield from found.problems
    for reason in sorted(found.reasons.keys() - known.keys()):
        yield f"tekton_integrations/reasons.py: nothing says what {reason} means, and the code can produce it"
    for reason in sorted(known.keys() - found.reasons.keys()):
        yield f"tekton_integrations/reasons.py: {reason} is explained, but nothing produces it"
