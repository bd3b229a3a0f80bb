"""Reads what there is to know about a run and its reports, with the rights of whoever asks. What can't be read is said
(Facts.unread), and not raised.
"""

import time
from collections.abc import Callable

import msgspec

from tekton_integrations.kube.client import ApiError, KubeClient, collection
from tekton_integrations.kube.records_json import decode_record
from tekton_integrations.kube.runs_json import decode_run
from tekton_integrations.record import API_VERSION
from tekton_integrations.run import KINDS
from tekton_integrations.story import Facts, Unread


class _List(msgspec.Struct):
    items: list[msgspec.Raw] = []


class Inquiry:
    """`shared`: the controller's namespace. `now`: seconds since the epoch."""

    def __init__(self, client: KubeClient, shared: str, now: Callable[[], float] = time.time) -> None:
        self._client = client
        self._shared = shared
        self._now = now

    async def run(self, namespace: str, name: str, kind: str = "PipelineRun") -> Facts:
        """About one run, whether or not there is one of that name."""
        unread: list[Unread] = []
        found = None
        try:
            found = decode_run(await self._client.get(f"{collection(*KINDS[kind], namespace)}/{name}"))
        except ApiError as error:
            if error.status != 404:
                unread.append(Unread(f"{kind} {name}", error.status, error.message))
        label = f"tekton.dev/{kind[0].lower()}{kind[1:]}={name}"
        records = None
        try:
            raw = await self._client.get(
                collection(API_VERSION, "integrationstatuses", namespace), {"labelSelector": label}
            )
            records = [decode_record(each) for each in msgspec.json.decode(raw, type=_List).items]
        except ApiError as error:
            unread.append(Unread(f"IntegrationStatuses of namespace {namespace}", error.status, error.message))
        return Facts(
            namespace=namespace,
            kind=kind,
            name=name,
            now=self._now(),
            shared=self._shared,
            run=found,
            records=records,
            unread=unread,
        )
