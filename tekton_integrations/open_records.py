"""Open records: what a task of a pipeline, or a system elsewhere, says itself of a run (docs/decisions/0021). The
controller looks at none of them; manifests/base/policy.yaml holds whoever writes them to the same rules.
"""

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tekton_integrations.annotations import DOMAIN
from tekton_integrations.kube.client import ApiError, KubeClient, collection
from tekton_integrations.record import API_VERSION, KIND, RunRef, rfc3339

PLURAL = "integrationstatuses"
ROLE = "tekton-integrations-record"
# Kinds of runs: their version and their collection.
KINDS = {
    "PipelineRun": ("tekton.dev/v1", "pipelineruns"),
    "TaskRun": ("tekton.dev/v1", "taskruns"),
    "CustomRun": ("tekton.dev/v1beta1", "customruns"),
}
# Somebody else may be writing the same record.
ATTEMPTS = 10
_INTEGRATION = re.compile(r"([a-z0-9]([-a-z0-9]*[a-z0-9])?\.)+[a-z]{2,24}")
_RUN = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_URL = re.compile(r"https?://\S{1,2000}")
_REASON = re.compile(r"[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?")
_REASONS = {"True": "Succeeded", "False": "Failed", "Unknown": "InProgress"}
_MAX_MESSAGE = 4096
Object = dict[str, Any]


class OpenRecordError(Exception):
    """Says what to change."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What is to stand in the record. What is empty stays as it was; so do annotations that are not named, and one with
    an empty value goes."""

    namespace: str
    run: str
    integration: str
    kind: str = "PipelineRun"
    status: str = "Unknown"
    reason: str = ""
    message: str = ""
    url: str = ""
    annotations: Mapping[str, str] = {}

    @property
    def name(self) -> str:
        return f"{self.run}-{self.integration}"


def problem(entry: Entry) -> str:
    """What the policy, or the API server, would refuse; empty if nothing."""
    if not _INTEGRATION.fullmatch(entry.integration) or len(entry.integration) > 63 or _tektons(entry.integration):
        return (
            f"--integration {entry.integration!r} must be a domain name of yours, such as scan.example.com: names "
            "without a dot are those of integrations, and tekton.dev is not yours"
        )
    if entry.kind not in KINDS:
        return f"--kind {entry.kind!r} must be one of {', '.join(KINDS)}"
    if entry.status not in _REASONS:
        return f"--status {entry.status!r} must be True, False or Unknown"
    if not _RUN.fullmatch(entry.run):
        return f"{entry.run!r} can't be the name of a run"
    if entry.reason and not _REASON.fullmatch(entry.reason):
        return f"--reason {entry.reason!r} must be one word in CamelCase, such as PolicyViolated"
    if len(entry.message) > _MAX_MESSAGE:
        return f"--message has {len(entry.message)} characters; {_MAX_MESSAGE} are allowed"
    return "" if not entry.url or _URL.fullmatch(entry.url) else f"--url {entry.url!r} must be an http or https URL"


def _tektons(integration: str) -> bool:
    return integration == "tekton.dev" or integration.endswith(".tekton.dev")


def body(entry: Entry, run: RunRef, before: Object | None, now: float) -> Object:
    """The whole object; `before` is the one that it replaces. Pure."""
    known: Object = (before or {}).get("status", {})
    status = known | {"name": entry.integration, "conditions": [_condition(entry, known, now)]}
    if entry.url:
        status["url"] = entry.url
    kept = known.get("annotations", {}) | dict(entry.annotations)
    status["annotations"] = {key: value for key, value in kept.items() if value}
    ref = msgspec.to_builtins(run)
    label = f"tekton.dev/{run.kind[0].lower()}{run.kind[1:]}"
    metadata = {
        "namespace": entry.namespace,
        "name": entry.name,
        "labels": {label: run.name, f"{DOMAIN}/integration": entry.integration},
        "ownerReferences": [ref],
    }
    if before:
        metadata["resourceVersion"] = before["metadata"]["resourceVersion"]
    spec = {"runRef": ref, "integration": entry.integration}
    return {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "spec": spec, "status": status}


def _condition(entry: Entry, known: Object, now: float) -> Object:
    last: Object = next(iter(known.get("conditions", [])), {})
    same = last.get("status") == entry.status and "lastTransitionTime" in last
    return {
        "type": "Succeeded",
        "status": entry.status,
        "reason": entry.reason or _REASONS[entry.status],
        "message": entry.message,
        "lastTransitionTime": last["lastTransitionTime"] if same else rfc3339(now),
    }


class OpenRecords:
    def __init__(self, client: KubeClient, now: Callable[[], float] = time.time) -> None:
        self._client = client
        self._now = now

    async def keep(self, entry: Entry) -> str:
        """Makes or changes the record; gives its name. Raises OpenRecordError."""
        if found := problem(entry):
            raise OpenRecordError(found)
        run = await self._run(entry)
        for _ in range(ATTEMPTS):
            try:
                await self._write(entry, run)
            except ApiError as error:
                if error.status == 409:
                    continue  # somebody else was faster
                raise _explained(error, entry, f"write the record {entry.name}") from error
            return entry.name
        raise OpenRecordError(f"others write the record {entry.name} all the time; try again later")

    async def _write(self, entry: Entry, run: RunRef) -> None:
        records = collection(API_VERSION, PLURAL, entry.namespace)
        path = f"{records}/{entry.name}"
        before = await self._read(path)
        if before and before["spec"]["runRef"]["uid"] != run.uid:
            # Of a former run of this name: it would be collected in a moment.
            await self._client.delete(path, {"preconditions": {"uid": before["metadata"]["uid"]}})
            before = None
        made = body(entry, run, before, self._now())
        await (self._client.put(path, made) if before else self._client.post(records, made))

    async def _read(self, path: str) -> Object | None:
        try:
            found: Object = msgspec.json.decode(await self._client.get(path))
        except ApiError as error:
            if error.status == 404:
                return None
            raise
        return found

    async def _run(self, entry: Entry) -> RunRef:
        version, plural = KINDS[entry.kind]
        try:
            raw = await self._client.get(f"{collection(version, plural, entry.namespace)}/{entry.run}")
        except ApiError as error:
            if error.status == 404:
                where = f"namespace {entry.namespace}"
                raise OpenRecordError(f"there is no {entry.kind} {entry.run} in {where}; see -n and --kind") from error
            raise _explained(error, entry, f"read the {entry.kind} {entry.run}") from error
        uid = msgspec.json.decode(raw)["metadata"]["uid"]
        return RunRef(api_version=version, kind=entry.kind, name=entry.run, uid=uid)


def _explained(error: ApiError, entry: Entry, what: str) -> OpenRecordError:
    _, denied, why = error.message.partition("denied request: ")
    if denied:
        return OpenRecordError(f"may not {what}: {why}")
    if error.status == 403:
        account = f"an account of {entry.namespace}"
        return OpenRecordError(
            f"may not {what}: bind the ClusterRole {ROLE} to this account, which must be {account}, as by: kubectl "
            f"create rolebinding {ROLE} -n {entry.namespace} --clusterrole={ROLE} "
            f"--serviceaccount={entry.namespace}:default"
        )
    if error.status == 401:
        return OpenRecordError(f"can't {what}: the API server does not take our token or certificate")
    if error.status == 0:
        return OpenRecordError(f"can't {what}: the API server can't be reached ({error.message})")
    return OpenRecordError(f"can't {what}: {error.message}")
