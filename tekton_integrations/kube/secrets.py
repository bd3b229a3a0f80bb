"""Credentials: Secrets that say they are meant for us, read by name when needed and kept for minutes.

A Provider's author must not be able to have us send just any Secret of the namespace to an endpoint of theirs, so
a Secret opts in: by its type, or by a label that names the Provider.
"""

import asyncio
import base64
import time
from collections.abc import Callable
from typing import Any

import msgspec

from tekton_integrations.annotations import DOMAIN
from tekton_integrations.errors import TemporaryError
from tekton_integrations.integration import Credential, ProviderType, SecretSource
from tekton_integrations.kube.client import ApiError, KubeClient, collection
from tekton_integrations.log import hide
from tekton_integrations.provider import Provider

MAX_AGE = 300.0
# Nobody watches Secrets, so a correction is found by looking again.
RETRY = 30.0
PROVIDER_LABEL = f"{DOMAIN}/provider"


class _Metadata(msgspec.Struct, rename="camel"):
    resource_version: str
    labels: dict[str, str] = {}


class _Secret(msgspec.Struct):
    metadata: _Metadata
    type: str = ""
    data: dict[str, str] = {}


class Credentials:
    """Credentials of Providers, cached by Provider."""

    def __init__(self, client: KubeClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._cache: dict[str, tuple[float, int, Credential]] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._handlers: list[Callable[[Provider], None]] = []

    def on_change(self, handler: Callable[[Provider], None]) -> None:
        """Calls `handler` with each Provider one of whose Secrets is another one now."""
        self._handlers.append(handler)

    def forget(self, provider: Provider) -> None:
        """A Secret of it is another one now."""
        self.renew(provider)
        for handler in self._handlers:
            handler(provider)

    def renew(self, provider: Provider) -> None:
        """The service refused the credential: read it anew."""
        self._cache.pop(provider.uid, None)

    async def get(self, provider: Provider, kind: ProviderType) -> Credential:
        """Raises TemporaryError that says what is wrong with the Provider or its Secrets."""
        # All workers wait for one reading instead of doing it each.
        async with self._locks.setdefault(provider.uid, asyncio.Lock()):
            cached = self._cache.get(provider.uid)
            if cached and cached[1] == provider.generation and self._clock() - cached[0] < MAX_AGE:
                return cached[2]
            credential = await self._read(provider, kind)
            self._cache[provider.uid] = (self._clock(), provider.generation, credential)
            return credential

    async def _read(self, provider: Provider, kind: ProviderType) -> Credential:
        settings = settings_of(provider, kind)
        secrets, versions = {}, []
        for field in msgspec.structs.fields(kind.settings):
            source = getattr(settings, field.name)
            if isinstance(source, SecretSource):
                secrets[field.name], version = await self._secret(provider, source)
                versions.append(version)
        return Credential(
            type=provider.type,
            endpoint=provider.endpoint or kind.endpoint,
            settings=settings,
            secrets=secrets,
            version="/".join([provider.uid, str(provider.generation), *versions]),
        )

    async def _secret(self, provider: Provider, source: SecretSource) -> tuple[bytes, str]:
        name, key = source.secret_ref.name, source.secret_ref.key
        where = f"Secret {provider.namespace}/{name} of Provider {provider.path}"
        try:
            raw = await self._client.get(f"{collection('v1', 'secrets', provider.namespace)}/{name}")
        except ApiError as error:
            cure = {
                403: f"we may not read it; bind the role tekton-integrations-secrets in {provider.namespace}",
                404: "it does not exist",
            }.get(error.status, error.message)
            needs_help = error.status in (403, 404)
            raise TemporaryError("CredentialUnavailable", f"{where}: {cure}", RETRY, needs_help=needs_help) from error
        secret = msgspec.json.decode(raw, type=_Secret)
        if secret.type != f"{DOMAIN}/{provider.type}" and secret.metadata.labels.get(PROVIDER_LABEL) != provider.name:
            raise TemporaryError(
                "SecretNotOffered",
                f"{where} is not meant for it; give it the type {DOMAIN}/{provider.type} "
                f"or the label {PROVIDER_LABEL}={provider.name}",
                RETRY,
                needs_help=True,
            )
        keys = [key] if key else list(secret.data)
        if len(keys) != 1 or keys[0] not in secret.data:
            wanted = f"has no key {key!r}" if key else "has not exactly one key; name it in secretRef.key"
            raise TemporaryError("CredentialUnavailable", f"{where} {wanted}", RETRY, needs_help=True)
        value = base64.b64decode(secret.data[keys[0]])
        hide(value)
        return value, secret.metadata.resource_version


def settings_of(provider: Provider, kind: ProviderType) -> Any:
    """The Provider's block of settings. Raises TemporaryError(InvalidProvider)."""
    try:
        return msgspec.convert(provider.spec.get(kind.block, {}), kind.settings)
    except msgspec.ValidationError as error:
        message = f"Provider {provider.path}, spec.{kind.block}: {error}"
        raise TemporaryError("InvalidProvider", message, RETRY, needs_help=True) from error
