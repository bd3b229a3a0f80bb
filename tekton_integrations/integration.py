"""The contract: what an integration is, what it gets, what it returns. The core knows integrations only by it."""

import abc
import enum
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, NamedTuple, Protocol

import msgspec

from tekton_integrations.http import Http, Response
from tekton_integrations.limits import Limits
from tekton_integrations.milestones import Milestone
from tekton_integrations.quota import Quota
from tekton_integrations.record import Record, Target
from tekton_integrations.run import Child, Excerpt, Run

PIPELINES_AS_CODE = "pipelinesascode.tekton.dev"
_REPORTED = f"{PIPELINES_AS_CODE}/state"


class Delivery(enum.Enum):
    """LATEST: only the newest state matters, states in between may be skipped.

    MILESTONES: each transition is delivered, in order and each once, as `context.milestone`. A delivery whose
    answer got lost is made again under the same id, also after a restart.
    """

    LATEST = "latest"
    MILESTONES = "milestones"


class SecretRef(msgspec.Struct, frozen=True):
    """The pattern keeps the name from leading anywhere but to a Secret of the Provider's own namespace."""

    name: Annotated[str, msgspec.Meta(pattern=r"\A[a-z0-9]([-a-z0-9.]*[a-z0-9])?\Z", max_length=253)]
    key: str = ""


class SecretSource(msgspec.Struct, frozen=True, rename="camel"):
    """`{secretRef: {name, key}}`; without a key the Secret must have a single one."""

    secret_ref: SecretRef


class ProviderType(msgspec.Struct, frozen=True, kw_only=True):
    """One `type` of Provider that an integration can use.

    `block` is the key of its settings in the Provider's spec; fields of type SecretSource in `settings`
    are read by the core and reach the integration as `context.credential.secrets[<field>]`. `endpoint` is the one of
    Providers that name none; empty where there is no such. `certificate` names two of those fields, a certificate and
    its private key (PEM), which every connection presents (mutual TLS) where the Provider has them.
    """

    name: str
    block: str
    settings: type[msgspec.Struct]
    endpoint: str
    certificate: tuple[str, str] | None = None


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """`version` changes with the Provider and with its Secrets: the key for whatever is derived from them.

    Where `Target.endpoint` is set, `endpoint` is that, and `secrets` is empty unless it lies at the Provider's own.
    """

    type: str
    endpoint: str
    settings: Any
    secrets: Mapping[str, bytes]
    version: str


class AttemptMaker(Protocol):
    def __call__(self, repeatable: bool = False) -> AbstractAsyncContextManager[None]: ...


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a reconcile may use besides its arguments. New needs become fields here, never parameters."""

    http: Http
    credential: Credential
    # The quota of one scope (an organisation, a channel). People read the scope's name, in the Provider's status.
    quota: Callable[[str, Limits], Quota]
    external_id: str
    # An earlier attempt may have left an object that the record doesn't know: look before making one.
    search: bool
    # `async with context.attempt():` around a call that must not be made twice; nothing else goes in there. It is
    # stored before, so that a crash leaves it in doubt. Raises TemporaryError(MaybeSent) while an earlier one may
    # still take effect, unless the call is repeatable: then the remote is looked at again later.
    attempt: AttemptMaker
    # What was announced has happened; these ids (all of them, as in Result.memory) are stored with the next write, so
    # that one that was made is not forgotten when what comes after it fails. Between two `attempt`s it is a must.
    remember: Callable[[Mapping[str, str]], None]
    # Whether the same grant-giving Provider lets the run's namespace show at another target, too.
    granted: Callable[[Target], Awaitable[bool]]
    # `async with context.exclusive(key):` one run at a time, of all that share what the key names at the remote. Raises
    # Throttled where another is at it: then all is looked at again, so `remember` what was made before.
    exclusive: Callable[[str], AbstractAsyncContextManager[None]]
    # Whether no run that was created later shows at the same address (""), or shares this one of `Target.shares`, by
    # the same Provider.
    newest: Callable[[str], bool]
    # The records of this integration in the run's namespace that have one of `Target.labels` (key, value); a live read.
    siblings: Callable[[str, str], Awaitable[list[Record]]]
    # Like logs and manifest it costs the API server most of a report: read once the quota lets the call go.
    children: Callable[[], Awaitable[list[Child]]]
    # The end of the log of a child's failed (else last) step. Never raises because of what can't be had.
    excerpt: Callable[[Child], Awaitable[Excerpt]]
    # The whole run as the API server has it now, without managedFields; None once it is gone. A live read.
    manifest: Callable[[], Awaitable[Mapping[str, Any] | None]]
    # The page about the run that the Provider's `detailsUrl` leads to; empty without one.
    details_url: str
    # Reads the Secrets anew, after the service refused them; the next reconcile sees the result.
    renew_credential: Callable[[], None]
    now: Callable[[], float]
    # What to deliver, with Delivery.MILESTONES. In `settle` the end of a run whose outcome is unknown; None if the
    # receiver has heard of no begin, or of the end.
    milestone: Milestone | None = None
    # Who asks for the report, and whose credential it takes: for a footer (words.py). Empty in `settle` and `check`.
    because: str = ""


@dataclass(frozen=True, kw_only=True)
class Result:
    """`memory`: ids worth keeping, small strings (None: as before); `requeue_after`: seconds until another look."""

    memory: Mapping[str, str] | None = None
    url: str = ""
    summary: str = ""
    requeue_after: float | None = None


class Found(NamedTuple):
    """A value, and where it stood: "annotation x", "parameter y"."""

    value: str
    source: str


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """What a run's creator wrote besides annotations of ours: neither what Tekton copied from a Pipeline or a Task,
    nor results. `params` are those that are strings; `given` is what the run says to the integration itself."""

    kind: str
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}
    params: Mapping[str, str] = {}
    given: Mapping[str, str] = {}

    @property
    def pipelines_as_code(self) -> bool:
        """Pipelines-as-Code made it, so it reports it as well: https://github.com/tektoncd/pipelines-as-code,
        pkg/kubeinteraction/labels.go and pkg/reconciler/controller.go."""
        made = self.labels.get("app.kubernetes.io/managed-by") == PIPELINES_AS_CODE
        return self.kind == "PipelineRun" and (made or _REPORTED in self.annotations)


def _taken(_method: str, _url: str, _body: bytes) -> Response:
    return Response(200, {}, b"{}")


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """What stands in for the service and the credential where only the requests of a first report are wanted.

    `settings` is the Provider's block where there is no Provider, without its Secrets; `secrets` are by fields of the
    settings, as in Credential; `answer` gives what a service that knows nothing of the run yet would answer to method,
    URL and body; `hidden` are headers (in lower-case letters) made from a secret; `page` gives what people read of a
    request's body, as Markdown or plain text, and is empty where they read nothing.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, bytes] = field(default_factory=dict)
    answer: Callable[[str, str, bytes], Response] = _taken
    hidden: frozenset[str] = frozenset({"authorization"})
    page: Callable[[bytes], str] = lambda _: ""


class Integration(abc.ABC):
    """One instance serves all runs, so it keeps no state about any single one."""

    name: ClassVar[str]
    Options: ClassVar[type[msgspec.Struct]]
    provider_types: ClassVar[tuple[ProviderType, ...]]
    versions: ClassVar[tuple[str, ...]] = ("v1",)
    delivery: ClassVar[Delivery] = Delivery.LATEST
    # The options that `infer` may find where they are left out, and where it looks for each, for messages.
    inferable: ClassVar[Mapping[str, str]] = {}
    # Whether runs may write a target's name in another form than grants do (a channel's name, or its id). Then a
    # Provider is chosen whatever the name is, and `reconcile` has to ask `context.granted` before it shows anything.
    resolves_names: ClassVar[bool] = False
    # Whether the controller was told to infer; set by whoever loads the integration.
    infers: bool = False

    @abc.abstractmethod
    def target(self, run: Run, options: Any) -> Target:
        """Where this run shows. Pure. Raises PermanentError when the options do not say it."""

    def newest_at(self, target: Target, provider_type: str) -> tuple[str, ...]:
        """Where only the newest run may write, by a Provider of that type: of `target.shares`, and "" for the address.
        Who shows there is remembered, at 100 bytes a place, and `context.newest` may be asked of no other. Pure."""
        return target.shares

    def facts(self, run: Run, options: Any) -> tuple[str, ...]:
        """What the remote shows of the run: a report is due when this changes. Pure."""
        return (run.state, run.reason, run.message) if run.final else (run.state,)

    def progress(self, run: Run, options: Any) -> tuple[str, ...]:
        """What the remote shows of the run besides: a change of this alone is reported at most every 10 s, and not at
        all where a newer state comes before. Pure."""
        return ()

    def infer(self, source: Source) -> Mapping[str, Found]:
        """Options that the run leaves out, by their keys. Nothing is guessed: what is not certain is left out. Pure."""
        return {}

    def is_asked(self, source: Source) -> bool:
        """Whether a run that says nothing to this integration asks for it, by what it says to an older tool. Pure."""
        return False

    @abc.abstractmethod
    async def reconcile(self, run: Run, options: Any, record: Record, context: Context) -> Result:
        """Make the remote show the run. Raises PermanentError or TemporaryError."""

    async def check(self, context: Context) -> None:  # noqa: B027  (it may well be that there is nothing to try)
        """Try the Provider's credential, as far as that goes without changing anything at the service. Only the fields
        of `context` that belong to no run say anything. Raises PermanentError or TemporaryError that names what is
        missing, and where to give it."""

    def rehearsal(self, provider_type: str, endpoint: str, target: Target) -> Rehearsal:
        """For a look at what would be sent, without sending it (`tekton-integrations render`). To be overridden where
        an answer or a secret must have a form. Pure."""
        return Rehearsal()

    @abc.abstractmethod
    async def settle(self, record: Record, context: Context) -> None:
        """The run is gone or no longer asks: leave nothing open at the remote, and nothing green."""


__all__ = [
    "Context",
    "Credential",
    "Delivery",
    "Integration",
    "Milestone",
    "ProviderType",
    "Rehearsal",
    "Result",
    "SecretSource",
]
