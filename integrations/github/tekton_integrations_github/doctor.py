"""`tekton-integrations doctor github`: leads through making a GitHub App from a manifest, with the permissions that
reports need and no others, to a Provider and its Secret.

https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

import re
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from tekton_integrations import PermanentError, Response, quoted
from tekton_integrations.walkthrough import Form, KubeconfigOption, begun, called, checked, delivered, led, tell
from tekton_integrations_github.options import API, APP
from tekton_integrations_github.trial import NEEDED

_WEB = "https://github.com"
# GitHub shows it to whoever looks at the App; no address of ours is called.
_HOME = "https://tekton.dev"
_MAX_NAME = 34
_CODE = re.compile(r"[A-Za-z0-9_-]{1,100}")
_HEADERS = {"accept": "application/vnd.github+json", "user-agent": "tekton-integrations"}


class Made(msgspec.Struct, kw_only=True):
    """https://docs.github.com/en/rest/apps/apps#create-a-github-app-from-a-manifest"""

    id: int
    slug: str
    pem: str
    html_url: str = ""


def github(
    organization: Annotated[str, typer.Option(metavar="NAME", help="Whose App it is to be; default: yours.")] = "",
    name: Annotated[str, typer.Option(help="The App's name, which nobody else's may have.")] = "",
    comments: Annotated[bool, typer.Option(help="It is to write comments on pull requests, too.")] = False,
    deployments: Annotated[bool, typer.Option(help="It is to write deployments, too.")] = False,
    grant: Annotated[
        list[str] | None, typer.Option(metavar="NAMESPACE", help="Whose runs may show by it; may be given again.")
    ] = None,
    target: Annotated[
        list[str] | None, typer.Option(metavar="OWNER/REPO", help="Where, such as acme/*; may be given again.")
    ] = None,
    provider: Annotated[str, typer.Option(metavar="NAME", help="What the Provider is to be called.")] = "github",
    namespace: Annotated[
        str, typer.Option("--namespace", "-n", help="The Provider's; the controller's serves all others.")
    ] = "tekton-integrations",
    apply: Annotated[bool, typer.Option("--apply", help="Make Secret and Provider in place of printing them.")] = False,
    github_url: Annotated[str, typer.Option(metavar="URL", help="Of GitHub Enterprise Server.")] = _WEB,
    ca_file: Annotated[Path | None, typer.Option(help="PEM of its authority, if that is a private one.")] = None,
    port: Annotated[int, typer.Option(help="Of the page on this machine; 0 takes a free one.")] = 0,
    wait: Annotated[float, typer.Option(metavar="SECONDS", help="How long to wait for you.")] = 3600.0,
    kubeconfig: KubeconfigOption = None,
) -> None:
    """Make a GitHub App in your browser, and a Provider with its key.

    You confirm the App on GitHub's own page. Its private key comes back once, and goes into the Secret.
    """
    checked(apply=apply, namespace=namespace, kubeconfig=kubeconfig)
    targets = target or ([f"{organization}/*"] if organization else [])
    plan = Plan(
        site=github_url.rstrip("/"),
        organization=organization,
        name=name or f"Tekton {organization or 'runs'}"[:_MAX_NAME],
        permissions=_permissions(comments=comments, deployments=deployments),
        provider=provider,
        namespace=namespace,
        grants=[{"namespaces": grant, "targets": targets}] if grant and targets else [],
        bundle=ca_file.read_text() if ca_file else "",
    )
    app = begun(_made(plan, port, wait))
    delivered(objects(plan, app), apply=apply, kubeconfig=kubeconfig)
    _advise(plan, app)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """`site`: where GitHub's pages are; `bundle`: PEM of its authority, empty for a public one."""

    site: str
    organization: str
    name: str
    permissions: dict[str, str]
    provider: str
    namespace: str
    grants: list[dict[str, Any]]
    bundle: str = ""

    @property
    def api(self) -> str:
        return API if self.site == _WEB else f"{self.site}/api/v3"


def _permissions(*, comments: bool, deployments: bool) -> dict[str, str]:
    more = ({"pull_requests": "write"} if comments else {}) | ({"deployments": "write"} if deployments else {})
    return NEEDED | more


async def _made(plan: Plan, port: int, seconds: float) -> Made:
    back = await led(lambda back, state: _form(plan, back, state), port=port, seconds=seconds)
    return await _converted(plan, back.get("code", ""))


def _form(plan: Plan, back: str, state: str) -> Form:
    whose = f"/organizations/{plan.organization}" if plan.organization else ""
    permissions = ", ".join(f"{key}: {level}" for key, level in plan.permissions.items())
    return Form(
        action=f"{plan.site}{whose}/settings/apps/new?state={state}",
        title=f"Make the GitHub App {plan.name}",
        text=f"It gets these permissions: {permissions}; and no webhook. GitHub asks you to confirm its name.",
        button="Go on at GitHub",
        fields={"manifest": msgspec.json.encode(manifest(plan.name, back, plan.permissions)).decode()},
    )


def manifest(name: str, back: str, permissions: dict[str, str]) -> dict[str, Any]:
    """Pure."""
    return {
        "name": name,
        "url": _HOME,
        "redirect_url": back,
        "public": False,
        "hook_attributes": {"url": _HOME, "active": False},
        "default_events": [],
        "default_permissions": permissions,
    }


def objects(plan: Plan, app: Made) -> list[dict[str, Any]]:
    """The Secret and the Provider. Pure."""
    name = f"{plan.provider}-app"
    spec: dict[str, Any] = {
        "type": APP.name,
        APP.block: {"appId": app.id, "privateKey": {"secretRef": {"name": name}}},
        "endpoint": "" if plan.api == API else plan.api,
        "caBundle": plan.bundle,
        "grants": plan.grants,
    }
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": plan.namespace},
        "type": f"integrations.tekton.dev/{APP.name}",
        "stringData": {"private-key.pem": app.pem},
    }
    provider = {
        "apiVersion": "integrations.tekton.dev/v1alpha1",
        "kind": "Provider",
        "metadata": {"name": plan.provider, "namespace": plan.namespace},
        "spec": {key: value for key, value in spec.items() if value},
    }
    return [secret, provider]


async def _converted(plan: Plan, code: str) -> Made:
    """Raises PermanentError, TemporaryError."""
    if not _CODE.fullmatch(code):
        raise PermanentError("Refused", "GitHub sent no code along: the App was not made; start again")
    answer = await called("POST", f"{plan.api}/app-manifests/{code}/conversions", _HEADERS, plan.bundle)
    if answer.status != 201:
        raise PermanentError("Refused", _refusal(answer))
    try:
        return msgspec.json.decode(answer.body, type=Made)
    except msgspec.DecodeError as error:
        raise PermanentError("Refused", f"GitHub's answer can't be read ({quoted(str(error))}); start again") from error


def _refusal(answer: Response) -> str:
    said = f"GitHub answered {answer.status} when it was asked for the App's key"
    return f"{said}: a code is good once, and for an hour; delete the App at GitHub and start again"


def _advise(plan: Plan, app: Made) -> None:
    page = app.html_url or f"{plan.site}/apps/{app.slug}"
    tell(f"The App {app.slug} (id {app.id}) is there. What is left to do:")
    tell(f"1. Install it on the repositories whose commits are to show runs: {page}/installations/new")
    tell("2. Apply the output, if you did not use --apply, and keep it nowhere else.")
    if not plan.grants:
        tell("3. Grant namespaces and targets in spec.grants of the Provider: without, nothing is shown.")
