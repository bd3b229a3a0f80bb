"""How to reach the API server: from a pod's mounted token, or from a kubeconfig.

kubernetes_asyncio understands kubeconfig files and exec plug-ins. It costs 74 MiB and most of a second, so it is
imported only outside a cluster.
"""

import abc
import asyncio
import os
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tekton_integrations.log import logger

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
# The kubelet rotates the mounted token well before it ends, so a copy may be a minute old.
TOKEN_AGE = 60.0
# Running an exec plug-in may cost a second; their tokens last a quarter of an hour at least.
RELOAD_AGE = 300.0
# Not more often than this, however often it is refused.
RETRY_AGE = 10.0


class ConfigError(Exception):
    """Tells the user what is missing."""


@dataclass(frozen=True)
class ClusterConfig:
    """`refused` is to be called when the API server no longer takes the token."""

    url: str
    ssl: ssl.SSLContext | None
    authorization: Callable[[], Awaitable[str]]
    refused: Callable[[], None] = lambda: None


async def load(kubeconfig: str | None, service_account: Path = SERVICE_ACCOUNT) -> ClusterConfig:
    """In a pod the pod's own account, unless a kubeconfig is named; else KUBECONFIG or ~/.kube/config."""
    if kubeconfig is None and "KUBERNETES_SERVICE_HOST" in os.environ:
        return in_cluster(service_account)
    return await from_kubeconfig(kubeconfig)


def own_namespace(kubeconfig: str | None, service_account: Path = SERVICE_ACCOUNT) -> str:
    """That of the pod, or of the kubeconfig's current context. Raises ConfigError."""
    if kubeconfig is None and "KUBERNETES_SERVICE_HOST" in os.environ:
        try:
            return (service_account / "namespace").read_text().strip()
        except OSError as error:
            raise ConfigError(
                f"{service_account}/namespace can't be read ({error.strerror}); name the namespace"
            ) from error
    from kubernetes_asyncio import config  # noqa: PLC0415  (heavy: see above)

    try:
        current: Any = config.list_kube_config_contexts(kubeconfig)[1]
        return str(current["context"].get("namespace") or "default")
    except Exception as error:  # as in from_kubeconfig
        raise ConfigError(f"no usable kubeconfig ({error}): set KUBECONFIG, or pass --kubeconfig") from error


def in_cluster(directory: Path = SERVICE_ACCOUNT) -> ClusterConfig:
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ.get("KUBERNETES_SERVICE_PORT", "443")
    host = f"[{host}]" if ":" in host else host
    try:
        context = ssl.create_default_context(cafile=str(directory / "ca.crt"))
        token = MountedToken(directory / "token")
        (directory / "token").read_bytes()
    except OSError as error:
        raise ConfigError(
            f"in a cluster, but {directory} can't be read ({error.strerror}): does the pod mount its token?"
        ) from error
    return ClusterConfig(f"https://{host}:{port}", context, token.header, token.refused)


class Token(abc.ABC):
    """A token that is read anew after `max_age` seconds, and sooner when it is refused."""

    def __init__(self, max_age: float) -> None:
        self._max_age = max_age
        self._header = ""
        self._read_at = 0.0
        self._due_at = 0.0
        self._lock = asyncio.Lock()

    @abc.abstractmethod
    async def read(self) -> str:
        """The value of the Authorization header."""

    async def header(self) -> str:
        async with self._lock:
            if time.monotonic() >= self._due_at:
                await self._renew()
            return self._header

    def refused(self) -> None:
        self._due_at = min(self._due_at, self._read_at + RETRY_AGE)

    async def _renew(self) -> None:
        self._read_at = time.monotonic()
        self._due_at = self._read_at + self._max_age
        try:
            self._header = await self.read()
        except Exception as error:  # see from_kubeconfig
            if not self._header:
                raise
            logger.warning("token not read again; the old one may still do", error=str(error))


class MountedToken(Token):
    def __init__(self, path: Path, max_age: float = TOKEN_AGE) -> None:
        super().__init__(max_age)
        self._path = path

    async def read(self) -> str:
        return f"Bearer {self._path.read_text().strip()}"


async def from_kubeconfig(path: str | None) -> ClusterConfig:
    """By the file's current context. Raises ConfigError."""
    token = KubeconfigToken(path)
    try:
        await token.header()
        url = str(token.configuration.host).rstrip("/")
        return ClusterConfig(url, _context(token.configuration), token.header, token.refused)
    except Exception as error:  # the file is the user's, and its parser lets errors of every kind through
        name = path or os.environ.get("KUBECONFIG") or "~/.kube/config"
        raise ConfigError(
            f"no usable kubeconfig ({name}: {error}): set KUBECONFIG, pass --kubeconfig, or run in a cluster"
        ) from error


class KubeconfigToken(Token):
    """An exec plug-in's tokens end, and only loading the file runs it again."""

    def __init__(self, path: str | None, max_age: float = RELOAD_AGE) -> None:
        super().__init__(max_age)
        self._path = path
        self.configuration: Any = None

    async def read(self) -> str:
        from kubernetes_asyncio import client, config  # noqa: PLC0415  (heavy: see above)

        configuration = client.Configuration()
        await config.load_kube_config(config_file=self._path, client_configuration=configuration)
        self.configuration = configuration
        return str(await configuration.get_api_key_with_prefix("BearerToken") or "")


def _context(configuration: object) -> ssl.SSLContext | None:
    host = str(getattr(configuration, "host", ""))
    if not host.startswith("https"):
        return None
    context = ssl.create_default_context(cafile=getattr(configuration, "ssl_ca_cert", None))
    if certificate := getattr(configuration, "cert_file", None):
        context.load_cert_chain(certificate, getattr(configuration, "key_file", None))
    if not getattr(configuration, "verify_ssl", True):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
