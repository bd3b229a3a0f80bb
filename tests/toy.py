"""An integration with options of several types, for tests of the core. It shows nothing anywhere."""

from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from tekton_integrations import Context, Integration, Record, Result, Run, Target


class SlackOptions(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    channel: Annotated[str, Meta(pattern=r"\AC\d+\Z", description="the channel's id, C and digits")]
    max_lines: Annotated[int, Meta(ge=1, le=50, description="a number from 1 to 50")] = 10
    mention: Annotated[bool, Meta(description="true or false")] = False
    plain: str = ""


class Slack(Integration):
    name = "slack"
    Options = SlackOptions
    versions: ClassVar[tuple[str, ...]] = ("v1", "v2")

    def target(self, run: Run, options: Any) -> Target:
        return Target(resource=options.channel, name="card")

    async def reconcile(self, run: Run, options: Any, record: Record, context: Context) -> Result:
        return Result()

    async def settle(self, record: Record, context: Context) -> None: ...
