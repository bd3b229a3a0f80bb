"""A cluster in which a run is shown, or not, for each reason there is: made at once, looked at by one controller."""

import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Self

from hack import objects
from hack.controller import NAMESPACE, Controller
from hack.testbed.api import polled
from hack.testbed.process import free_port
from tests.e2e.served import may_read_logs
from tests.e2e.stage import GROUP, Stage, condition, run_path
from tests.fakes.github import SecondaryLimit, ServerError

Object = dict[str, Any]
OURS = "integrations.tekton.dev"
PREFIX = f"github.{OURS}"
LONG_AGO = "2020-02-02T02:02:02Z"
NO_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n"
TEKTON = "tekton-pipelines-controller"
# Open reports by Notifications in one namespace.
CAP = 4
# Owner of the repositories → the Provider of a token that has them, for what goes wrong with one.
TOKENS = {
    "missing": ("CredentialUnavailable", None),
    "refused": ("CredentialRefused", {"type": f"{OURS}/GitHubToken"}),
    "unoffered": ("SecretNotOffered", {"type": "Opaque"}),
}


def sha(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:40]


def asking(run: str, /, **changes: str | None) -> dict[str, str]:
    """What asks for a check; None leaves a key out."""
    values: dict[str, str | None] = {"owner": "acme", "repo": "api", "sha": sha(run), **changes}
    return {f"{PREFIX}/{key.replace('_', '-')}": value for key, value in values.items() if value is not None}


DONE, RED, GOING = ("True", "Succeeded"), ("False", "Failed"), ("Unknown", "Running")


def standing(status: str, reason: str, at: str = "") -> Object:
    """As Tekton says it; `at` is now unless given."""
    at = at or datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    condition = {"type": "Succeeded", "status": status, "reason": reason, "message": "", "lastTransitionTime": at}
    times = {"startTime": at} | ({"completionTime": at} if status != "Unknown" else {})
    return {"conditions": [condition], **times}


class Causes:
    """Of one namespace; `crowd` is another, for what is counted in a whole one."""

    def __init__(self, stage: Stage, namespace: str, crowd: str) -> None:
        self.stage = stage
        self.namespace = namespace
        self.crowd = crowd
        # What `why` said before there was any controller; the controller that came then.
        self.alone: tuple[int, list[Object]] = (0, [])
        self.controller: Controller
        # Of the service with the runs' pages, which sees what `why` sees.
        self.url = ""
        self._bed = stage.bed
        self._mess: list[str] = []

    @classmethod
    @asynccontextmanager
    async def made(cls, stage: Stage) -> AsyncIterator[Self]:
        names = [
            (await stage.bed.request("POST", "/api/v1/namespaces", {"metadata": {"generateName": "why-n"}}))[
                "metadata"
            ]["name"]
            for _ in range(2)
        ]
        causes = cls(stage, *names)
        try:
            yield causes
        finally:
            for path in [*causes._mess, *(f"/api/v1/namespaces/{name}" for name in names)]:
                await stage.bed.request("DELETE", path)

    async def run(
        self,
        name: str,
        annotations: Mapping[str, str] | None = None,
        status: tuple[str, str] | None = DONE,
        *,
        at: str = "",
        namespace: str = "",
        kind: str = "PipelineRun",
        spec: Object | None = None,
        **metadata: Any,
    ) -> Object:
        """Created by a person, and taken to its status by Tekton."""
        place = namespace or self.namespace
        path = f"/apis/tekton.dev/v1/namespaces/{place}/{kind.lower()}s"
        body = {
            "apiVersion": "tekton.dev/v1",
            "kind": kind,
            "metadata": {"name": name, "annotations": dict(annotations or {}), **metadata},
            "spec": spec or ({"pipelineSpec": {"tasks": []}} if kind == "PipelineRun" else {"taskSpec": {"steps": []}}),
        }
        made = await self._bed.request("POST", f"{path}?fieldManager=somebody", body)
        if status is not None:
            await self.take(f"{path}/{name}", {"podName": f"{name}-pod", **standing(*status, at)})
        return made

    async def take(self, path: str, status: Object) -> None:
        await self._bed.api.patch(f"{path}/status?fieldManager={TEKTON}", {"status": status}, "merge")

    def path(self, name: str) -> str:
        return run_path(self.namespace, name)

    async def reader(self, name: str, *rules: Object) -> str:
        """The kubeconfig of an account that may do this much in the namespace."""
        rbac = "rbac.authorization.k8s.io"
        metadata = {"name": name, "namespace": self.namespace}
        subject = {"kind": "ServiceAccount", **metadata}
        await self._bed.apply(
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
            {"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": metadata, "rules": list(rules)},
            {
                "apiVersion": f"{rbac}/v1",
                "kind": "RoleBinding",
                "metadata": metadata,
                "roleRef": {"apiGroup": rbac, "kind": "Role", "name": name},
                "subjects": [subject],
            },
        )
        return str(await self._bed.service_account_kubeconfig(self.namespace, name))

    async def notify(self, name: str, *, namespace: str = "", label: str = "", **spec: Any) -> None:
        """A Notification for the runs with the label `why: label`, by default its own name."""
        chosen = {"labelSelector": {"matchLabels": {"why": label or name}}, **spec.pop("filter", {})}
        body = {"providerRef": {"name": "github"}, "filter": chosen, **spec}
        place = namespace or self.namespace
        await self._bed.apply(objects.notification(place, name, body))
        self._mess.append(f"{GROUP}/namespaces/{place}/notifications/{name}")

    async def provide(self, name: str, spec: Object) -> None:
        await self._bed.apply(objects.provider(NAMESPACE, name, spec))
        self._mess.append(f"{GROUP}/namespaces/{NAMESPACE}/providers/{name}")

    async def providers(self) -> None:
        """Besides the stage's own: one for each thing that may be wrong with it, and two that grant the same."""
        await may_read_logs(self._bed, self.namespace)
        github, app = self.stage.github, self.stage.app
        github.add_repository("acme/empty", installation_of=app, permissions={"checks": "write"})
        github.add_repository("forbidden/api", installation_of=app, permissions={"checks": "read"})
        github.accept_any_commit("forbidden/api")
        await self.stage.provide(objects.grant("*", targets=["acme/*", "forbidden/*"]))
        for name, (_, kind) in TOKENS.items():
            await self.provide(name, self._token(name, name, github.url))
            if kind is not None:
                secret = objects.github_token_secret(NAMESPACE, name, "ghp_nobody")
                await self._hide(name, secret | kind)
        await self._hide("good", objects.github_token_secret(NAMESPACE, "good", "ghp_good"))
        github.add_token("ghp_good", repositories=self._repositories(), permissions={"statuses": "write"})
        for name in ("twin", "double"):
            await self.provide(name, self._token("twice", "good", github.url))
        for name in ("slow", "kept"):
            await self.provide(name, self._token(name, "good", github.url))
        await self.provide("down", self._token("down", "good", f"http://127.0.0.1:{free_port()}"))
        await self.provide("invalid", self._token("invalid", "good", github.url) | {"caBundle": NO_CERTIFICATE})
        github.faults.add("^POST /repos/slow/api/statuses", SecondaryLimit(retry_after=300), times=None)

    async def _hide(self, name: str, secret: Object) -> None:
        await self._bed.apply(secret)
        self._mess.append(f"/api/v1/namespaces/{NAMESPACE}/secrets/{name}")

    def _repositories(self) -> list[str]:
        names = ["slow/api", "kept/api"]
        for name in names:
            self.stage.github.add_repository(name)
            self.stage.github.accept_any_commit(name)
        return names

    def _token(self, owner: str, secret: str, url: str) -> Object:
        grants = [objects.grant(self.namespace, targets=[f"{owner}/*"])]
        block = {"githubToken": {"token": {"secretRef": {"name": secret}}}}
        return {"type": "GitHubToken", "endpoint": url, "grants": grants} | block

    def refuse(self, repository: str) -> None:
        """From now on, by an error of GitHub's own."""
        self.stage.github.faults.add(f"/repos/{repository}/", ServerError(503), times=None)

    async def until(self, wanted: Mapping[str, str]) -> None:
        """Until the records of these runs have these reasons."""

        async def probe() -> bool:
            found = {
                each["spec"]["runRef"]["name"]: condition(each)["reason"]
                for each in await self.stage.records(self.namespace)
            }
            missing = {name: reason for name, reason in wanted.items() if found.get(name) not in reason.split("|")}
            self.missing = {name: (reason, found.get(name)) for name, reason in missing.items()}
            return not missing

        try:
            await polled(probe, 40)
        except TimeoutError:
            raise AssertionError(f"wanted, and found: {self.missing}") from None
