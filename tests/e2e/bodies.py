"""What the runs of a random example are to the API server. Pure."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from tests.e2e.known import ASKS, PATHS, STATUSES, Ask, Known, Wanted
from tests.fakes.echo import asking

Object = dict[str, Any]


def sha(namespace: str, number: int) -> str:
    return hashlib.sha256(f"{namespace} {number}".encode()).hexdigest()[:40]


def annotations(namespace: str, ask: Ask) -> dict[str, str]:
    owner, _, repository = ask.repository.partition("/")
    values = {
        "owner": owner,
        "repo": repository,
        "sha": "" if ask.sha is None else sha(namespace, ask.sha),
        ask.key: ask.name,
    }
    return {f"github.integrations.tekton.dev/{key}": value for key, value in values.items() if value}


def run(namespace: str, wanted: Wanted) -> Object:
    version, _, spec = PATHS[wanted.kind]
    heard = asking("milestones") if wanted.heard else {}
    # A name of its own, since the parent may still list a former child.
    name = "stray" if wanted.parent and not wanted.listed else f"run-{wanted.slot}"
    metadata: Object = {"name": name, "annotations": annotations(namespace, ASKS[wanted.ask]) | heard}
    if parent := wanted.parent:
        owner = {"apiVersion": PATHS[parent.kind][0], "kind": parent.kind, "name": parent.name, "uid": parent.uid}
        metadata["ownerReferences"] = [{**owner, "controller": True}]
        metadata["labels"] = {"tekton.dev/pipelineRun": parent.name}
    return {"apiVersion": version, "kind": wanted.kind, "metadata": metadata, "spec": spec}


def status(known: Known, name: str) -> Object:
    """What takes it to a status of STATUSES."""
    now, new = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"), STATUSES[name]
    body: Object = {"startTime": now} if new.rank > 1 else {}
    if known.kind == "TaskRun":
        body["podName"] = "" if name in ("pending", "invalid") else "pod"
    if new.rank > 2:
        body["completionTime"] = now
    if new.status:
        condition = {"type": "Succeeded", "status": new.status, "reason": new.reason, "lastTransitionTime": now}
        body["conditions"] = [condition]
    return body
