"""An operator that shows PipelineRuns as check runs: what one writes with kopf in an afternoon.

`kopf run -A checks.py`, with GITHUB_URL and GITHUB_TOKEN. The check's id is kept in an annotation of the run. There are
no Providers, grants, limits, Events or records, and what a lost answer leaves at GitHub is nobody's business.
"""

import os
from collections.abc import Mapping
from typing import Any

import aiohttp
import kopf

GITHUB = "github.integrations.tekton.dev"
CHECK = "checks.example.com/check-run-id"
_RUNS: Any = ("tekton.dev", "v1", "pipelineruns")
_ASKS = {f"{GITHUB}/sha": kopf.PRESENT}


@kopf.on.login()
def login(**kwargs: Any) -> kopf.ConnectionInfo | None:
    return kopf.login_with_kubeconfig(**kwargs)


@kopf.on.startup()
async def open_session(memo: kopf.Memo, **_: Any) -> None:
    headers = {"Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}", "X-GitHub-Api-Version": "2022-11-28"}
    memo.github = aiohttp.ClientSession(os.environ["GITHUB_URL"], headers=headers, raise_for_status=True)


@kopf.on.cleanup()
async def close_session(memo: kopf.Memo, **_: Any) -> None:
    await memo.github.close()


@kopf.on.create(*_RUNS, annotations=_ASKS)
async def create(
    name: str, annotations: Mapping[str, str], status: Mapping[str, Any], patch: kopf.Patch, memo: kopf.Memo, **_: Any
) -> None:
    check = {"name": f"Tekton / {name}", "head_sha": annotations[f"{GITHUB}/sha"], **_shown(status)}
    async with memo.github.post(_checks(annotations), json=check) as answer:
        patch.metadata.annotations[CHECK] = str((await answer.json())["id"])


@kopf.on.update(*_RUNS, field="status.conditions", annotations=_ASKS)
async def update(
    old: Any, new: Any, annotations: Mapping[str, str], status: Mapping[str, Any], memo: kopf.Memo, **_: Any
) -> None:
    if _shown({"conditions": old}) == _shown({"conditions": new}):
        return  # still running, as GitHub knows
    async with memo.github.patch(f"{_checks(annotations)}/{annotations[CHECK]}", json=_shown(status)):
        pass


def _checks(annotations: Mapping[str, str]) -> str:
    return f"/repos/{annotations[f'{GITHUB}/owner']}/{annotations[f'{GITHUB}/repo']}/check-runs"


def _shown(status: Mapping[str, Any]) -> dict[str, Any]:
    condition = (status.get("conditions") or [{"status": "Unknown"}])[0]
    if condition["status"] == "Unknown":
        return {"status": "in_progress"}
    conclusion = "success" if condition["status"] == "True" else "failure"
    output = {"title": condition["reason"], "summary": condition["message"]}
    return {"status": "completed", "conclusion": conclusion, "output": output}
