"""Where the demo's runs live: here a test bed, made for the demo. `own_cluster.py` has the other place."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from hack.testbed import TEKTON_CRDS, Api, TestBed
from hack.testbed.programs import BINARIES

from .screen import Screen

BASE = Path(__file__).parents[2] / "manifests" / "base"
ACCOUNT = "tekton-integrations"  # namespace and name of the controller's ServiceAccount


class DemoError(Exception):
    """What keeps the demo from going on; the message says what to do."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """An API server with Tekton's kinds and `manifests/base` on it."""

    api: Api
    kubeconfig: str  # as KUBECONFIG takes it
    controller_kubeconfig: Path
    namespace: str  # of the runs
    recording: Callable[[str], str | Path]  # what to play for a recording's name


@asynccontextmanager
async def test_bed(screen: Screen) -> AsyncIterator[Place]:
    minutes = sum(BINARIES[name].seconds for name in ("etcd", "kube-apiserver")) / 60
    screen.say(
        f"The first time they are built from source: about {minutes:.0f} minutes on two cores, in which "
        "you may look at the preview. Later they come from a cache."
    )
    begun = time.monotonic()
    async with TestBed.started(manifests=[TEKTON_CRDS, BASE]) as bed:
        seconds = time.monotonic() - begun
        screen.say(f"API server ready after {seconds:.0f} s; Tekton's CRDs and manifests/base are applied.")
        yield Place(
            api=bed.api,
            kubeconfig=str(bed.admin_kubeconfig),
            controller_kubeconfig=await bed.service_account_kubeconfig(ACCOUNT, ACCOUNT),
            namespace="default",
            recording=str,
        )
