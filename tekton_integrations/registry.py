"""Loads the integrations that were asked for, and checks each before it may touch anything."""

import inspect
import re
from collections.abc import Collection, Iterable
from functools import cache
from importlib.metadata import EntryPoint, entry_points, version

import msgspec
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tekton_integrations.annotations import RESERVED
from tekton_integrations.integration import Integration

GROUP = "tekton_integrations"
# The contract's version is that of the distribution which has it, and a package says in its dependencies for which it
# was made: docs/authors.md.
CONTRACT = "tekton-integrations"
# The name under which the core itself holds a Lease; no integration can have it.
CORE = "core"
# Which distribution brings which integration: for messages only, since what is loaded is what --integrations names.
PACKAGES = {
    "cloudevent": "tekton-integrations-cloudevent",
    "github": "tekton-integrations-github",
    "slack": "tekton-integrations-slack",
    "webhook": "tekton-integrations-webhook",
}
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?")


class RegistryError(Exception):
    """Names the distribution, the entry point and the cure."""


def load(names: Iterable[str], infer: Collection[str] = ()) -> list[Integration]:
    """One instance of each named integration; none but these are imported. `infer`: those that may infer what a run
    leaves out. Raises RegistryError."""
    loaded = {name: _load_one(name) for name in dict.fromkeys(names)}
    for name in infer:
        if name not in loaded:
            raise RegistryError(f"--infer names {name!r}, which is not loaded; name it in --integrations, too")
        if not loaded[name].inferable:
            raise RegistryError(f"integration {name!r} can't infer anything; take it out of --infer")
        loaded[name].infers = True
    return list(loaded.values())


@cache
def package_version(integration: Integration) -> str:
    """That of the distribution that brings it; empty if it can't be told. To find it takes milliseconds."""
    points = entry_points(group=GROUP, name=integration.name)
    return next((point.dist.version for point in points if point.dist), "")


def installed() -> list[str]:
    return sorted({point.name for point in entry_points(group=GROUP)})


def versions() -> dict[str, str]:
    """That of the distribution that brings it, by integration, of all that are installed; nothing is imported."""
    points = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    return {point.name: point.dist.version for point in points if point.dist}


def _load_one(name: str) -> Integration:
    points = list(entry_points(group=GROUP, name=name))
    if not points:
        here = ", ".join(installed()) or "none"
        raise RegistryError(
            f"no integration {name!r} is installed (installed: {here}); "
            f"install its package, or take {name!r} out of --integrations"
        )
    if len(points) > 1:
        who = " and ".join(_distribution(point) for point in points)
        raise RegistryError(f"integration {name!r} is brought by {who}; uninstall all but one")
    point = points[0]
    if wanted := _other_contract(point):
        raise RegistryError(
            f"{_where(point)} was made for {CONTRACT} {wanted}, and this is {version(CONTRACT)}; "
            f"install versions of {CONTRACT} and {_distribution(point)} that fit together"
        )
    try:
        loaded = point.load()
    except Exception as error:
        raise RegistryError(f"{_where(point)} can't be imported: {error!r}; reinstall it") from error
    for problem in problems(loaded, name):
        raise RegistryError(f"{_where(point)}: {problem}")
    try:
        integration: Integration = loaded()
    except Exception as error:
        raise RegistryError(f"{_where(point)} can't be made without arguments: {error!r}; mend its __init__") from error
    return integration


def problems(candidate: object, name: str) -> Iterable[str]:
    """What is wrong with a class that wants to be the integration `name`."""
    if not (inspect.isclass(candidate) and issubclass(candidate, Integration)):
        yield "is not a subclass of tekton_integrations.Integration; point the entry point at the class"
        return
    if inspect.isabstract(candidate):
        missing = ", ".join(sorted(candidate.__abstractmethods__))
        yield f"lacks {missing}; implement it"
        return
    if name == CORE:
        yield f"the name {CORE!r} is the controller's own; choose another"
    if not _NAME.fullmatch(name):
        yield f"the name {name!r} can't be an annotation prefix; use lower-case letters, digits and '-'"
    if getattr(candidate, "name", None) != name:
        yield f"name is {getattr(candidate, 'name', None)!r}; make it equal to the entry point's, {name!r}"
    options = getattr(candidate, "Options", None)
    if not (inspect.isclass(options) and issubclass(options, msgspec.Struct)):
        yield "Options is not a msgspec.Struct; declare one, with a field for each annotation"
    elif taken := RESERVED & {field.encode_name for field in msgspec.structs.fields(options)}:
        yield f"Options declares {', '.join(sorted(taken))}, which the core reads itself; rename it"
    if not getattr(candidate, "provider_types", ()):
        yield "provider_types is empty; declare which Providers it can use"
    if not getattr(candidate, "versions", ()):
        yield "versions is empty; name at least one version of its annotations"
    for method in ("reconcile", "settle", "check"):
        if not inspect.iscoroutinefunction(getattr(candidate, method)):
            yield f"{method} is not a coroutine function; make it `async def`"


def _other_contract(point: EntryPoint) -> str:
    """The versions of the contract that its distribution was made for, where this is none of them; else empty.

    pip holds to the same, unless it is told not to. Asked before anything is imported: that may need what is not here.
    """
    for line in (point.dist.requires if point.dist else None) or ():
        needed = Requirement(line)
        here = needed.marker is None or needed.marker.evaluate({"extra": ""})
        if canonicalize_name(needed.name) == CONTRACT and here:
            return "" if needed.specifier.contains(version(CONTRACT), prereleases=True) else str(needed.specifier)
    return ""


def _distribution(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "an unknown distribution"


def _where(point: EntryPoint) -> str:
    return f"{_distribution(point)}, entry point {point.name} = {point.value},"
