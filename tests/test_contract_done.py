"""check_contract finds what an author can do wrongly, and says it with the cure. Each integration here is right but for
one thing.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec
import pytest

from tekton_integrations import (
    Context,
    Cost,
    Found,
    Integration,
    Limits,
    PermanentError,
    ProviderType,
    Record,
    Rehearsal,
    Response,
    Result,
    Run,
    Source,
    Target,
    TemporaryError,
)
from tekton_integrations.posting import bearer
from tekton_integrations.testing import check_contract
from tests.keeping import Toy, kind


class Numbered(msgspec.Struct, frozen=True):
    number: int


class Moving(Toy):
    def target(self, run: Run, options: Any) -> Target:
        return Target(resource=options.where, name=run.state)


class Placeless(Toy):
    def target(self, run: Run, options: Any) -> Target:
        return Target(resource=options.where, name="")


class Refusing(Toy):
    def target(self, run: Run, options: Any) -> Target:
        raise PermanentError("InvalidAnnotation", "never")


class Endless(Toy):
    def facts(self, run: Run, options: Any) -> tuple[str, ...]:
        return (run.name,)


class Numbers(Toy):
    def progress(self, run: Run, options: Any) -> Any:
        return (len(run.children),)


class Fragile(Toy):
    def facts(self, run: Run, options: Any) -> tuple[str, ...]:
        return (run.state, run.message.encode("ascii").decode())


class Guessing(Toy):
    inferable: ClassVar[Mapping[str, str]] = {"where": "nowhere"}

    def infer(self, source: Source) -> Mapping[str, Found]:
        return {"where": Found("here", "a guess")}


class Taking(Toy):
    def is_asked(self, source: Source) -> bool:
        return True


class Silent(Toy):
    async def send(self, context: Context, body: Any) -> None: ...


class Unpaced(Toy):
    async def send(self, context: Context, body: Any) -> None:
        self.judge(await context.http.request("PUT", self.url(context), bearer(context)))


class Mute(Toy):
    async def reconcile(self, run: Run, options: Any, record: Record, context: Context) -> Result:
        await super().reconcile(run, options, record, context)
        return Result()


class Nothing(Toy):
    async def reconcile(self, run: Run, options: Any, record: Record, context: Context) -> Any:
        await super().reconcile(run, options, record, context)


class Counting(Toy):
    async def reconcile(self, run: Run, options: Any, record: Record, context: Context) -> Result:
        shown = await super().reconcile(run, options, record, context)
        memory: Any = {"id": 1}
        return Result(memory=memory, summary=shown.summary)


class Telling(Toy):
    def url(self, context: Context) -> str:
        return f"{context.credential.endpoint}/?token={context.credential.secrets['token'].decode()}"


class Elsewhere(Toy):
    def url(self, context: Context) -> str:
        return "https://elsewhere.example"


class Pasting(Toy):
    async def reconcile(self, run: Run, options: Any, record: Record, context: Context) -> Result:
        context.quota("all", Limits()).take(Cost(write=True))
        body = f'{{"says": "{run.message}"}}'.encode(errors="replace")
        headers = {"content-type": "application/json"}
        self.judge(await context.http.request("PUT", self.url(context), headers, body))
        return Result(summary="shown")


class Heading(Toy):
    async def send(self, context: Context, body: Any) -> None:
        context.quota("all", Limits()).take(Cost(write=True))
        self.judge(await context.http.request("PUT", self.url(context), {"x-says": body.get("says", "")}))


class Believing(Toy):
    def judge(self, answer: Response) -> None: ...


class Hopeless(Toy):
    def judge(self, answer: Response) -> None:
        if answer.status >= 300:
            raise PermanentError("Refused", "it refuses")


class Inventing(Toy):
    def judge(self, answer: Response) -> None:
        if answer.status >= 300:
            raise TemporaryError("Unheard", "of")


class Wordless(Toy):
    def judge(self, answer: Response) -> None:
        if answer.status >= 300:
            raise TemporaryError("ServiceUnavailable", "")


class Swallowing(Toy):
    async def send(self, context: Context, body: Any) -> None:
        try:
            await super().send(context, body)
        except (TemporaryError, asyncio.CancelledError):
            return


class Parsing(Toy):
    def judge(self, answer: Response) -> None:
        super().judge(answer)
        msgspec.json.decode(answer.body)["state"]


class Trusting(Toy):
    async def reconcile(self, run: Run, options: Any, record: Record, context: Context) -> Result:
        int(record.memory.get("id", "0"))
        return await super().reconcile(run, options, record, context)


class Ascii(Toy):
    async def send(self, context: Context, body: Any) -> None:
        context.credential.secrets["token"].decode("ascii")
        await super().send(context, body)


class Leaving(Toy):
    async def settle(self, record: Record, context: Context) -> None:
        raise KeyError("gone")


class Trying(Toy):
    async def check(self, context: Context) -> None:
        raise ValueError("no")


class Rehearsing(Toy):
    provider_types: ClassVar[tuple[ProviderType, ...]] = kind(settings=Numbered)

    def rehearsal(self, provider_type: str, endpoint: str, target: Target) -> Rehearsal:
        return Rehearsal(settings={"number": "one"})


DONE: dict[type[Integration], str] = {
    Moving: "a run stays where it is shown",
    Placeless: "return a Target with a resource and a name",
    Refusing: "target refuses the examples of the options",
    Endless: "are those of one that goes on, so its end would not be shown",
    Numbers: "progress gave (0,); return a tuple of strings",
    Fragile: "facts of a run that says 'github: wide signs' of testing.CORPUS raised UnicodeEncodeError",
    Guessing: "infer found {'where': Found(value='here', source='a guess')} in a run that says nothing",
    Taking: "is_asked takes a run that says nothing for one that asks",
    Silent: "called nobody; a run's end is to be shown",
    Unpaced: "asked no quota",
    Mute: "has '' as summary",
    Nothing: "reconcile gave None; return a Result",
    Counting: "memory maps strings to strings",
    Telling: "tells a Secret in its result, or in the address or body of a call",
    Elsewhere: "failed before a service that is well: EgressRefused",
    Pasting: "says that it sends JSON, and sends",
    Heading: "of a run that says",
    Believing: "whom the service answers 503, took that for a success",
    Hopeless: "whom the service answers 503, gives up (Refused: it refuses); it passes",
    Inventing: "says Unheard, which nothing explains",
    Wordless: "says ''; say in one line what to change",
    Swallowing: "let CancelledError pass",
    Parsing: "whom the service answers b'<html>', raised DecodeError",
    Trusting: "a memory whose 'id' was damaged raised ValueError",
    Ascii: "whose Secret for 'token' holds no text raised UnicodeDecodeError",
    Leaving: "settle with a Provider of type Toy raised KeyError('gone')",
    Trying: "check, whom the service answers 200, raised ValueError('no')",
    Rehearsing: "rehearsal gives settings that Toy does not take",
}


@pytest.mark.parametrize("made", DONE, ids=lambda made: made.__name__)
async def test_what_is_done_wrongly_is_told(made: type[Integration]) -> None:
    with pytest.raises(AssertionError) as caught:
        await check_contract(made)
    assert str(caught.value).startswith(f"{made.__name__} does not keep to the contract:\n- ")
    assert DONE[made] in str(caught.value)
