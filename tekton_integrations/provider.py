"""Providers: whose credential, for which targets, for whom. The choice is pure; reading Secrets is not here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from tekton_integrations import annotations
from tekton_integrations.allowance import Allowance, decode_allowances
from tekton_integrations.errors import PermanentError
from tekton_integrations.record import Target
from tekton_integrations.standing import Standing, decode_standing

# So many Providers does a message name.
NAMED = 8


def matches(text: str, pattern: str) -> bool:
    """Whether the whole text fits; `*` stands for any characters, and nothing else is special.

    Linear in both: patterns and texts are written by tenants, and a regular expression could take minutes.
    """
    if "*" not in pattern:
        return text == pattern
    first, *rest = pattern.split("*")
    *middle, last = rest
    at = len(first) if text.startswith(first) else len(text) + 1
    for part in middle:
        found = text.find(part, at)
        at = found + len(part) if found >= 0 else len(text) + 1
    return at + len(last) <= len(text) and text.endswith(last)


def _fits(text: str, patterns: tuple[str, ...]) -> bool:
    """Whether one of them matches; quickly, since each run asks all shared Providers whether they grant to it."""
    return text in patterns or any("*" in pattern and matches(text, pattern) for pattern in patterns)


class Grant(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Allows runs of some namespaces to show under some names at some targets. `*` stands for any characters.

    Without `names` every name is allowed; without namespaces or targets nothing is.
    """

    namespaces: tuple[str, ...] = ()
    namespace_selector: dict[str, str] = {}
    targets: tuple[str, ...] = ()
    names: tuple[str, ...] = ("*",)

    def allows(self, namespace: str, labels: Mapping[str, str], target: Target, *, any_name: bool = False) -> bool:
        by_label = bool(self.namespace_selector) and self.namespace_selector.items() <= labels.items()
        return (
            (by_label or _fits(namespace, self.namespaces))
            and any(matches(target.resource, pattern.lower()) for pattern in self.targets)
            and (any_name or _fits(target.name, self.names))
        )


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """`spec` holds all as written, `endpoint` is empty where the type's default holds. `ca_bundle`: PEM certificates of
    authorities to trust besides the system's; `details_url`: a template, see details.py; `allowances`: what is known of
    the service's limits, see allowance.py; `standing`: whether it works, see standing.py."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    generation: int
    type: str
    endpoint: str
    grants: tuple[Grant, ...]
    spec: dict[str, Any]
    ca_bundle: str = ""
    proxy: str = ""
    details_url: str = ""
    allowances: tuple[Allowance, ...] = ()
    standing: Standing = Standing()

    @property
    def path(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def selects_namespaces(self) -> bool:
        return any(grant.namespace_selector for grant in self.grants)

    def same_spec(self, other: "Provider") -> bool:
        """Whether at most its metadata and its status differ."""
        return (self.uid, self.generation, self.spec) == (other.uid, other.generation, other.spec)

    def grants_to(self, namespace: str, labels: Mapping[str, str], target: Target, *, any_name: bool = False) -> bool:
        """`any_name`: as far as the target's name does not matter, or is looked at later."""
        return any(grant.allows(namespace, labels, target, any_name=any_name) for grant in self.grants)


class _Metadata(msgspec.Struct, rename="camel"):
    name: str
    namespace: str
    uid: str
    resource_version: str
    generation: int = 1


class _Selector(msgspec.Struct, rename="camel"):
    match_labels: dict[str, str] = {}


class _Grant(msgspec.Struct, rename="camel"):
    namespaces: tuple[str, ...] = ()
    namespace_selector: _Selector = msgspec.field(default_factory=_Selector)
    targets: tuple[str, ...] = ()
    names: tuple[str, ...] = ("*",)


class _Spec(msgspec.Struct, rename="camel"):
    type: str
    endpoint: str = ""
    grants: tuple[_Grant, ...] = ()
    ca_bundle: str = ""
    proxy: str = ""
    details_url: str = ""


class _Object(msgspec.Struct):
    metadata: _Metadata
    spec: msgspec.Raw
    status: msgspec.Raw = msgspec.Raw(b"{}")


_decoder = msgspec.json.Decoder(_Object)


def decode_provider(raw: bytes | msgspec.Raw) -> Provider:
    source = _decoder.decode(raw)
    spec = msgspec.json.decode(source.spec, type=_Spec)
    written = msgspec.json.decode(source.spec)
    return Provider(
        namespace=source.metadata.namespace,
        name=source.metadata.name,
        uid=source.metadata.uid,
        resource_version=source.metadata.resource_version,
        generation=source.metadata.generation,
        type=spec.type,
        endpoint=spec.endpoint.rstrip("/"),
        grants=tuple(
            Grant(
                namespaces=grant.namespaces,
                namespace_selector=grant.namespace_selector.match_labels,
                targets=grant.targets,
                names=grant.names,
            )
            for grant in spec.grants
        ),
        spec=written,
        ca_bundle=written.get("caBundle", ""),  # up to 256 KiB: not a copy
        proxy=spec.proxy.rstrip("/"),
        details_url=spec.details_url,
        allowances=decode_allowances(source.status),
        standing=decode_standing(source.status),
    )


@dataclass(frozen=True, kw_only=True)
class Need:
    """Who wants to show what where. `name` is the annotation `provider`, if there is one; `any_name`: whether the
    integration itself looks at the target's name (Integration.resolves_names); `within`: the only namespace whose
    Provider is meant, where it isn't empty: a run's own namespace can't put another one in its place."""

    types: tuple[str, ...]
    namespace: str
    labels: Mapping[str, str]
    target: Target
    name: str = ""
    any_name: bool = False
    within: str = ""


def choose(providers: Iterable[Provider], shared: str, need: Need) -> Provider:
    """The Provider for a run: of a fitting type, in the run's own namespace or the shared one, with a grant.

    The run's own namespace goes before the shared one. Raises PermanentError that says what to change.
    """
    types, namespace, target, name = need.types, need.namespace, need.target, need.name
    fitting = [p for p in providers if p.type in types and p.namespace in (namespace, shared)]
    if name:
        fitting = [p for p in fitting if p.name == name and need.within in ("", p.namespace)]
    if not fitting:
        named = f" named {name!r}" if name else ""
        raise PermanentError(
            "NoProvider",
            f"there is no Provider of type {' or '.join(types)}{named} in namespace {namespace} or {shared}; "
            "create one, or ask your administrator for a shared one",
        )
    granting = [p for p in fitting if p.grants_to(namespace, need.labels, target)]
    if need.any_name and not granting:
        granting = [p for p in fitting if p.grants_to(namespace, need.labels, target, any_name=True)]
    if not granting:
        raise PermanentError(
            "NotGranted",
            f"no grant in Provider {_listed(fitting)} lets namespace {namespace} show {target.name!r} at "
            f"{target.resource}; add the namespace, target and name to its spec.grants",
        )
    own = [p for p in granting if p.namespace == namespace] or granting
    if len(own) > 1:
        raise PermanentError(
            "AmbiguousProvider",
            f"more than one Provider grants this: {_listed(own)}; name one in the annotation "
            f"<integration>.{annotations.DOMAIN}/{annotations.PROVIDER}",
        )
    return own[0]


def _listed(providers: Iterable[Provider]) -> str:
    first, *rest = sorted(p.path for p in providers)
    shown = [first, *rest[: NAMED - 1]]
    return ", ".join(shown) + (f" and {len(rest) + 1 - NAMED} more" if len(rest) >= NAMED else "")


def fingerprint(providers: Iterable[Provider], types: tuple[str, ...]) -> str:
    """Changes when one of the Providers that a run could use does: then what was given up is tried again."""
    return ",".join(sorted(f"{p.uid}:{p.generation}" for p in providers if p.type in types))
