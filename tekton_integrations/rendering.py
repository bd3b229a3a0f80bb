"""What would be sent about the runs in files or in a cluster: which of the objects are runs, what is below each, which
Providers and Notifications hold for it; what each asks is then rehearsed. Nothing is read or sent here.
"""

import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tekton_integrations import registry
from tekton_integrations.errors import PermanentError
from tekton_integrations.inference import Inference
from tekton_integrations.integration import Integration
from tekton_integrations.kube.runs_json import decode_child, decode_run
from tekton_integrations.notices import Notices
from tekton_integrations.notification import Notification, decode_notification
from tekton_integrations.provider import Provider, decode_provider
from tekton_integrations.record import rfc3339
from tekton_integrations.rehearsal import Rehearsed, Scene, rehearse
from tekton_integrations.requests import Asked, Request, work
from tekton_integrations.run import KINDS, Child, Run
from tekton_integrations.unserved import not_installed

Object = dict[str, Any]
# A run that is not created yet has to be called something where `generateName` leaves that to the API server.
_SUFFIX = "xxxxx"
_PLENTY = 1_000_000


class RenderError(Exception):
    """Says what is wrong with an object."""


class NoRunError(RenderError):
    """There is none of that name."""


@dataclass(kw_only=True)
class Material:
    """`providers` is None where nobody could look, `labels` are those of namespaces, as far as known."""

    runs: list[bytes] = field(default_factory=list)
    children: list[tuple[str, Child]] = field(default_factory=list)
    providers: list[Provider] | None = None
    notifications: list[Notification] = field(default_factory=list)
    labels: dict[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """`shared`: the controller's namespace; `only`: this integration, all when empty; `infer`: as --infer."""

    shared: str
    only: str = ""
    infer: Collection[str] = ()


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """`problems`: what keeps Notifications from asking, by path."""

    run: Run
    reports: list[Rehearsed]
    problems: dict[str, str] = field(default_factory=dict)


def material(objects: Iterable[Object], namespace: str) -> Material:
    """Runs are those that no run among them controls. What they lack since they are not created yet is made up; the
    namespace is `namespace` where they name none. Raises RenderError."""
    found, runs = Material(), []
    for each in objects:
        completed = _completed(each, namespace)
        raw = msgspec.json.encode(completed)
        try:
            if each["kind"] in KINDS:
                runs.append((completed, raw))
            elif each["kind"] == "Provider":
                found.providers = [*(found.providers or ()), decode_provider(raw)]
            elif each["kind"] == "Notification":
                found.notifications.append(decode_notification(raw))
        except msgspec.MsgspecError as error:
            raise RenderError(f"{each['kind']} {completed['metadata']['name']}: {error}") from error
    uids = {completed["metadata"]["uid"] for completed, _ in runs}
    for completed, raw in runs:
        owners = {each.get("uid") for each in completed["metadata"].get("ownerReferences") or ()}
        if owners & uids:
            found.children.append(decode_child(raw))
        else:
            found.runs.append(raw)
    return found


def _completed(each: Object, namespace: str) -> Object:
    metadata = dict(each["metadata"])
    made_up = {"apiVersion": KINDS.get(each["kind"], ("",))[0]}
    named = metadata.get("name") or f"{metadata.get('generateName', '')}{_SUFFIX}"
    made = {
        "name": named,
        "namespace": namespace,
        "uid": f"made-up-{each['kind']}-{named}",
        "resourceVersion": "0",
        "creationTimestamp": rfc3339(time.time(), precise=False),
    }
    return made_up | {**each, "metadata": made | {key: value for key, value in metadata.items() if value is not None}}


async def rendered(found: Material, wish: Wish) -> list[Rendered]:
    """What each run comes to. Raises RenderError for what is no run, RegistryError for an integration that can't be
    loaded."""
    return [await _rendered(raw, found, wish) for raw in found.runs]


async def _rendered(raw: bytes, found: Material, wish: Wish) -> Rendered:
    try:
        plain = decode_run(raw)
    except msgspec.MsgspecError as error:
        raise RenderError(f"this is no run: {error}") from error
    loaded = {each.name: each for each in _loaded(plain, found, wish)}
    notices = _notices(loaded.values(), found, wish)
    run = decode_run(raw, Inference(loaded.values()), notices)
    scene = Scene(
        run=run,
        raw=raw,
        shared=wish.shared,
        children=_below(run, raw, found),
        providers=None if found.providers is None else tuple(found.providers),
        labels=found.labels.get(run.namespace, {}),
    )
    wanted = [(each, asked) for each, asked in work(run).items() if wish.only in ("", each.integration)]
    reports = [await _report(loaded.get(request.integration), request, asked, scene) for request, asked in wanted]
    problems = {
        each.path: f"{problem.reason}: {problem}"
        for each in found.notifications
        if (problem := notices.problem(each.path))
    }
    return Rendered(run=run, reports=reports, problems=problems)


async def _report(integration: Integration | None, request: Request, asked: Asked, scene: Scene) -> Rehearsed:
    if integration is not None:
        return await rehearse(integration, request, asked, scene)
    problem: PermanentError = not_installed(request.integration, registry.installed())
    return Rehearsed(integration=request.integration, notification=request.notification, problem=problem)


def _loaded(run: Run, found: Material, wish: Wish) -> Iterator[Integration]:
    """Those that the run may ask; all where Notifications ask, or something is to be inferred."""
    here = registry.installed()
    said = {request.integration for request in work(run)}
    names = here if found.notifications else [each for each in here if each in said or each in wish.infer]
    yield from registry.load(names, [each for each in wish.infer if each in names])


def _notices(loaded: Iterable[Integration], found: Material, wish: Wish) -> Notices:
    notices = Notices(loaded, wish.shared, _PLENTY)
    known = {each.path: each for each in found.providers or ()}
    notices.provider = lambda namespace, name: known.get(f"{namespace}/{name}")
    for each in found.notifications:
        notices.put(each)
    return notices


def _below(run: Run, raw: bytes, found: Material) -> list[Child]:
    if run.kind == "TaskRun":
        return [decode_child(raw)[1]]
    mine = [child for parent, child in found.children if parent == run.uid]
    return sorted(mine, key=lambda child: (child.started or float("inf"), child.name))
