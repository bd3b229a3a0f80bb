"""Where it is measured: a test bed, the look-alike, a Provider that leads there, and what a pod would find."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hack import objects
from hack.controller import NAMESPACE, SERVICE_ACCOUNT, Pod
from hack.testbed import TestBed
from tekton_integrations.kube.client import METADATA_ONLY

from . import driver, helpers
from .driver import Done, Write
from .load import RUNS, TASK_RUNS
from .lookalike import APP, OWNER, Lookalike

USER = f"system:serviceaccount:{NAMESPACE}:{SERVICE_ACCOUNT}"
# How the controller asks for the answers to its writes.
ACCEPT = METADATA_ONLY
# Of the driver, to the controller's 16 workers.
CONNECTIONS = 64
WRITES = ("create", "update", "patch", "delete")
# For a start with very many objects in the cluster.
START_SECONDS = 600.0


@dataclass(frozen=True, kw_only=True)
class Place:
    bed: TestBed
    github: Lookalike
    pod: Pod
    folder: Path

    @classmethod
    @asynccontextmanager
    async def prepared(cls, bed: TestBed, folder: Path) -> "AsyncIterator[Place]":
        """The Provider is gone afterwards, and so are all runs and records."""
        pod = Pod(await bed.service_account_directory(NAMESPACE, SERVICE_ACCOUNT), bed.service_environment)
        async with Lookalike.started(folder) as github:
            await bed.apply(
                objects.github_app_secret(NAMESPACE, "github-app", github.private_key_pem),
                _provider(github.url),
            )
            try:
                yield cls(bed=bed, github=github, pod=pod, folder=folder)
            finally:
                await bed.request("DELETE", objects.PROVIDER.format(NAMESPACE, "github"))

    @property
    def token(self) -> str:
        """The controller's: nobody else may write records."""
        return (self.pod.directory / "token").read_text()

    @asynccontextmanager
    async def namespace(self, prefix: str) -> AsyncIterator[str]:
        """A new one. Its runs and records are deleted at the end: a later controller would take them for its own."""
        made = await self.bed.request("POST", "/api/v1/namespaces", {"metadata": {"generateName": f"{prefix}-"}})
        name: str = made["metadata"]["name"]
        try:
            yield name
        finally:
            await self.pruned(name)
            await self.bed.request("DELETE", f"/api/v1/namespaces/{name}")

    async def pruned(self, namespace: str) -> None:
        """All runs of a namespace, what is below them, then their records, as the garbage collector does."""
        for resource in (RUNS, TASK_RUNS, objects.RECORDS):
            await self.bed.request("DELETE", resource.format(namespace))

    async def write(self, writes: list[Write]) -> list[Done]:
        """By the driver's process."""
        plan = driver.Plan(
            kubeconfig=str(self.bed.admin_kubeconfig), accept=ACCEPT, connections=CONNECTIONS, writes=writes
        )
        return await helpers.run("hack.bench.driver", plan, list[Done], self.folder)

    def made(self, namespace: str, resource: str, verbs: Sequence[str] = WRITES) -> int:
        """The controller's requests so far, refused ones as well, from the audit log."""
        entries = self.bed.audit(user=USER, verbs=verbs, resource=resource)
        return sum(entry["objectRef"].get("namespace") == namespace for entry in entries)


def _provider(url: str) -> dict[str, Any]:
    grants = [objects.grant("*", targets=[f"{OWNER}/*"])]
    return objects.github_app(NAMESPACE, "github", app_id=APP, secret="github-app", endpoint=url, grants=grants)
