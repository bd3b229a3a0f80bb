"""The runs of one random example, in a namespace of their own, and what is asked of them and done to them."""

import itertools
from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hack import objects
from hack.controller import NAMESPACE
from hack.testbed import ApiError, TestBed
from hack.testbed.api import PATCHES, polled
from tekton_integrations.record import Record, RunRef, external_id, record_name
from tests.e2e import bodies
from tests.e2e.inside import Access, Inside
from tests.e2e.known import ASKS, OWN, PATHS, Known, Wanted
from tests.e2e.stage import GROUP, USER, Stage
from tests.fakes.echo import Receiver
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
    receiver: Receiver
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

    async def create(self, wanted: Wanted) -> Known:
        body = bodies.run(self.namespace, wanted)
        if wanted.parent and wanted.listed:
            await self._list(wanted.parent, body["metadata"]["name"], wanted.kind)
        made = (await self.bed.request("POST", self._collection(wanted.kind), body))["metadata"]
        version, name, uid = body["apiVersion"], made["name"], made["uid"]
        run = self._known(wanted, RunRef(api_version=version, kind=wanted.kind, name=name, uid=uid))
        run.created = datetime.fromisoformat(made["creationTimestamp"]).timestamp()
        self.runs.append(run)
        self.slots[wanted.slot] = run
        return run

    async def _list(self, parent: Known, child: str, kind: str) -> None:
        """Before the child is there, so that nobody finds it unlisted."""
        parent.has_child = True
        references = [{"name": child, "kind": kind, "pipelineTaskName": child}]
        await self.bed.api.patch(f"{self._path(parent)}/status", {"status": {"childReferences": references}}, "merge")

    def _known(self, wanted: Wanted, reference: RunRef) -> Known:
        github, heard = (
            external_id(Record(namespace=self.namespace, name="", run=reference, integration=integration))
            for integration in ("github", "milestones")
        )
        return Known(
            slot=wanted.slot,
            kind=wanted.kind,
            name=reference.name,
            uid=reference.uid,
            ask=wanted.ask,
            external_id=github,
            heard_as=heard,
            heard=wanted.heard and not wanted.listed,
            parent=wanted.parent,
            silent=wanted.listed and wanted.ask != OWN,
            has_shared=ASKS[wanted.ask].shared,
        )

    async def set_status(self, run: Known, status: str) -> None:
        """Who has a child has started, and is no invalid one."""
        status = "failed" if status == "invalid" and run.has_child else status
        body = bodies.status(run, status)
        await self.bed.api.patch(f"{self._path(run)}/status", {"status": body}, "merge")
        run.status = status

    async def patch(self, run: Known, metadata: Mapping[str, Any]) -> None:
        await self.bed.api.patch(self._path(run), {"metadata": metadata}, "merge")

    async def delete(self, run: Known) -> None:
        """And its children, as the garbage collector would: perhaps that was faster."""
        for each in [run, *self.children(run)]:
            with suppress(ApiError) if each is not run else nullcontext():
                await self.bed.request("DELETE", self._path(each))
            each.exists = False
            del self.slots[each.slot]
            self.excuse(each)

    def children(self, run: Known) -> list[Known]:
        return [each for each in self.slots.values() if each.parent is run]

    def _path(self, run: Known) -> str:
        return f"{self._collection(run.kind)}/{run.name}"

    def _collection(self, kind: str) -> str:
        version, plural, _ = PATHS[kind]
        return f"/apis/{version}/namespaces/{self.namespace}/{plural}"

    def sha(self, number: int) -> str:
        return bodies.sha(self.namespace, number)

    def annotations(self, ask: str) -> dict[str, str]:
        return bodies.annotations(self.namespace, ASKS[ask])

    # --- records

    @property
    def records_path(self) -> str:
        return f"{GROUP}/namespaces/{self.namespace}/integrationstatuses"

    async def records(self) -> list[Object]:
        found: list[Object] = (await self.bed.request("GET", self.records_path))["items"]
        return found

    async def edit(self, run: Known, how: str) -> None:
        """Deletes the record for GitHub, takes its memory, makes it remember what is not there, or has it say that all
        is done; or gives each record of the run a label. Raises ApiError."""
        if run.heard and how == "label":
            await self._edit(run, how, "milestones")
        # Nothing but the memory tells whose a commit status is.
        await self._edit(run, "label" if ASKS[run.ask].shared and how != "delete" else how, "github")

    async def _edit(self, run: Known, how: str, integration: str) -> None:
        path = f"{self.records_path}/{record_name(run.name, run.uid, integration)}"
        if how == "delete":
            run.forgotten = True
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

    def excuse(self, changed: Known | None = None) -> None:
        """`changed`: where it was shown, only its record told."""
        if not self.granted:
            for run in self.runs:
                run.excused = True
        if changed and changed.forgotten:
            changed.excused = True

    async def start(self) -> None:
        self.controllers.append(await Inside.started(self.access, self.namespace))

    async def crash(self) -> None:
        """The first controller dies; there is always one."""
        self.miss()
        await self.controllers.pop(0).kill()
        if not self.controllers:
            await self.start()

    def miss(self) -> None:
        """What only a controller that ends now may know is lost."""
        for run in self.runs:
            run.missed = True

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
        for run in self.runs:
            run.forgotten = False
