"""Answers runs that ask for an integration which is not installed here, so that nobody waits for a report in vain."""

from tekton_integrations import annotations
from tekton_integrations.cluster import Cluster
from tekton_integrations.errors import PermanentError
from tekton_integrations.ledger import Ledger
from tekton_integrations.requests import Request, asked, new_record


class Unserved:
    """`installed` are the integrations that are; `watermark` is when the first of them was installed."""

    def __init__(self, cluster: Cluster, installed: list[str], watermark: float) -> None:
        self._cluster = cluster
        self._installed = installed
        self._watermark = watermark

    async def reconcile(self, request: Request) -> float | None:
        cluster = self._cluster
        run = cluster.runs.get(request)
        record = cluster.records.get(request.namespace, request.record_name)
        wanted = asked(run).get(request.integration) if run else None
        if run is None or wanted is None:
            if record is not None:
                await cluster.records.delete(record)
            cluster.runs.forget(request)
            return None
        if record is None and run.ended_before(self._watermark):
            return None
        where = f"{request.integration}.{annotations.DOMAIN}"
        if wanted.options:
            error = PermanentError(
                "NotInstalled",
                f"{where}: no such integration is installed here; installed: {', '.join(self._installed)}",
            )
        else:
            error = PermanentError(
                "InheritedAnnotationIgnored",
                f"{where}/{wanted.ignored[0]} came with a remotely resolved Pipeline and does not count; "
                "if you want it, set it on the run itself",
            )
        digest = f"unserved/{error.reason}"
        if record is None or record.input_digest != digest:
            await Ledger(record or new_record(request, run), cluster).give_up(error, digest)
        return None
