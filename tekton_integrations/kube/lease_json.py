"""Leases to and from the JSON of coordination.k8s.io/v1, kept as client-go's leader election keeps them.

https://github.com/kubernetes/client-go/blob/master/tools/leaderelection/leaderelection.go
"""

import math
from datetime import UTC, datetime
from typing import Any

import msgspec

API_VERSION = "coordination.k8s.io/v1"
PLURAL = "leases"


class LeaseObject(msgspec.Struct, frozen=True, kw_only=True):
    """One state of a Lease. What is in it beside the holder is not ours, and stays as it came."""

    metadata: dict[str, Any]
    spec: dict[str, Any] = {}

    @property
    def namespace(self) -> str:
        return str(self.metadata["namespace"])

    @property
    def name(self) -> str:
        return str(self.metadata["name"])

    @property
    def uid(self) -> str:
        return str(self.metadata.get("uid", ""))

    @property
    def resource_version(self) -> str:
        """Empty for one that is yet to be created."""
        return str(self.metadata.get("resourceVersion", ""))

    @property
    def holder(self) -> str:
        """Empty for nobody."""
        return str(self.spec.get("holderIdentity") or "")

    @property
    def seconds(self) -> float | None:
        """For how long the holder has it after each renewal."""
        seconds = self.spec.get("leaseDurationSeconds")
        return None if seconds is None else float(seconds)

    def claimed(self, holder: str, seconds: float, wall: float) -> "LeaseObject":
        """Taken or renewed at `wall`, in seconds since the epoch."""
        if self.holder == holder:
            spec = self.spec
        else:
            # The first holder is no transition.
            transitions = int(self.spec.get("leaseTransitions") or 0) + (1 if self.resource_version else 0)
            spec = {**self.spec, "acquireTime": micro_time(wall), "leaseTransitions": transitions}
        # The API takes whole seconds: others may wait longer than we hold it, never the other way round.
        news = {"holderIdentity": holder, "leaseDurationSeconds": math.ceil(seconds), "renewTime": micro_time(wall)}
        return msgspec.structs.replace(self, spec={**spec, **news})

    def released(self, wall: float) -> "LeaseObject":
        now = micro_time(wall)
        news = {"holderIdentity": "", "leaseDurationSeconds": 1, "renewTime": now, "acquireTime": now}
        return msgspec.structs.replace(self, spec={**self.spec, **news})

    def written(self, answer: bytes) -> "LeaseObject":
        """What is stored, by the server's answer to the write of this: its metadata at least."""
        return msgspec.structs.replace(self, metadata=decode_lease(answer).metadata)

    def to_object(self) -> dict[str, Any]:
        # With the uid, which guards as well: without it a PUT brings a deleted Lease back.
        metadata = {key: value for key, value in self.metadata.items() if key != "managedFields"}
        return {"apiVersion": API_VERSION, "kind": "Lease", "metadata": metadata, "spec": self.spec}


def decode_lease(raw: bytes | msgspec.Raw) -> LeaseObject:
    """Raises msgspec.DecodeError."""
    return msgspec.json.decode(raw, type=LeaseObject)


def micro_time(wall: float) -> str:
    """metav1.MicroTime, which takes exactly six digits."""
    return datetime.fromtimestamp(wall, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
