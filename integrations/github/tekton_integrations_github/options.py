"""What annotations may say, and which Providers serve them."""

from typing import Annotated

import msgspec
from msgspec import Meta

from tekton_integrations import ProviderType, SecretSource

API = "https://api.github.com"
MAX_NAME = 100
# Control, format and separator characters.
INVISIBLE = (
    r"\x00-\x1f\x7f-\xa0\xad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u2060-\u206f"
    r"\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U000e0000-\U000e0fff"
)


class GitHubOptions(msgspec.Struct, frozen=True, kw_only=True):
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
    ] = ""


class AppSettings(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`appId` is the App's id, `privateKey` names the Secret with its PEM."""

    app_id: int
    private_key: SecretSource


class TokenSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`token` names the Secret with a personal access token that may write commit statuses."""

    token: SecretSource


APP = ProviderType(name="GitHubApp", block="githubApp", settings=AppSettings, endpoint=API)
TOKEN = ProviderType(name="GitHubToken", block="githubToken", settings=TokenSettings, endpoint=API)
