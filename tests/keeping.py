"""An integration that keeps to the contract in everything, for tests that change one thing of it."""

from typing import Annotated, Any, ClassVar

import msgspec

from tekton_integrations import (
    Context,
    Cost,
    Integration,
    Limits,
    PermanentError,
    ProviderType,
    Record,
    Response,
    Result,
    Run,
    SecretSource,
    Target,
    TemporaryError,
)
from tekton_integrations.posting import bearer

Where = Annotated[str, msgspec.Meta(description="where", examples=["here"])]


class Options(msgspec.Struct, frozen=True, omit_defaults=True):
    where: Where


class Settings(msgspec.Struct, frozen=True):
    token: SecretSource


def kind(**changes: Any) -> tuple[ProviderType, ...]:
    known: dict[str, Any] = {"name": "Toy", "block": "toy", "settings": Settings, "endpoint": "https://toy.example"}
    return (ProviderType(**(known | changes)),)


class Toy(Integration):
    """Right in everything."""

    name = "toy"
    Options: ClassVar[type[msgspec.Struct]] = Options
    provider_types: ClassVar[tuple[ProviderType, ...]] = kind()

    def target(self, run: Run, options: Any) -> Target:
        return Target(resource=options.where, name="toy")

    async def reconcile(self, run: Run, options: Any, record: Record, context: Context) -> Result:
        await self.send(context, {"state": run.state, "says": run.message})
        return Result(memory={"id": "1"}, summary=f"shown at {options.where}")

    async def settle(self, record: Record, context: Context) -> None:
        await self.send(context, {"state": "Gone"})

    async def send(self, context: Context, body: Any) -> None:
        context.quota("all", Limits()).take(Cost(write=True))
        headers = {"content-type": "application/json"} | bearer(context)
        self.judge(await context.http.request("PUT", self.url(context), headers, msgspec.json.encode(body)))

    def url(self, context: Context) -> str:
        return context.credential.endpoint

    def judge(self, answer: Response) -> None:
        if answer.status == 429 or answer.status >= 500:
            raise TemporaryError("ServiceUnavailable", "it is down")
        if answer.status >= 300:
            raise PermanentError("Refused", "it refuses")
