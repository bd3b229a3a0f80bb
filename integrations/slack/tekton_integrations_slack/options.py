"""What annotations may say, and which Providers serve them."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tekton_integrations import PermanentError, ProviderType, SecretSource
from tekton_integrations.addresses import MAX_URL, PATTERN, place
from tekton_integrations.occasions import LONGEST
from tekton_integrations.occasions import PATTERN as OCCASIONS

API = "https://slack.com/api"
HOOKS = "https://hooks.slack.com"
# What a grant names as target for runs that leave the workspace to the Provider. No workspace has this host.
ANY_WORKSPACE = "slack.com"
# https://docs.slack.dev/apis/web-api/using-the-conversations-api: an id begins with C, or G for older private channels.
_ID = r"[CG][A-Z0-9]{6,30}"
# Slack's names have no upper case, so none is an id. https://docs.slack.dev/reference/methods/conversations.create
_NAME = r"#?(?:(?![A-Z])[\w.-]){1,80}"
_WHO = r"(?:here|channel|[UWS][A-Z0-9]{6,30})"
_HOOK_HOSTS = ("hooks.slack.com", "hooks.slack-gov.com")


def key(name: str) -> str:
    """The annotation of an option, for messages."""
    return f"slack.integrations.tekton.dev/{name}"


class SlackOptions(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", omit_defaults=True):
    """Defaults are left out of what the digest of a report is made from: a new option reports no old run anew.

    Raises PermanentError for what is no workspace.
    """

    channel: Annotated[
        str,
        Meta(
            pattern=rf"\A(?:{_ID}|{_NAME})\Z",
            max_length=81,
            description="the channel, by its name (in lower case, with or without `#`) or by its id, which outlives "
            "a new name; one or the other must be granted",
            examples=["build-cop"],
        ),
    ]
    url: Annotated[
        str,
        Meta(
            pattern=PATTERN,
            max_length=MAX_URL,
            description=f"the workspace's address, not that of a webhook; it selects the Provider. Without it the "
            f"Provider's own workspace is meant, and a grant must name `{ANY_WORKSPACE}` as target",
            examples=["https://tektoncd.slack.com"],
        ),
    ] = ""
    on: Annotated[
        str,
        Meta(
            pattern=OCCASIONS,
            max_length=LONGEST,
            description="on which occasions the run gets a card: `created`, `started`, `retried`, `finished`, "
            "`problems` (failed, timed out, could not start), or single ends (`failed`, `cancelled`, …), with commas "
            "between. Once there, the card follows the run to its end. By default it is there from the beginning",
            examples=["problems"],
        ),
    ] = ""
    thread: Annotated[
        bool,
        Meta(
            description="whether a red end is told in a reply to the card, with all that failed and the end of the "
            "log, which is shown in the channel as well: `true` (the default) or `false`",
            examples=["false"],
        ),
    ] = True
    mention: Annotated[
        str,
        Meta(
            pattern=rf"\A *{_WHO}(?: *, *{_WHO}){{0,4}} *\Z",
            max_length=200,
            description="who is called at a red end: `here`, `channel`, ids of users (`U…`, `W…`) or of user groups "
            "(`S…`), up to five with commas between. Each needs a grant under the name `mention:<who>`",
            examples=["here"],
        ),
    ] = ""
    logs: Annotated[
        Literal["workspace", "always", "never"],
        Meta(
            description="whether the end of a failed step's log is shown: `workspace`, in channels that are not shared "
            "with other organisations (the default), `always`, or `never`",
            examples=["always"],
        ),
    ] = "workspace"

    def __post_init__(self) -> None:
        if self.url:
            _check_workspace(self.url)

    @property
    def workspace(self) -> str:
        """Its host, in the words of grants."""
        return place(self.url) if self.url else ANY_WORKSPACE

    @property
    def name(self) -> str:
        """The channel, as grants name it."""
        return self.channel.removeprefix("#")

    @property
    def mentions(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(word.strip() for word in self.mention.split(",") if word.strip()))


def _check_workspace(url: str) -> None:
    """The URL is not repeated: that of a webhook is a secret."""
    host = place(url)
    if host in _HOOK_HOSTS:
        raise PermanentError(
            "InvalidAnnotation",
            f"{key('url')} is the address of an incoming webhook, which is a secret: make a new one, put it into the "
            "Secret of a Provider of type SlackWebhook, and write the workspace's address here",
        )
    if not url.startswith("https://") or url.rstrip("/").count("/") != 2 or "?" in url or host == ANY_WORKSPACE:
        raise PermanentError(
            "InvalidAnnotation",
            f"{key('url')} must be the workspace's address and nothing more, such as https://tektoncd.slack.com",
        )


def is_id(channel: str) -> bool:
    """Whether it is a channel's id; else it is a name."""
    return channel[:1] in ("C", "G") and channel.isascii() and channel.isalnum() and channel.upper() == channel


class BotSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`token` names the Secret with the App's bot token (`xoxb-…`)."""

    token: SecretSource


class WebhookSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`url` names the Secret with the address of an incoming webhook."""

    url: SecretSource


BOT = ProviderType(name="Slack", block="slack", settings=BotSettings, endpoint=API)
WEBHOOK = ProviderType(name="SlackWebhook", block="slackWebhook", settings=WebhookSettings, endpoint=HOOKS)
