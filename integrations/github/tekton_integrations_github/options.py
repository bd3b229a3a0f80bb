"""What annotations may say, and which Providers serve them."""

from typing import Annotated

import msgspec
from msgspec import Meta

from tekton_integrations import ProviderType, SecretSource

API = "https://api.github.com"


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
            pattern=r"\A[^\x00-\x1f\x7f]+\Z",
            max_length=100,
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
