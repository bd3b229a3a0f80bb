"""A whole installation for one test: GitHub's look-alike, a Provider, and the controller as a process of its own."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

from hack import objects
from hack.controller import NAMESPACE, SERVICE_ACCOUNT, Controller, Place, Pod
from hack.player import Player
from hack.testbed import TestBed
from hack.testbed.api import ApiError, polled
from tests.e2e.forked import FORKED
from tests.fakes.github import CheckRun, GitHub
from tests.fakes.github.call import Call

GROUP = objects.PATH
USER = f"system:serviceaccount:{NAMESPACE}:{SERVICE_ACCOUNT}"
REPOSITORY = "acme/api"
SHA = "3f786850e387550fdab836ed7e6dc881de23001b"
RUNS = "/apis/tekton.dev/v1/pipelineruns"
TASK_RUNS = "/apis/tekton.dev/v1/taskruns"
CUSTOM_RUNS = "/apis/tekton.dev/v1beta1/customruns"
WRITES = ("create", "update", "patch", "delete", "deletecollection")


class Stage:
    """Everything that a test needs to see. The App is installed on acme/api, and granted to all namespaces."""

    def __init__(self, bed: TestBed, github: GitHub, player: Player, pod: Pod, logs: Path) -> None:
        self.bed = bed
        self.github = github
        self.player = player
        self.pod = pod
        self.log = logs / "controller.log"
        self.app = github.add_app(7)
        github.add_repository(REPOSITORY, installation_of=self.app, permissions={"checks": "write"})
        github.accept_any_commit(REPOSITORY)

    @classmethod
    @asynccontextmanager
    async def set(cls, bed: TestBed, logs: Path, *, limits: bool = True) -> AsyncIterator[Self]:
        pod = Pod(await bed.service_account_directory(NAMESPACE, SERVICE_ACCOUNT), bed.service_environment)
        async with GitHub.started(limits=limits) as github, Player.connected(bed.admin_kubeconfig) as player:
            stage = cls(bed, github, player, pod, logs)
            await stage.clear()  # of tests that had no stage
            await bed.apply(objects.github_app_secret(NAMESPACE, "github-app", stage.app.private_key_pem))
            await stage.provide(objects.grant("*", targets=["acme/*"]))
            try:
                yield stage
            finally:
                await bed.request("DELETE", f"{GROUP}/namespaces/{NAMESPACE}/providers/github")
                await stage.clear()
                found = await bed.request("GET", f"{GROUP}/namespaces/{NAMESPACE}/integrations")
                await stage.forget(*({each["metadata"]["name"] for each in found["items"]} - {"github"}))

    async def clear(self) -> None:
        """Leaves no runs and records to the next test's controller; namespaces take seconds to go."""
        for kind in (RUNS, TASK_RUNS, CUSTOM_RUNS, f"{GROUP}/integrationstatuses"):
            found = await self.bed.request("GET", kind)
            for namespace in {item["metadata"]["namespace"] for item in found["items"]}:
                root, _, plural = kind.rpartition("/")
                await self.bed.request("DELETE", f"{root}/namespaces/{namespace}/{plural}")

    async def forget(self, *integrations: str) -> None:
        """Of controllers that have ended: to the next test they are not installed."""
        for name in integrations:
            await self.bed.request("DELETE", f"{GROUP}/namespaces/{NAMESPACE}/integrations/{name}")

    async def provide(self, *grants: dict[str, Any]) -> None:
        """Makes or changes the shared Provider."""
        provider = objects.github_app(
            NAMESPACE, "github", app_id=7, secret="github-app", endpoint=self.github.url, grants=grants
        )
        await self.bed.apply(provider)

    @asynccontextmanager
    async def controller(self, *arguments: str, place: Place = FORKED) -> AsyncIterator[Controller]:
        async with Controller.started(self.pod, self.log, arguments=arguments, place=place) as controller:
            yield controller

    async def start_controller(self, *arguments: str, place: Place = FORKED) -> Controller:
        """One that the test itself ends, or kills."""
        return await Controller.start(self.pod, self.log, arguments=arguments, place=place)

    @property
    def calls(self) -> list[Call]:
        """GitHub's, but for those that only try the credential, and come whenever that is due."""
        return [each for each in self.github.requests if each.path not in ("/app", "/rate_limit")]

    def checks(self, sha: str = SHA, repository: str = REPOSITORY) -> list[CheckRun]:
        return self.github.check_runs(repository, sha)

    async def records(self, namespace: str) -> list[dict[str, Any]]:
        answer = await self.bed.request("GET", f"{GROUP}/namespaces/{namespace}/integrationstatuses")
        found: list[dict[str, Any]] = answer["items"]
        return found

    async def record(self, namespace: str, *, integration: str = "github") -> dict[str, Any]:
        """The only record of the integration; waits until it is there."""

        async def probe() -> dict[str, Any] | None:
            found = [r for r in await self.records(namespace) if r["spec"]["integration"] == integration]
            assert len(found) <= 1
            return found[0] if found else None

        return await polled(probe)

    async def until_record(
        self,
        namespace: str,
        condition: Callable[[dict[str, Any]], bool],
        *,
        seconds: float = 30,
        integration: str = "github",
    ) -> dict[str, Any]:
        """The record, once `condition` holds for it."""

        async def probe() -> dict[str, Any] | None:
            record = await self.record(namespace, integration=integration)
            return record if condition(record) else None

        return await polled(probe, seconds)

    async def reported(self, namespace: str, *, seconds: float = 30) -> dict[str, Any]:
        return await self.until_record(namespace, lambda r: condition(r)["status"] == "True", seconds=seconds)

    async def failed(self, namespace: str, reason: str, *, integration: str = "github") -> dict[str, Any]:
        def holds(record: dict[str, Any]) -> bool:
            return (condition(record)["status"], condition(record)["reason"]) == ("False", reason)

        return await self.until_record(namespace, holds, integration=integration)

    async def all_reported(self, namespace: str, count: int, seconds: float = 60) -> None:
        async def probe() -> bool:
            records = await self.records(namespace)
            return len(records) == count and all(condition(r)["status"] == "True" for r in records)

        await polled(probe, seconds)

    async def events(self, namespace: str, kind: str = "") -> list[dict[str, Any]]:
        """Our own Events, of type `kind` if given."""
        answer = await self.bed.request("GET", f"/api/v1/namespaces/{namespace}/events")
        ours = [e for e in answer["items"] if e["source"].get("component") == "tekton-integrations"]
        return [event for event in ours if kind in ("", event["type"])]

    async def told(self, namespace: str, kind: str = "") -> list[dict[str, Any]]:
        """Our own Events, once there are any: what a record says is told after it is written."""
        return await polled(lambda: self.events(namespace, kind))

    async def gone(self, path: str, seconds: float = 60) -> None:
        """Returns when there is no such object any more."""

        async def probe() -> bool:
            try:
                await self.bed.request("GET", path)
            except ApiError as error:
                return error.status == 404
            return False

        await polled(probe, seconds)

    def writes(self, namespace: str, resource: str) -> list[dict[str, Any]]:
        """The controller's writes, from the audit log."""
        entries = self.bed.audit(user=USER, verbs=WRITES, resource=resource)
        return [entry for entry in entries if entry["objectRef"].get("namespace") == namespace]


def condition(record: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = record["status"]["conditions"][0]
    return found


def run_path(namespace: str, name: str) -> str:
    return f"/apis/tekton.dev/v1/namespaces/{namespace}/pipelineruns/{name}"
