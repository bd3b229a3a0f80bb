"""What annotations may say, and which Providers serve them."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tekton_integrations import PermanentError, ProviderType, SecretSource

API = "https://api.github.com"
MAX_NAME = 100
# Control, format and separator characters.
INVISIBLE = (
    r"\x00-\x1f\x7f-\xa0\xad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u2060-\u206f"
    r"\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U000e0000-\U000e0fff"
)


# Upper and lower case of a host's name are the same; a port is no part of it.
HOST = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
# What stands for "there is no pull request".
NONE = "none"


def key(name: str) -> str:
    """The annotation of an option, for messages."""
    return f"github.integrations.tekton.dev/{name}"


class GitHubOptions(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", omit_defaults=True):
    """Defaults are left out of what the digest of a report is made from: a new option reports no old run anew.

    `context` is another word for `name`, which holds either. Raises PermanentError for what does not go together.
    """

    owner: Annotated[
        str,
        Meta(
            pattern=r"\A[A-Za-z0-9](-?[A-Za-z0-9_])*\Z",
            max_length=60,
            description="the repository's owner, an organisation or a user, as in github.com/OWNER/repo",
            examples=["acme"],
        ),
    ]
    repo: Annotated[
        str,
        Meta(
            pattern=r"\A(?!\.{1,2}\Z)[A-Za-z0-9._-]+\Z",
            max_length=100,
            description="the repository's name without its owner, as in github.com/owner/REPO",
            examples=["api"],
        ),
    ]
    sha: Annotated[
        str,
        Meta(
            pattern=r"\A[0-9a-fA-F]{40}\Z",
            description="the commit's full SHA, 40 hexadecimal digits; not a branch, a tag or a short SHA",
            examples=["3f786850e387550fdab836ed7e6dc881de23001b"],
        ),
    ]
    name: Annotated[
        str,
        Meta(
            # No white space at the ends, and nothing invisible: two names that look the same are the same.
            pattern=rf"\A(?! )[^{INVISIBLE}]+(?<! )\Z",
            max_length=MAX_NAME,
            description="the check's name, up to 100 characters; by default `Tekton / ` and the pipeline's name",
            examples=["Tekton / unit tests"],
        ),
    ] = msgspec.field(default_factory=str)  # a default that is not left out, as in version 0.1.0
    context: Annotated[
        str,
        Meta(
            pattern=rf"\A(?! )[^{INVISIBLE}]+(?<! )\Z",
            max_length=MAX_NAME,
            description="the same as `name`, in the word that commit statuses use; up to 100 characters",
            examples=["ci/unit-tests"],
        ),
    ] = ""
    host: Annotated[
        str,
        Meta(
            pattern=rf"\A({HOST})?\Z",
            max_length=253,
            description="the host of the repository's pages; another one than the Provider's is refused, "
            "and left empty it is not looked at",
            examples=["github.com"],
        ),
    ] = ""
    pull_request: Annotated[
        str,
        Meta(
            pattern=rf"\A([1-9][0-9]{{0,9}}|{NONE})\Z",
            description="the number of the pull request that `comment` is about, or `none`",
            examples=["12"],
        ),
    ] = ""
    comment: Annotated[
        Literal["never", "on-failure", "always"],
        Meta(
            description="when the pull request gets a comment: `never` (the default), `on-failure` (which turns green "
            "again), or `always`; there is one for each pipeline, updated in place. It needs `pull-request`",
            examples=["on-failure"],
        ),
    ] = "never"
    environment: Annotated[
        str,
        Meta(
            pattern=rf"\A(?! )[^{INVISIBLE}]+(?<! )\Z",
            max_length=255,
            description="the environment to which the run deploys the commit: GitHub shows it as a deployment",
            examples=["staging"],
        ),
    ] = ""
    environment_url: Annotated[
        str,
        Meta(
            pattern=rf"\Ahttps?://{HOST}(:[0-9]{{1,5}})?([/?#][!#-;=?-\[\]_a-z~]*)?\Z",
            max_length=2000,
            description="where the environment is found, an http or https URL without a user; needs `environment`",
            examples=["https://staging.example.com"],
        ),
    ] = ""
    logs: Annotated[
        Literal["private", "always", "never"],
        Meta(
            description="whether the ends of failed steps' logs are shown: at `private` repositories only (the "
            "default), `always`, or `never`",
            examples=["always"],
        ),
    ] = "private"
    checks: Annotated[
        Literal["run", "tasks"],
        Meta(
            description="one check for the `run` (the default), or one more for each of its `tasks`",
            examples=["tasks"],
        ),
    ] = "run"
    beside_pipelines_as_code: Annotated[
        bool,
        Meta(
            description="whether a run that Pipelines-as-Code made, and reports itself, is shown here, too: "
            "`true` or `false` (the default)",
            examples=["true"],
        ),
    ] = False

    def __post_init__(self) -> None:
        if self.name and self.context and self.name != self.context:
            raise PermanentError(
                "InvalidAnnotation",
                f"{key('name')} and {key('context')} mean the same and say different things; remove one",
            )
        if self.comment != "never" and not self.pull_request:
            raise PermanentError(
                "MissingAnnotation",
                f"{key('pull-request')} is missing, and {key('comment')} is {self.comment}; give the pull request's "
                f"number, or {NONE} where there is none",
            )
        if self.environment_url and not self.environment:
            raise PermanentError(
                "MissingAnnotation",
                f"{key('environment')} is missing, and {key('environment-url')} is there; say which environment it is",
            )
        msgspec.structs.force_setattr(self, "name", self.name or self.context)
        msgspec.structs.force_setattr(self, "context", "")

    @property
    def pull(self) -> int:
        """The pull request's number; 0 where there is none."""
        return int(self.pull_request) if self.pull_request not in ("", NONE) else 0


class AppSettings(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`appId` is the App's id, `privateKey` names the Secret with its PEM."""

    app_id: int
    private_key: SecretSource


class TokenSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`token` names the Secret with a personal access token that may write commit statuses."""

    token: SecretSource


APP = ProviderType(name="GitHubApp", block="githubApp", settings=AppSettings, endpoint=API)
TOKEN = ProviderType(name="GitHubToken", block="githubToken", settings=TokenSettings, endpoint=API)
