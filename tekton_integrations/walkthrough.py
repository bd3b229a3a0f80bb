"""Leads a person through somebody else's site and back, for packages that set something up (`doctor NAME`): a form on a
page of this machine, the way back from there, one call, and what came of it as objects, printed or made. Public.
"""

import asyncio
import hmac
import os
import secrets
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import typer
from aiohttp import web

from tekton_integrations.cli.access import KubeconfigOption, asked
from tekton_integrations.cli.output import fail, say, yaml_of
from tekton_integrations.clients import Clients
from tekton_integrations.errors import IntegrationError
from tekton_integrations.http import Http, Response, origin
from tekton_integrations.kube.client import ApiError, KubeClient, collection
from tekton_integrations.provider import Provider
from tekton_integrations.settings import Settings

__all__ = ["Form", "KubeconfigOption", "Objects", "begun", "called", "checked", "delivered", "led", "tell"]

Object = dict[str, Any]
Objects = Sequence[Object]
T = TypeVar("T")
HOST = "127.0.0.1"
_HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"}
_PLURALS = {"Secret": "secrets", "Provider": "providers"}


@dataclass(frozen=True, kw_only=True)
class Form:
    """What the page shows, and what its button posts to `action`, on somebody else's site."""

    action: str
    title: str
    text: str
    button: str
    fields: Mapping[str, str] = field(default_factory=dict)


def tell(line: str) -> None:
    """On stderr: stdout has the objects."""
    say(line, err=True)


def begun(work: Coroutine[Any, Any, T]) -> T:
    """Runs it; ends the command with a line that says what went wrong."""
    try:
        return asyncio.run(work)
    except IntegrationError as error:
        fail(error.message)
    except TimeoutError:
        fail("nobody came back in time; start again")


async def led(form: Callable[[str, str], Form], *, port: int = 0, seconds: float = 3600.0) -> dict[str, str]:
    """What the other site says on the way back (its query). `form` gets the address to come back to and a state that is
    to come along; whoever comes with another state is not heard. Raises TimeoutError."""
    state, back = secrets.token_urlsafe(24), asyncio.get_running_loop().create_future()
    async with _served(form, state, back, port) as address:
        tell(f"Open {address}/ in a browser on this machine.")
        tell(f"From another one, first: ssh -L {address.rpartition(':')[2]}:{address.removeprefix('http://')} …")
        async with asyncio.timeout(seconds):
            found: dict[str, str] = await back
            return found


@asynccontextmanager
async def _served(form: Callable[[str, str], Form], state: str, back: asyncio.Future[dict[str, str]], port: int) -> Any:
    async def page(request: web.Request) -> web.Response:
        return _page(form(f"{address}/back", state)) if _ours(request) else _said(404, "There is nothing here.")

    async def returned(request: web.Request) -> web.Response:
        query = dict(request.query)
        if not _ours(request) or not hmac.compare_digest(query.get("state", "").encode(), state.encode()):
            return _said(400, "This is not the way back from what this command has begun.")
        if not back.done():
            back.set_result(query)
        return _said(200, "Done. Go back to your terminal; this page may be closed.")

    def _ours(request: web.Request) -> bool:
        """No other name may be made to lead here."""
        return request.host in (address.removeprefix("http://"), f"localhost:{address.rpartition(':')[2]}")

    app = web.Application()
    app.add_routes([web.get("/", page), web.get("/back", returned)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await _listening(runner, port)
        address = f"http://{HOST}:{runner.addresses[0][1]}"
        yield address
    finally:
        await runner.cleanup()


async def _listening(runner: web.AppRunner, port: int) -> None:
    try:
        await web.TCPSite(runner, HOST, port).start()
    except OSError as error:
        fail(f"port {port} of this machine can't be used ({error.strerror}); name another with --port")


def _page(form: Form) -> web.Response:
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in form.fields.items()
    )
    body = (
        f"<h1>{escape(form.title)}</h1><p>{escape(form.text)}</p>"
        f'<form method="post" action="{escape(form.action)}">{hidden}<button>{escape(form.button)}</button></form>'
    )
    # A browser asks this of redirects as well: to the site's own log-in, and back here.
    return _answer(200, form.title, body, f"form-action {origin(form.action)} 'self' https:")


def _said(status: int, text: str) -> web.Response:
    return _answer(status, text, f"<h1>{escape(text)}</h1>", "form-action 'none'")


def _answer(status: int, title: str, body: str, policy: str) -> web.Response:
    html = (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="color-scheme" content="light dark"></head><body>{body}</body></html>'
    )
    policy = f"default-src 'none'; base-uri 'none'; frame-ancestors 'none'; {policy}"
    headers = {**_HEADERS, "Content-Security-Policy": policy}
    return web.Response(status=status, text=html, content_type="text/html", headers=headers)


async def called(method: str, url: str, headers: Mapping[str, str], bundle: str = "") -> Response:
    """One call, by the proxy of this shell if it has one. `bundle`: PEM of authorities to trust besides the system's.
    Raises PermanentError, TemporaryError."""
    async with Clients(os.environ) as clients:
        session: aiohttp.ClientSession = await clients.get(_plain(bundle), origin(url))
        return await Http(session, frozenset({origin(url)})).request(method, url, headers)


def _plain(bundle: str) -> Provider:
    return Provider(
        namespace="",
        name="",
        uid="",
        resource_version="",
        generation=0,
        type="",
        endpoint="",
        grants=(),
        spec={},
        ca_bundle=bundle,
    )


def checked(*, apply: bool, namespace: str, kubeconfig: str | None) -> None:
    """To be called before anything is made that can't be made twice. Ends the command where what comes of it could not
    be delivered: secrets are shown on no terminal."""
    if not apply and sys.stdout.isatty():
        fail(
            "the private key would be shown on your terminal: use --apply, or lead the output into a file or a pipe", 2
        )
    if not apply:
        return

    async def allowed(client: KubeClient, _: str) -> list[str]:
        return [plural for kind, plural in _PLURALS.items() if not await _may_create(client, kind, namespace)]

    if lacking := asked(allowed, namespace, kubeconfig, Settings.service_account):
        fail(
            f"you may not create {' and '.join(lacking)} in namespace {namespace}; leave out --apply, and have the "
            "output applied by somebody who may"
        )


async def _may_create(client: KubeClient, kind: str, namespace: str) -> bool:
    import msgspec  # noqa: PLC0415

    group = "" if kind == "Secret" else "integrations.tekton.dev"
    wanted = {"group": group, "resource": _PLURALS[kind], "verb": "create", "namespace": namespace}
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": wanted},
    }
    answer = await client.review("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body)
    return bool(msgspec.json.decode(answer)["status"]["allowed"])


def delivered(objects: Objects, *, apply: bool, kubeconfig: str | None) -> None:
    """Prints the objects, or makes them. What can't be made any more is written to a file that only its owner can read:
    a private key is told once."""
    if not apply:
        typer.echo("---\n".join(yaml_of(each) for each in objects), nl=False)
        return

    async def make(client: KubeClient, _: str) -> None:
        for each in objects:
            metadata = each["metadata"]
            path = collection(each["apiVersion"], _PLURALS[each["kind"]], metadata["namespace"])
            await client.post(path, each)
            tell(f"{each['kind'].lower()}/{metadata['name']} made in namespace {metadata['namespace']}")

    async def made(client: KubeClient, where: str) -> str:
        try:
            await make(client, where)
        except ApiError as error:
            return error.message or error.reason
        return ""

    if problem := asked(made, objects[0]["metadata"]["namespace"], kubeconfig, Settings.service_account):
        path = Path(f"{objects[0]['metadata']['name']}.yaml")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write("---\n".join(yaml_of(each) for each in objects))
        fail(f"not all could be made ({problem}); it is in {path}, private key included: apply that, then delete it")
