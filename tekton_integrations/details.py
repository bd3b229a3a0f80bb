"""The page about a run that its reports lead to: where a Provider's `detailsUrl` says, such as at a dashboard, or else
at our own, which `tekton-integrations serve` shows.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from tekton_integrations import log
from tekton_integrations.links import Key, KeyUnfit, Link, Scope, read_key, sign
from tekton_integrations.provider import Provider
from tekton_integrations.run import KINDS, Run
from tekton_integrations.template import TemplateError, render

LIMIT = 2048
# As in manifests/crds/providers.yaml. No variable may stand in the host: tenants choose names.
_FORM = re.compile(r"https?://[^\s/@?#$\\]+([/?#]\S*)?")
# No path: cookies of signed links are bound to the paths of runs.
_ADDRESS = re.compile(r"https?://([-.a-zA-Z0-9]+|\[[0-9a-fA-F:.]+\])(:\d{1,5})?/?")
DAY = 24 * 3600.0


class PagesError(Exception):
    """Tells the user what to change."""


@dataclass(frozen=True, kw_only=True)
class Pages:
    """Our own pages, at `address`. With a `key`, links carry their own permission, to read so much of a run (`scope`)
    for so long (`lifetime`, in seconds), by whoever has one."""

    address: str
    key: Key | None = None
    scope: Scope = Scope.STATUS
    lifetime: float = 30 * DAY

    def url(self, run: Run) -> str:
        """The same each time for a run in the same state: what a service shows is not changed for a newer link."""
        if self.key is None:
            return self.address + path(run.namespace, run.name, run.kind)
        link = Link(
            key=self.key.id,
            # While it goes on nobody knows its end.
            expires=int((run.finished or run.created) + self.lifetime),
            scope=self.scope,
            kind=run.kind,
            namespace=run.namespace,
            name=run.name,
            uid=run.uid,
        )
        return f"{self.address}/l/{sign(self.key, link)}"


def path(namespace: str, name: str, kind: str = "PipelineRun") -> str:
    """Of a run's page."""
    which = "" if kind == "PipelineRun" else f"?kind={kind}"
    return f"/runs/{quote(namespace, safe='')}/{quote(name, safe='')}{which}"


def pages(address: str, key: Path | None, scope: str, lifetime: float) -> Pages | None:
    """As the flags say; `lifetime` in seconds. Raises PagesError."""
    if not address:
        if key is not None:
            raise PagesError("--link-key signs links to pages: say with --page-address where those are")
        return None
    if not _ADDRESS.fullmatch(address):
        raise PagesError(
            f"--page-address {address}: give scheme and host, such as https://runs.example.com, and no path"
        )
    try:
        secret = None if key is None else read_key(key)
        if secret:
            log.hide(secret.secret)
        return Pages(address=address.rstrip("/"), key=secret, scope=Scope(scope), lifetime=lifetime)
    except KeyUnfit as error:
        raise PagesError(f"--link-key: {error}") from error
    except ValueError as error:
        raise PagesError(f"--link-scope {scope}: give one of {', '.join(Scope)}") from error


def details_url(provider: Provider, run: Run, ours: Pages | None = None) -> str:
    """The Provider's template with the run's values, each percent-encoded; without one, our own page. Empty where there
    is neither.

    Also empty where it can't be used (not http or https, an unknown variable, too long): a link is no reason to
    withhold a report. The definition of Provider refuses such templates, so only one that is older lets them in.
    """
    if not provider.details_url:
        return ours.url(run) if ours else ""
    if not _FORM.fullmatch(provider.details_url):
        return ""
    values = {name: quote(value, safe="") for name, value in variables(run).items()}
    try:
        return render(provider.details_url, values, LIMIT)
    except TemplateError:
        return ""


def variables(run: Run) -> dict[str, str]:
    """`pipeline` is empty for a run of none; `plural` names the kind as Kubernetes and Tekton's dashboard do."""
    return {
        "namespace": run.namespace,
        "name": run.name,
        "kind": run.kind,
        "plural": KINDS[run.kind][1],
        "uid": run.uid,
        "pipeline": run.pipeline,
    }
