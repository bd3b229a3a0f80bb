"""A real etcd and kube-apiserver on loopback, for as long as a `with` block lasts; RBAC and the audit log are on."""

import asyncio
import json
import ssl
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar, Self

import aiohttp

from . import control_plane
from .api import Api, ApiError, polled
from .apply import Manifest, apply
from .binaries import find
from .control_plane import HOST, Layout, layout
from .process import Child

TEKTON_CRDS = Path(__file__).parent / "crds"
READY_SECONDS = 90.0
TOKEN_SECONDS = 24 * 3600


class CommandError(Exception):
    """kubectl failed; the message is what it wrote to stderr."""


class TestBed:
    """One API server. Open it with `TestBed.started()`; several may run at once."""

    __test__ = False  # not a class of tests, whatever pytest makes of its name
    APISERVER: ClassVar[Sequence[str]] = ()  # flags of kube-apiserver besides those that all beds have
    ENVIRONMENT: ClassVar[Mapping[str, str]] = {}  # of kube-apiserver, added to this process's own

    def __init__(self, files: Layout, api: Api, stack: AsyncExitStack) -> None:
        self.directory = files.folder
        self.url = files.url
        self.host, self.port = HOST, files.port
        self.ca_file = files.authority.file
        self.api = api
        self.admin_kubeconfig = control_plane.kubeconfig(files, files.folder / "admin.kubeconfig", files.admin_token)
        self._files = files
        self._stack = stack
        self._etcd: Child | None = None
        self._apiserver: Child | None = None
        self._audit: list[dict[str, Any]] = []
        self._audit_offset = 0

    @classmethod
    @asynccontextmanager
    async def started(
        cls, *, controller_manager: bool = False, manifests: Sequence[Path | str | Manifest] = ()
    ) -> AsyncIterator[Self]:
        """Starts etcd and kube-apiserver, waits until ready, applies `manifests`, then starts the rest.

        The garbage collector learns of a new kind only every 30 s, and of those in `manifests` at once.
        Raises StartError. All processes and the folder are gone afterwards.
        """
        async with AsyncExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="tekton-testbed-"))
            files = layout(Path(folder))
            tls = ssl.create_default_context(cafile=files.authority.file)
            opened = Api.opened(files.url, token=files.admin_token, context=tls)
            bed = cls(files, await stack.enter_async_context(opened), stack)
            stack.push_async_callback(bed.stop_etcd)
            await bed.start_etcd()
            stack.push_async_callback(bed.stop_apiserver)
            await bed.start_apiserver()
            await bed.apply(*manifests)
            if controller_manager:
                await bed.start_controller_manager()
            yield bed

    async def start_etcd(self) -> None:
        """Starts etcd on the port and the data it had before. Who asks too early is told to come again."""
        command = control_plane.etcd(await find("etcd"), self._files)
        self._etcd = await Child.started(command, self.directory / "etcd.log")

    async def stop_etcd(self, *, kill: bool = False) -> None:
        if self._etcd is not None:
            child, self._etcd = self._etcd, None
            await (child.kill() if kill else child.stop())

    async def start_controller_manager(self) -> None:
        """Starts garbage collection and the deletion of namespaces."""
        binary = await find("kube-controller-manager")
        await self._spawn(control_plane.controller_manager(binary, self._files))

    async def _spawn(self, command: list[str]) -> None:
        child = await Child.started(command, self.directory / f"{Path(command[0]).name}.log")
        self._stack.push_async_callback(child.stop)

    async def start_apiserver(self) -> None:
        """Starts kube-apiserver on the port and the data it had before, and waits until it is ready."""
        command = control_plane.apiserver(await find("kube-apiserver"), self._files)
        log = self.directory / "kube-apiserver.log"
        self._apiserver = await Child.started([*command, *self.APISERVER], log, self.ENVIRONMENT)
        await self._ready(self._apiserver)

    async def stop_apiserver(self, *, kill: bool = False) -> None:
        """Ends kube-apiserver (`kill`: with -9, so that connections break off); etcd and its data stay."""
        if self._apiserver is not None:
            child, self._apiserver = self._apiserver, None
            await (child.kill() if kill else child.stop())

    async def restart_apiserver(self, *, kill: bool = False) -> None:
        await self.stop_apiserver(kill=kill)
        await self.start_apiserver()

    async def _ready(self, child: Child) -> None:
        try:
            await polled(lambda: self._answers(child), READY_SECONDS)
        except TimeoutError:
            raise child.error(f"was not ready after {READY_SECONDS:.0f} s") from None

    async def _answers(self, child: Child) -> bool:
        child.check()
        try:
            await self.request("GET", "/readyz")
            await self.request("GET", "/api/v1/namespaces/kube-system")
        except (ApiError, aiohttp.ClientError, ConnectionError):
            return False
        return True

    async def request(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """A request as admin. Returns the parsed JSON; raises ApiError(status, reason, message)."""
        return await self.api.request(method, path, body, headers)

    async def apply(self, *sources: Path | str | Manifest) -> list[Manifest]:
        """Applies dicts, YAML files and folders; see apply.py."""
        return await apply(self.api, sources)

    async def token(self, namespace: str, name: str) -> str:
        """A ServiceAccount's token, valid for a day. The ServiceAccount must exist."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
        answer = await self.request("POST", path, {"spec": {"expirationSeconds": TOKEN_SECONDS}})
        return str(answer["status"]["token"])

    async def service_account_kubeconfig(self, namespace: str, name: str) -> Path:
        token = await self.token(namespace, name)
        path = self.directory / f"{namespace}-{name}.kubeconfig"
        return control_plane.kubeconfig(self._files, path, token, namespace)

    async def service_account_directory(self, namespace: str, name: str) -> Path:
        """A folder laid out like the one mounted into a pod: `token`, `ca.crt`, `namespace`."""
        folder = self.directory / "serviceaccounts" / namespace / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "token").write_text(await self.token(namespace, name))
        (folder / "ca.crt").write_bytes(self.ca_file.read_bytes())
        (folder / "namespace").write_text(namespace)
        return folder

    @property
    def apiserver_pid(self) -> int:
        assert self._apiserver is not None, "kube-apiserver was stopped"
        return self._apiserver.pid

    @property
    def etcd_url(self) -> str:
        return f"http://{HOST}:{self._files.etcd_port}"

    @property
    def service_environment(self) -> dict[str, str]:
        """The variables by which a process in a pod finds the API server."""
        return {"KUBERNETES_SERVICE_HOST": self.host, "KUBERNETES_SERVICE_PORT": str(self.port)}

    async def kubectl_command(self, *args: str) -> list[str]:
        """The command line of kubectl as admin, for a caller that wants to follow what it prints."""
        config = f"--kubeconfig={self.admin_kubeconfig}"
        return [str(await find("kubectl")), config, f"--cache-dir={self.directory / 'kubectl'}", *args]

    async def kubectl(self, *args: str, check: bool = True) -> str:
        """What kubectl prints, run as admin. Raises CommandError; with `check=False` returns stderr as well."""
        errors = asyncio.subprocess.PIPE if check else asyncio.subprocess.STDOUT
        process = await asyncio.create_subprocess_exec(
            *await self.kubectl_command(*args), stdout=asyncio.subprocess.PIPE, stderr=errors
        )
        output, error = await process.communicate()
        if check and process.returncode:
            raise CommandError(f"kubectl {' '.join(args)}: {error.decode()}")
        return output.decode()

    def audit(self, *, user: str | None = None, verbs: Sequence[str] = (), resource: str | None = None) -> list[Any]:
        """The audit log's entries of finished requests so far, oldest first, narrowed down as asked.

        `user` is a user name (`system:serviceaccount:<namespace>:<name>`), `resource` a plural.
        An entry is written when its answer is complete, which may be just after the client has it.
        """
        self._read_audit_log()
        return [
            entry
            for entry in self._audit
            if (user is None or entry["user"]["username"] == user)
            and (not verbs or entry["verb"] in verbs)
            and (resource is None or entry.get("objectRef", {}).get("resource") == resource)
        ]

    def _read_audit_log(self) -> None:
        if not self._files.audit_log.exists():
            return
        with self._files.audit_log.open("rb") as file:
            file.seek(self._audit_offset)
            for line in file:
                if not line.endswith(b"\n"):
                    break  # being written: read it next time
                self._audit_offset += len(line)
                entry = json.loads(line)
                if entry["stage"] == "ResponseComplete":
                    self._audit.append(entry)
