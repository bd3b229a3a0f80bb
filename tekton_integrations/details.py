"""The page about a run that a Provider's `detailsUrl` leads to, such as that of a dashboard."""

import re
from urllib.parse import quote

from tekton_integrations.provider import Provider
from tekton_integrations.run import KINDS, Run
from tekton_integrations.template import TemplateError, render

LIMIT = 2048
# As in manifests/crds/providers.yaml. No variable may stand in the host: tenants choose names.
_FORM = re.compile(r"https?://[^\s/@?#$\\]+([/?#]\S*)?")


def details_url(provider: Provider, run: Run) -> str:
    """The template with the run's values, each percent-encoded; empty without one.

    Also empty where it can't be used (not http or https, an unknown variable, too long): a link is no reason to
    withhold a report. The definition of Provider refuses such templates, so only one that is older lets them in.
    """
    if not provider.details_url or not _FORM.fullmatch(provider.details_url):
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
