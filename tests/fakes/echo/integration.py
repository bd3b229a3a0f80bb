"""The tiniest real integration: puts a run's state at a receiver, and nothing else. For tests of what the core does.

It sees the public contract only; `install.py` makes it one that the controller finds as if it came by pip.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from tekton_integrations import (
    Context,
    Integration,
    PermanentError,
    ProviderType,
    Record,
    Response,
    Result,
    Run,
    SecretSource,
    Target,
    TemporaryError,
    Throttled,
)

ID = "id"
Payload = dict[str, Any]


class EchoOptions(msgspec.Struct, frozen=True, kw_only=True):
    key: Annotated[str, Meta(description="what a grant must name as target")] = "all"
    name: Annotated[str, Meta(description="under which name; by default the pipeline's")] = ""
    group: Annotated[str, Meta(pattern=r"\A[a-z0-9]+\Z", description="which runs are told of each other")] = ""


class EchoSettings(msgspec.Struct, frozen=True, kw_only=True):
    token: SecretSource | None = None


ECHO = ProviderType(name="Echo", block="echo", settings=EchoSettings, endpoint="http://127.0.0.1:9")


class Echo(Integration):
    """The newest state only: a PUT, which may be made twice without harm."""

    name = "echo"
    Options = EchoOptions
    provider_types = (ECHO,)

    def target(self, run: Run, options: EchoOptions) -> Target:
        return target(run, options)

    async def reconcile(self, run: Run, options: EchoOptions, record: Record, context: Context) -> Result:
        payload = shown(run, record) | await _group(options, context)
        if record.memory:
            await call(context, "PUT", _path(context), payload)
        else:
            # Announced, so that what a crash leaves behind is settled if the run goes meanwhile.
            async with context.attempt(repeatable=True):
                await call(context, "PUT", _path(context), payload)
        return Result(memory={ID: context.external_id}, url=context.credential.endpoint + _path(context))

    async def settle(self, record: Record, context: Context) -> None:
        """What is open is ended; what is not there needs no end."""
        found = await call(context, "GET", _path(context), absent={})
        if found and not found["final"]:
            await call(context, "PUT", _path(context), found | {"state": "Cancelled", "final": True})


def target(run: Run, options: EchoOptions) -> Target:
    group = {"group": options.group} if options.group else {}
    return Target(
        resource=options.key.lower(), name=options.name or run.pipeline, labels=group, shares=tuple(group.values())
    )


async def _group(options: EchoOptions, context: Context) -> Payload:
    """Who else is in the run's group, and whether it is the newest there."""
    if not options.group:
        return {}
    siblings = await context.siblings("group", options.group)
    return {"siblings": sorted(each.run.name for each in siblings), "newest": context.newest(options.group)}


def shown(run: Run, record: Record) -> Payload:
    return {
        "kind": run.kind,
        "namespace": run.namespace,
        "run": run.name,
        "uid": run.uid,
        "name": record.target.name if record.target else "",
        "state": str(run.state),
        "reason": run.reason,
        "final": run.final,
    }


async def call(context: Context, method: str, path: str, body: Payload | None = None, *, absent: Any = None) -> Any:
    """The decoded answer, or `absent` for a 404 where that is given. Raises PermanentError, TemporaryError."""
    headers = {"content-type": "application/json"}
    if token := context.credential.secrets.get("token"):
        headers["authorization"] = f"Bearer {token.decode()}"
    content = b"" if body is None else msgspec.json.encode(body)
    response = await context.http.request(method, context.credential.endpoint + path, headers, content)
    if response.status == 404 and absent is not None:
        return absent
    if response.status >= 300:
        raise _failure(method, response)
    return msgspec.json.decode(response.body)


def _failure(method: str, response: Response) -> Exception:
    status, after = response.status, response.headers.get("retry-after")
    if after is not None and status in (429, 503):
        return Throttled(f"the receiver asked to wait {after} s ({status})", float(after))
    if status == 429 or status >= 500:
        message, changes = f"the receiver answered {status}", method != "GET"
        return TemporaryError("ServiceUnavailable", message, maybe_sent=changes, down=status >= 500)
    return PermanentError("Refused", f"the receiver answered {status}")


def _path(context: Context) -> str:
    return f"/runs/{context.external_id}"
