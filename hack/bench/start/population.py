"""Many finished, annotated runs with the records that the controller would have left for them.

The controller reports some itself: what the API server stored of these is the pattern of all others. A pattern from
one of them must give the others' exactly, so a changed record can't be measured by mistake in its former form.
"""

import hashlib
import random
import re
import uuid
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Self

import msgspec

from hack.bench.etcd import Stored
from tekton_integrations import registry, requests
from tekton_integrations.integration import Integration
from tekton_integrations.kube.runs_json import decode_run
from tekton_integrations.plan import plan

RUNS = "/registry/tekton.dev/pipelineruns/"
RECORDS = "/registry/integrations.tekton.dev/integrationstatuses/"
INTEGRATION = "github"
NAMESPACE = "tenant-{:03}"
NAME = "run-{:06}"
# What the integration remembers: the check, and a digest of what it shows, which only a report can work out.
_CHECK, _SHOWN = "check-run-id", "check-run-shown"
_FIRST_CHECK = 70_000_000_000
# Times and what they make, and how many writes a record took: a run that ends soon is shown once, and with its end.
_VARYING = re.compile(rb'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z|(?<=Succeeded in )\d+ s|(?<=eneration":)\d+')


class Identity(NamedTuple):
    """What tells one run and its record from all others; the order is that in which they can be replaced."""

    record: str
    digest: str
    uid: str
    record_uid: str
    sha: str
    check: str
    shown: str
    namespace: str
    name: str


class Pattern:
    """A run and its record as stored, from which those of other identities are made."""

    def __init__(self, run: bytes, record: bytes) -> None:
        self._run, self._record = run, record
        self.identity = _identity(run, record)
        [self._integration] = registry.load([INTEGRATION])

    @classmethod
    def proven(cls, runs: Sequence[Stored], records: Sequence[Stored]) -> Self:
        """Of what the controller has reported. Raises ValueError if it does not give the others."""
        by_uid = {msgspec.json.decode(each.value)["spec"]["runRef"]["uid"]: each.value for each in records}
        pairs = [(each.value, by_uid[_metadata(each.value)["uid"]]) for each in runs]
        pattern = cls(*pairs[0])
        for run, record in pairs[1:]:
            actual = _identity(run, record)
            made = pattern.made(actual._replace(record="", digest=""))
            for made_one, actual_one in zip(made, (run, record), strict=True):
                if _VARYING.sub(b"", made_one.value) != _VARYING.sub(b"", actual_one):
                    raise ValueError(f"the pattern gives {made_one.value!r} and not {actual_one!r}")
        return pattern

    def populated(self, count: int, namespaces: int) -> Iterator[Stored]:
        """`count` further runs, each with its record."""
        dice = random.Random(count)
        for number in range(count):
            yield from self.made(_further(dice, number, NAMESPACE.format(number % namespaces)))

    def made(self, wanted: Identity) -> tuple[Stored, Stored]:
        """Of `wanted` the record's name and digest are filled in."""
        run = self._replaced(self._run, wanted)
        record, digest = _decided(self._integration, run)
        wanted = wanted._replace(record=record, digest=digest)
        return (
            Stored(f"{RUNS}{wanted.namespace}/{wanted.name}", run),
            Stored(f"{RECORDS}{wanted.namespace}/{record}", self._replaced(self._record, wanted)),
        )

    def _replaced(self, text: bytes, wanted: Identity) -> bytes:
        for old, new in zip(self.identity, wanted, strict=True):
            text = text.replace(old.encode(), new.encode())
        return text


def _decided(integration: Integration, raw: bytes) -> tuple[str, str]:
    """The record's name and digest, by the controller's own word."""
    run = decode_run(raw.replace(b'"metadata":{', b'"metadata":{"resourceVersion":"1",', 1))
    [request] = requests.for_run(run)
    return request.record_name, plan(integration, run, requests.asked(run)[integration.name]).digest


def _identity(run: bytes, record: bytes) -> Identity:
    metadata, own, status = _metadata(run), _metadata(record), msgspec.json.decode(record)["status"]
    return Identity(
        record=own["name"],
        digest=status["inputDigest"],
        uid=metadata["uid"],
        record_uid=own["uid"],
        sha=metadata["annotations"]["github.integrations.tekton.dev/sha"],
        check=status["annotations"][_CHECK],
        shown=status["annotations"][_SHOWN],
        namespace=metadata["namespace"],
        name=metadata["name"],
    )


def _further(dice: random.Random, number: int, namespace: str) -> Identity:
    return Identity(
        record="",
        digest="",
        uid=_uid(dice),
        record_uid=_uid(dice),
        sha=hashlib.sha1(str(number).encode(), usedforsecurity=False).hexdigest(),
        check=str(_FIRST_CHECK + number),
        shown=f"{dice.getrandbits(48):012x}",
        namespace=namespace,
        name=NAME.format(number),
    )


def _uid(dice: random.Random) -> str:
    return str(uuid.UUID(int=dice.getrandbits(128), version=4))


def _metadata(raw: bytes) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(raw)["metadata"]
    return found
