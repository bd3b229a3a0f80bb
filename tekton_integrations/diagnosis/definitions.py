"""Whether the definitions and policies of manifests/ are there, and the definitions know what this version writes."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from tekton_integrations.annotations import DOMAIN
from tekton_integrations.diagnosis.findings import Finding, Level, Looker, Unread, unknown
from tekton_integrations.kube.records_json import to_object
from tekton_integrations.notification import SPEC
from tekton_integrations.record import Attempt, Record, RunRef, Target

_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_ADMISSION = "/apis/admissionregistration.k8s.io/v1"
KINDS = ("integrationstatuses", "providers", "notifications", "integrations")
POLICIES = ("tekton-integrations-records", "tekton-integrations-open-records")
APPLY = "apply manifests/ of this version"


async def definitions(looker: Looker) -> list[Finding]:
    return [await _definition(looker, plural) for plural in KINDS]


async def _definition(looker: Looker, plural: str) -> Finding:
    subject = f"definition {plural}.{DOMAIN}"
    try:
        found = await looker.object(f"{_CRDS}/{plural}.{DOMAIN}", subject)
    except Unread as error:
        if error.missing:
            return Finding(subject=subject, level=Level.PROBLEM, said="is not there", cure=APPLY)
        return await _discovered(looker, plural, subject, error)
    served = [each for each in found["spec"]["versions"] if each["name"] == "v1alpha1" and each["served"]]
    if not served:
        return Finding(subject=subject, level=Level.PROBLEM, said="v1alpha1 is not served", cure=APPLY)
    if lacking := sorted(lacks(plural, served[0]["schema"]["openAPIV3Schema"])):
        said = f"is of another version: it drops {', '.join(lacking)}, which this one knows"
        return Finding(subject=subject, level=Level.PROBLEM, said=said, cure=APPLY)
    return Finding(subject=subject, level=Level.OK, said="is there, and of this version")


async def _discovered(looker: Looker, plural: str, subject: str, error: Unread) -> Finding:
    """Everybody may ask which kinds there are."""
    try:
        found = await looker.object(f"/apis/{DOMAIN}/v1alpha1", subject)
    except Unread:
        return Finding(subject=subject, level=Level.PROBLEM, said="is not there", cure=APPLY)
    if plural not in {each["name"] for each in found["resources"]}:
        return Finding(subject=subject, level=Level.PROBLEM, said="is not there", cure=APPLY)
    return Finding(subject=subject, level=Level.OK, said=f"is there; of which version could not be looked at: {error}")


def lacks(plural: str, schema: Mapping[str, Any]) -> set[str]:
    """Fields that the API server would drop: of a record as this version writes it, of a Notification as it reads it. A
    Provider's spec keeps all."""
    written = {"integrationstatuses": to_object(_full()), "notifications": {"spec": dict.fromkeys(SPEC)}}
    return set(_dropped(written.get(plural, {}), schema, ""))


def _dropped(written: Mapping[str, Any], schema: Mapping[str, Any], path: str) -> Iterator[str]:
    known = schema.get("properties", {})
    if "additionalProperties" in schema:
        return
    for name, value in written.items():
        if not path and name in ("apiVersion", "kind", "metadata"):
            continue
        below = known.get(name)
        if below is None:
            yield f"{path}{name}"
        elif isinstance(value, dict):
            yield from _dropped(value, below, f"{path}{name}.")
        elif isinstance(value, list):
            for each in value:
                yield from _dropped(each, below.get("items", {}), f"{path}{name}.")


def _full() -> Record:
    """With a value in each field."""
    run = RunRef(api_version="tekton.dev/v1", kind="PipelineRun", name="x", uid="x")
    target = Target(resource="x", name="x", detail="x", labels={"x": "x"}, endpoint="https://x")
    texts: dict[str, Any] = {
        each.name: "x"
        for each in msgspec.structs.fields(Record)
        if each.type is str and each.name not in ("resource_version", "uid")
    }
    return Record(
        **texts,
        run=run,
        observed_generation=1,
        memory={"x": "x"},
        sources={"x": "x"},
        target=target,
        attempts=1,
        next_attempt=1.0,
        intent=Attempt(id="x", holder="x", started=1.0, deadline=1.0),
        verify_after=1.0,
        delivered=1,
    )


async def policies(looker: Looker) -> list[Finding]:
    return [await _policy(looker, name) for name in POLICIES]


async def _policy(looker: Looker, name: str) -> Finding:
    subject = f"policy {name}"
    try:
        await looker.object(f"{_ADMISSION}/validatingadmissionpolicies/{name}", subject)
        binding = await looker.object(f"{_ADMISSION}/validatingadmissionpolicybindings/{name}", f"binding {name}")
    except Unread as error:
        if not error.missing:
            return unknown(subject, error)
        said = "it or its binding is not there: anybody who may write records can forge them"
        return Finding(subject=subject, level=Level.PROBLEM, said=said, cure=APPLY)
    if "Deny" not in binding["spec"].get("validationActions", ()):
        said = "its binding does not deny: anybody who may write records can forge them"
        return Finding(subject=subject, level=Level.PROBLEM, said=said, cure=APPLY)
    return Finding(subject=subject, level=Level.OK, said="is there, and denies")
