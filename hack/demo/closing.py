"""The end of the demo: what everybody can see now, whether it is right, and where to look further."""

import os
import shutil
from collections.abc import Mapping, Sequence
from typing import Any

from hack.objects import RECORDS
from hack.testbed.programs import cache

from .lookalike import Lookalike
from .places import Place
from .scenes import FAILURE, SCENES
from .screen import Screen
from .tables import table

EVENTS = "/api/v1/namespaces/{}/events?fieldSelector=involvedObject.kind%3DPipelineRun%2CinvolvedObject.name%3D{}"


def show_check_runs(screen: Screen, check_runs: Sequence[Mapping[str, Any]]) -> None:
    screen.heading("What GitHub (the look-alike) shows for each commit")
    for scene in SCENES:
        found = [each for each in check_runs if each["head_sha"] == scene.sha]
        screen.field(scene.name, f"commit {scene.sha[:7]}, {scene.commit!r}")
        for check in found:
            screen.field("", f"{check['name']}: {check['conclusion'] or check['status']}")
            screen.field("", check["output"]["title"] or "no title")
            screen.field("", check["html_url"])
        if not found:
            screen.field("", "no check run")


async def show_records(screen: Screen, place: Place) -> None:
    screen.heading(f"kubectl get integrationstatuses{_space(place)}")
    screen.verbatim(await table(place.api, RECORDS.format(place.namespace), screen.table_width))


async def show_events(screen: Screen, place: Place) -> None:
    screen.heading(f"kubectl describe pipelinerun {FAILURE.name}{_space(place)}: Events")
    answer = await place.api.request("GET", EVENTS.format(place.namespace, FAILURE.name))
    for event in sorted(answer["items"], key=_written):
        source = event.get("source", {}).get("component") or event.get("reportingComponent", "")
        screen.verbatim(f"{event['type']:<9}{event['reason']:<10}  from {source}")
        if event.get("message"):
            screen.say(event["message"], indent=9)


def _written(event: Mapping[str, Any]) -> int:
    """Events have times of whole seconds; resource versions tell which of a second came first.

    https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
    """
    return int(event["metadata"]["resourceVersion"])


def show_verdict(screen: Screen, problems: Sequence[str]) -> None:
    if problems:
        screen.heading("WRONG: GitHub does not show what it should")
        for problem in problems:
            screen.say(f"- {problem}", hang=2, style="red")
    else:
        screen.verbatim("")
        screen.say(f"RIGHT: exactly one check run for each of the {len(SCENES)} runs.", style="bold green")


def show_commands(screen: Screen, place: Place, lookalike: Lookalike) -> None:
    """How to look around by hand, while everything runs."""
    screen.heading("Look around: everything keeps running until you press Ctrl-C here")
    screen.say("In a browser:")
    screen.verbatim(f"  {lookalike.page}")
    screen.say("In another terminal:")
    kubectl = _kubectl(screen)
    space = _space(place)
    if place.kubeconfig != os.environ.get("KUBECONFIG"):
        screen.verbatim(f"  export KUBECONFIG={place.kubeconfig}")
    for command in (
        f"get integrationstatuses -o wide{space}",
        f"describe pipelinerun {FAILURE.name}{space}",
        f"get integrationstatus -l tekton.dev/pipelineRun={FAILURE.name} -o yaml{space}",
        "get providers,integrations -n tekton-integrations",
    ):
        screen.verbatim(f"  {kubectl} {command}")


def _space(place: Place) -> str:
    return "" if place.namespace == "default" else f" -n {place.namespace}"


def _kubectl(screen: Screen) -> str:
    built = cache() / "kubectl"
    if shutil.which("kubectl") or not built.exists():
        if not shutil.which("kubectl"):
            screen.say("(There is no kubectl here; `python -m hack.testbed --build` builds one.)")
        return "kubectl"
    return str(built)


def show_next(screen: Screen) -> None:
    """How to look around by hand, when everything has stopped."""
    screen.heading("Everything has stopped. To look around by hand:")
    screen.verbatim("  KEEP=1 make demo      the same, but it leaves everything running until Ctrl-C,")
    screen.verbatim("                        and prints the page's URL and commands to try")
    screen.verbatim("  make testbed          only the API server, for your own experiments")
    screen.say("README.md tells how to annotate your first run.")
