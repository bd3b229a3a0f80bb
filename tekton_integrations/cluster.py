"""What all reconcilers share: the caches, the ways to write, the clock."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp

from tekton_integrations.kube.lister import Lister
from tekton_integrations.kube.namespaces import Namespaces
from tekton_integrations.kube.recorder import EventRecorder
from tekton_integrations.kube.records import Records
from tekton_integrations.kube.runs import Runs
from tekton_integrations.kube.secrets import Credentials
from tekton_integrations.provider import Provider


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Seconds. A call may take `timeout`; what the client gave up on may still land for `quarantine` after."""

    timeout: float = 10.0
    quarantine: float = 20.0
    # What was announced but not begun for so long is not begun any more: another holder may be at it.
    announce: float = 5.0


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """`shared_namespace` is the controller's: its Providers may grant to all; `holder` names this process."""

    runs: Runs
    records: Records
    providers: Lister[Provider]
    credentials: Credentials
    namespaces: Namespaces
    recorder: EventRecorder
    session: aiohttp.ClientSession
    shared_namespace: str
    holder: str
    timing: Timing
    now: Callable[[], float] = time.time
