"""What would be sent about a run, without sending it: an integration's own reconcile runs against a way out that only
notes requests, and answers as the service would to a first report (Integration.rehearsal).

No socket is opened and no Secret is read. What the run asks, and which Provider grants it, is decided as always.
"""

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec.structs import replace

from tekton_integrations import provider, words
from tekton_integrations.contexts import guarded, lent, whole
from tekton_integrations.details import details_url
from tekton_integrations.egress import AddressRefused, Egress
from tekton_integrations.errors import IntegrationError
from tekton_integrations.http import MAX_BODY, Http, Response, origin, refused
from tekton_integrations.integration import Context, Credential, Delivery, Integration, ProviderType, Rehearsal
from tekton_integrations.kube.secrets import settings_of
from tekton_integrations.limits import Limits
from tekton_integrations.milestones import due
from tekton_integrations.plan import Plan, plan
from tekton_integrations.provider import Need, Provider
from tekton_integrations.quota import Quota
from tekton_integrations.record import Record, Target, external_id
from tekton_integrations.requests import Asked, Request, new_record
from tekton_integrations.run import Child, Excerpt, Run

HIDDEN = "(hidden)"  # a credential
_NO_LOG = "logs are not read for a look at what would be sent"


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it would be sent, but for credentials; `page` is what people read of its body."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes
    page: str


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What is known besides what the run asks. `raw` is the run as it was read, `labels` those of its namespace.
    `providers` is None where nobody could look: then one is made up, with the endpoint of its type, that grants all."""

    run: Run
    raw: bytes
    shared: str
    children: Sequence[Child] = ()
    providers: tuple[Provider, ...] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    now: Callable[[], float] = time.time


@dataclass(kw_only=True)
class Rehearsed:
    """What one request comes to; `problem` is why there is no more of it. `provider` is empty where it is made up."""

    integration: str
    notification: str = ""
    provider: str = ""
    target: Target | None = None
    summary: str = ""
    calls: list[Call] = field(default_factory=list)
    problem: IntegrationError | None = None


async def rehearse(integration: Integration, request: Request, wanted: Asked, scene: Scene) -> Rehearsed:
    """What the integration would send if it had not sent anything yet. Raises nothing that an integration may."""
    found = Rehearsed(integration=integration.name, notification=request.notification)
    try:
        todo = plan(integration, scene.run, wanted)
        found.target = todo.target
        part = _cast(integration, todo, scene)
        found.provider = part.chosen.path if part.chosen.uid else ""
        record = new_record(request, scene.run)
        await _play(part, todo, replace(record, target=todo.target, provider=part.chosen.path), scene, found)
    except IntegrationError as error:
        found.problem = error
    return found


@dataclass(frozen=True, kw_only=True)
class _Part:
    integration: Integration
    chosen: Provider
    stand_in: Rehearsal
    credential: Credential


def _cast(integration: Integration, todo: Plan, scene: Scene) -> _Part:
    chosen = _made_up(integration, todo.target) if scene.providers is None else _chosen(integration, todo, scene)
    kind = next(each for each in integration.provider_types if each.name == chosen.type)
    stand_in = integration.rehearsal(kind.name, chosen.endpoint or kind.endpoint, todo.target)
    credential = lent(_credential(chosen, kind, stand_in), chosen, todo.target)
    if guarded(chosen, todo.target):
        _check(credential.endpoint)
    return _Part(integration=integration, chosen=chosen, stand_in=stand_in, credential=credential)


def _chosen(integration: Integration, todo: Plan, scene: Scene) -> Provider:
    need = Need(
        types=tuple(kind.name for kind in integration.provider_types),
        namespace=scene.run.namespace,
        labels=scene.labels,
        target=todo.target,
        name=todo.provider,
        within=todo.within,
        any_name=integration.resolves_names,
    )
    return provider.choose(scene.providers or (), scene.shared, need)


def _made_up(integration: Integration, target: Target) -> Provider:
    """Of the integration's first type."""
    kind = integration.provider_types[0]
    required = [each.encode_name for each in msgspec.structs.fields(kind.settings) if each.required]
    secrets = {name: {"secretRef": {"name": "made-up"}} for name in required}
    settings = integration.rehearsal(kind.name, kind.endpoint, target).settings
    return Provider(
        namespace="made-up",
        name="made-up",
        uid="",
        resource_version="",
        generation=1,
        type=kind.name,
        endpoint="",
        grants=(),
        spec={kind.block: secrets | dict(settings)},
    )


def _credential(chosen: Provider, kind: ProviderType, stand_in: Rehearsal) -> Credential:
    settings = settings_of(chosen, kind)
    return Credential(
        type=kind.name,
        endpoint=chosen.endpoint or kind.endpoint,
        settings=settings,
        secrets={name: value for name, value in stand_in.secrets.items() if getattr(settings, name, None)},
        version="made-up",
    )


def _check(endpoint: str) -> None:
    try:
        Egress().check(endpoint)
    except AddressRefused as error:
        raise refused(endpoint, ever=error.ever) from error


async def _play(part: _Part, todo: Plan, record: Record, scene: Scene, found: Rehearsed) -> None:
    known = "" if scene.providers is None else words.because(todo.asked, part.chosen.path)
    context = dataclasses.replace(_context(part, record, scene, found.calls), because=known)
    reconcile = part.integration.reconcile
    if part.integration.delivery is Delivery.LATEST:
        found.summary = (await reconcile(scene.run, todo.options, record, context)).summary
        return
    for milestone in due(scene.run, "", 0, context.external_id):
        told = dataclasses.replace(context, milestone=milestone)
        result = await reconcile(scene.run, todo.options, record, told)
        record = replace(record, memory=dict(result.memory or {}))
        found.summary = result.summary


def _context(part: _Part, record: Record, scene: Scene, calls: list[Call]) -> Context:
    async def granted(target: Target) -> bool:
        return scene.providers is None or part.chosen.grants_to(scene.run.namespace, scene.labels, target)

    async def siblings(_key: str, _value: str) -> list[Record]:
        return []

    async def children() -> list[Child]:
        return list(scene.children)

    async def excerpt(_child: Child) -> Excerpt:
        return Excerpt(withheld=_NO_LOG)

    async def manifest() -> Mapping[str, Any] | None:
        return whole(scene.raw, scene.run)

    return Context(
        http=_Noted(part, calls),
        credential=part.credential,
        quota=lambda _scope, _limits: Quota(Limits()),
        external_id=external_id(record),
        search=False,
        attempt=_attempt,
        remember=lambda _: None,
        granted=granted,
        exclusive=lambda _: asyncio.Lock(),
        newest=lambda _: True,
        siblings=siblings,
        children=children,
        excerpt=excerpt,
        manifest=manifest,
        details_url=details_url(part.chosen, scene.run),
        renew_credential=lambda: None,
        now=scene.now,
    )


@asynccontextmanager
async def _attempt(repeatable: bool = False) -> AsyncIterator[None]:
    yield


class _Noted(Http):
    """A way out that leads nowhere."""

    def __init__(self, part: _Part, calls: list[Call]) -> None:
        self._calls = 0
        self._stand_in = part.stand_in
        self._origins = frozenset((origin(part.credential.endpoint),))
        self._hidden = [value.decode(errors="replace").strip() for value in part.credential.secrets.values()]
        self._noted = calls

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        *,
        limit: int = MAX_BODY,
        cut: bool = False,
    ) -> Response:
        self._keep_to_origins(url)
        self._calls += 1
        shown = {name: self._shown(name, value) for name, value in sorted((headers or {}).items())}
        page = self._stand_in.page(body)
        self._noted.append(Call(method=method, url=self._shown("", url), headers=shown, body=body, page=page))
        return self._stand_in.answer(method, url, body)

    def _shown(self, header: str, text: str) -> str:
        if header.lower() in self._stand_in.hidden:
            return HIDDEN
        for secret in self._hidden:
            text = text.replace(secret, HIDDEN) if secret else text
        return text
