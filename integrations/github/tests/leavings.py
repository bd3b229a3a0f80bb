"""What other tools leave on a run, and what is inferred from it."""

from typing import Any

from tekton_integrations_github.inference import infer

from tekton_integrations import Source

SHA = "3f786850e387550fdab836ed7e6dc881de23001b"
OTHER = "0123456789abcdef0123456789abcdef01234567"
PAC = "pipelinesascode.tekton.dev"
URL = "https://github.com/acme/api.git"
HERE = {"host": "github.com", "owner": "acme", "repo": "api"}
LEGACY = {"tekton.dev/git-status": "true"}
BY_PAC = {f"{PAC}/repo-url": URL, f"{PAC}/sha": SHA, f"{PAC}/git-provider": "github"}


def source(**changes: Any) -> Source:
    """Of a run that says at least something to us."""
    return Source(**{"kind": "PipelineRun", "given": {"logs": "always"}} | changes)


def found(**changes: Any) -> dict[str, str]:
    return {option: each.value for option, each in infer(source(**changes)).items()}


def sources(**changes: Any) -> dict[str, str]:
    return {option: each.source for option, each in infer(source(**changes)).items()}
