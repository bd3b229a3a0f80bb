"""A Provider's credential is tried before any run is: what is missing is named, with the page where to give it."""

import pytest
from tekton_integrations_github.integration import GitHub as Integration
from tekton_integrations_github.trial import lacks_scope, missing, settings

from integrations.github.tests.calling import calling
from tekton_integrations import PermanentError, TemporaryError


async def test_an_app_that_may_do_what_each_report_needs_passes_with_one_call() -> None:
    async with calling() as caller:
        await Integration().check(caller.context())
        assert caller.sent == ["GET /app"]


async def test_a_missing_permission_is_named_with_the_page_where_to_give_it() -> None:
    async with calling() as caller:
        caller.app.permissions = {"metadata": "read", "statuses": "write"}
        with pytest.raises(PermanentError, match="`Checks: write`") as caught:
            await Integration().check(caller.context())
        assert caught.value.reason == "Forbidden"
        assert f"/settings/apps/{caller.app.slug}/permissions" in caught.value.message


async def test_a_key_of_another_app_and_one_that_is_none_are_said() -> None:
    async with calling() as caller:
        caller.use_key(caller.github.add_app(13).private_key_pem, app_id=12)
        with pytest.raises(TemporaryError) as refused:
            await Integration().check(caller.context())
        caller.use_key("no key")
        with pytest.raises(TemporaryError) as unusable:
            await Integration().check(caller.context())
        assert (refused.value.reason, unusable.value.reason) == ("CredentialRefused", "CredentialUnavailable")
        assert caller.renewed == 1


@pytest.mark.parametrize("limits", [True, False])
async def test_a_token_passes_and_one_that_is_not_known_does_not(limits: bool) -> None:
    async with calling(limits=limits) as caller:
        caller.use_token()
        await Integration().check(caller.context())
        caller.use(secrets={"token": b"ghp_unknown"})
        with pytest.raises(TemporaryError) as caught:
            await Integration().check(caller.context())
        assert caught.value.reason == "CredentialRefused"
        assert set(caller.sent) == {"GET /rate_limit"}


def test_more_than_what_is_needed_is_as_good_and_what_is_not_told_is_not_held_against_anybody() -> None:
    assert missing(None) == {}
    assert missing({"checks": "admin", "metadata": "write"}) == {}
    assert missing({"checks": "none of this", "metadata": "read"}) == {"checks": "write"}


def test_a_slug_that_is_none_makes_no_link() -> None:
    assert settings("<x>", "https://github.com") == "its settings page"


@pytest.mark.parametrize(
    ("scopes", "lacks"),
    [(None, False), ("", True), ("gist, read:org", True), ("gist, repo:status", False), ("repo", False)],
)
def test_of_classic_tokens_the_scopes_tell(scopes: str | None, lacks: bool) -> None:
    assert lacks_scope(scopes) is lacks
