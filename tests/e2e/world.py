"""The runs of one random example, in a namespace of their own, and what is asked of them and done to them."""

import hashlib
import itertools
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from hack import objects
from hack.controller import NAMESPACE
from hack.testbed import ApiError, TestBed
from hack.testbed.api import PATCHES, polled
from tekton_integrations.record import Record, RunRef, external_id, record_name
from tests.e2e.inside import Access, Inside
from tests.e2e.known import ASKS, PATHS, STATUSES, Ask, Known
from tests.e2e.stage import GROUP, USER, Stage
from tests.fakes.github import Call, GitHub

Object = dict[str, Any]
LEASES = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases"
LEASE = f"{LEASES}/tekton-integrations-github"
# By the policy nobody but the controller writes records, by RBAC not even that does all that is done here.
AS_CONTROLLER = {"Impersonate-User": USER, "Impersonate-Group": "system:masters"}


@dataclass(eq=False)
class World:
    access: Access
    stage: Stage
    namespace: str
    # What must be true and is not.
    complaints: Callable[["World"], Awaitable[list[str]]]
    controllers: list[Inside] = field(default_factory=list)
    runs: list[Known] = field(default_factory=list)
    slots: dict[int, Known] = field(default_factory=dict)
    conflicts: int = 0
    fatal: bool = False
    granted: bool = True
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    @property
    def bed(self) -> TestBed:
        return self.stage.bed

    @property
    def github(self) -> GitHub:
        return self.stage.github

    def number(self) -> int:
        return next(self._numbers)

    # --- runs

    def pick(self, slot: int) -> Known | None:
        taken = sorted(self.slots)
        return self.slots[slot if slot in self.slots else taken[slot % len(taken)]] if taken else None

    async def create(self, slot: int, kind: str, ask: str) -> Known:
        version, plural, spec = PATHS[kind]
        metadata: Object = {"name": f"run-{slot}", "annotations": annotations(self, ASKS[ask])}
        body = {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}
        made = await self.bed.request("POST", f"/apis/{version}/namespaces/{self.namespace}/{plural}", body)
        reference = RunRef(api_version=version, kind=kind, name=metadata["name"], uid=made["metadata"]["uid"])
        record = Record(namespace=self.namespace, name="", run=reference, integration="github")
        run = Known(slot, kind, reference.name, reference.uid, ask, external_id(record))
        self.runs.append(run)
        self.slots[slot] = run
        return run

    async def set_status(self, run: Known, status: str) -> None:
        now, new = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"), STATUSES[status]
        body: Object = {"startTime": now} if new.rank > 1 else {}
        if run.kind == "TaskRun":
            body["podName"] = "" if status in ("pending", "invalid") else "pod"
        if new.rank > 2:
            body["completionTime"] = now
        if new.status:
            condition = {"type": "Succeeded", "status": new.status, "reason": new.reason, "lastTransitionTime": now}
            body["conditions"] = [condition]
        await self.bed.api.patch(f"{self._path(run)}/status", {"status": body}, "merge")
        run.status = status

    async def patch(self, run: Known, metadata: Mapping[str, Any]) -> None:
        await self.bed.api.patch(self._path(run), {"metadata": metadata}, "merge")

    async def delete(self, run: Known) -> None:
        await self.bed.request("DELETE", self._path(run))
        run.exists = False
        del self.slots[run.slot]
        self.excuse()

    def _path(self, run: Known) -> str:
        version, plural, _ = PATHS[run.kind]
        return f"/apis/{version}/namespaces/{self.namespace}/{plural}/{run.name}"

    def sha(self, number: int) -> str:
        return hashlib.sha256(f"{self.namespace} {number}".encode()).hexdigest()[:40]

    # --- records

    @property
    def records_path(self) -> str:
        return f"{GROUP}/namespaces/{self.namespace}/integrationstatuses"

    async def records(self) -> list[Object]:
        found: list[Object] = (await self.bed.request("GET", self.records_path))["items"]
        return found

    async def edit(self, run: Known, how: str) -> None:
        """Deletes a record, gives it a label, takes its memory, makes it remember what is not there, or has it say
        that all is done. Raises ApiError."""
        path = f"{self.records_path}/{record_name(run.name, run.uid, 'github')}"
        if how == "delete":
            await self.bed.request("DELETE", path, headers=AS_CONTROLLER)
            return
        changes: dict[str, Object] = {
            "label": {"metadata": {"labels": {"edited": str(self.number())}}},
            "forget": {"status": {"annotations": None}},
            "mislead": {"status": {"annotations": {"check-run-id": "999999"}}},
            "claim": {"status": {"inputDigest": "0" * 32, "intent": None, "verifyTime": None}},
        }
        await self.bed.request("PATCH", path, changes[how], AS_CONTROLLER | {"Content-Type": PATCHES["merge"]})

    async def on_write(self, _: Call) -> None:
        """GitHub has changed something, and the controller has not heard of it yet."""
        if self.fatal:
            self.fatal = False
            await self.crash()
        if self.conflicts > 0:
            self.conflicts -= 1
            for run in self.runs:
                try:
                    await self.edit(run, "label")
                except ApiError as error:
                    if error.status != 404:
                        raise

    # --- the rest

    async def grant(self) -> None:
        await self.stage.provide(objects.grant("*", targets=["acme/*"]))
        self.granted = True

    async def revoke(self, what: str) -> None:
        """Without a grant nothing is called, so what is left open now stays open."""
        if what == "grants":
            await self.stage.provide(objects.grant("nobody", targets=["acme/*"]))
        else:
            with suppress(ApiError):
                await self.bed.request("DELETE", f"{GROUP}/namespaces/{NAMESPACE}/providers/github")
        self.granted = False
        self.excuse()

    def excuse(self) -> None:
        if not self.granted:
            for run in self.runs:
                run.excused = True

    async def start(self) -> None:
        self.controllers.append(await Inside.started(self.access, self.namespace))

    async def crash(self) -> None:
        """The first controller dies; there is always one."""
        await self.controllers.pop(0).kill()
        if not self.controllers:
            await self.start()

    async def holder(self) -> str:
        """Who holds the Lease of GitHub; empty for nobody."""
        try:
            lease = await self.bed.request("GET", LEASE)
        except ApiError:
            return ""
        return str(lease["spec"].get("holderIdentity") or "")

    async def held_by_another(self, before: str) -> bool:
        return await self.holder() not in ("", before)

    def heal(self) -> None:
        for controller in self.controllers:
            controller.cuts.heal()

    async def converged(self, seconds: float) -> None:
        """Raises TimeoutError."""

        async def probe() -> bool:
            for controller in self.controllers:
                controller.check()
            return not await self.complaints(self)

        await polled(probe, seconds)


def annotations(world: World, ask: Ask) -> dict[str, str]:
    owner, _, repository = ask.repository.partition("/")
    values = {
        "owner": owner,
        "repo": repository,
        "sha": "" if ask.sha is None else world.sha(ask.sha),
        "name": ask.name,
    }
    return {f"github.integrations.tekton.dev/{key}": value for key, value in values.items() if value}
