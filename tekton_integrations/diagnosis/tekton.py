"""Whether Tekton is there, in a version whose runs we know."""

from tekton_integrations.diagnosis.findings import Finding, Level, Looker, Unread, unknown
from tekton_integrations.run import KINDS

_INFO = "/api/v1/namespaces/tekton-pipelines/configmaps/pipelines-info"
_SILENT = "it does not tell its version"
_INSTALL = "install Tekton Pipelines: https://tekton.dev/docs/installation/pipelines/"


async def tekton(looker: Looker) -> list[Finding]:
    served: set[str] = set()
    try:
        for version in sorted({version for version, _ in KINDS.values()}):
            served |= await _served(looker, version)
    except Unread as error:
        return [unknown("Tekton", error)]
    lacking = [kind for kind, (version, plural) in KINDS.items() if f"{version}/{plural}" not in served]
    if "PipelineRun" in lacking or "TaskRun" in lacking:
        said = f"{' and '.join(lacking)} are not served (tekton.dev/v1): no controller gets ready without them"
        return [Finding(subject="Tekton", level=Level.PROBLEM, said=said, cure=_INSTALL)]
    version = await _version(looker)
    if lacking:
        said = f"{version}; {' and '.join(lacking)} are not served"
        return [Finding(subject="Tekton", level=Level.PROBLEM, said=said, cure=_INSTALL)]
    return [Finding(subject="Tekton", level=Level.OK, said=version)]


async def _served(looker: Looker, version: str) -> set[str]:
    try:
        found = await looker.object(f"/apis/{version}", version)
    except Unread as error:
        if error.missing:
            return set()
        raise
    return {f"{version}/{each['name']}" for each in found["resources"]}


async def _version(looker: Looker) -> str:
    try:
        return f"version {(await looker.object(_INFO, 'its version'))['data']['version']}"
    except Unread as error:
        return f"is there; {_SILENT if error.missing else error}"
    except KeyError:
        return f"is there; {_SILENT}"
