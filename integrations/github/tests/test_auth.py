"""Tokens: minted once for all who need one, narrow, renewed in time; what is wrong with a credential is told."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from cryptography.hazmat.primitives.serialization import PrivateFormat
from tekton_integrations_github.needs import CHECKS, COMMENTS, DEPLOYMENTS, STATUSES, Need

from integrations.github.tests.calling import CREATE, LOOKUP, MINT, SHA, Caller, CheckPage, calling, in_form
from integrations.github.tests.helpers import together
from tekton_integrations import PermanentError, TemporaryError, Throttled
from tests.fakes.github import CutAfterWrite, Hang, TooManyRequests, Unauthorized

READ = f"/commits/{SHA}/check-runs"
NOTHING = [CheckPage(check_runs=[])]


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with calling() as caller:
        yield caller


async def test_one_token_serves_all_who_call_at_once(caller: Caller) -> None:
    assert await together(*(caller.read() for _ in range(100))) == [NOTHING] * 100
    assert (caller.count(MINT), caller.count(LOOKUP)) == (1, 1)
    assert caller.access.sizes["calls"] == 0


async def test_one_failure_serves_all_who_wait_for_it(caller: Caller) -> None:
    caller.github.add_repository("acme/hidden")
    answers = await together(*(caller.read("acme/hidden") for _ in range(20)))
    assert {type(each) for each in answers} == {PermanentError}
    assert caller.count(LOOKUP) == 1


async def test_one_who_is_cancelled_leaves_the_token_to_the_others(caller: Caller) -> None:
    rule = caller.github.faults.add("access_tokens$", Hang())
    first, second = asyncio.create_task(caller.read()), asyncio.create_task(caller.read())
    await rule.struck()
    first.cancel()
    rule.release()
    assert await second == NOTHING
    assert first.cancelled()
    assert caller.count(MINT) == 1


@pytest.mark.parametrize(
    ("need", "permission"),
    [(CHECKS, "checks"), (STATUSES, "statuses"), (COMMENTS, "pull_requests"), (DEPLOYMENTS, "deployments")],
)
async def test_a_token_may_do_what_the_call_needs_at_its_repository_and_nothing_else(
    caller: Caller, need: Need, permission: str
) -> None:
    caller.add("acme/other")
    await caller.calls().ready(need)
    [token] = caller.github.world.tokens.values()
    assert token.permissions == {"metadata": "read", permission: "write"}
    assert token.repositories == frozenset({caller.github.world.named("acme/api").id})


async def test_a_comment_is_made_with_either_permission(caller: Caller) -> None:
    installed = {"metadata": "read", "issues": "write"}
    caller.github.installation("acme/api", caller.app).permissions = installed
    await caller.calls().ready(COMMENTS)
    [token] = caller.github.world.tokens.values()
    assert token.permissions == installed


async def test_each_repository_and_each_need_has_its_own_token(caller: Caller) -> None:
    caller.add("acme/other")
    for repository in ("acme/api", "acme/other", "acme/api"):
        await caller.read(repository)
        await caller.calls(repository).ready(DEPLOYMENTS)
    assert (caller.count(MINT), caller.count(LOOKUP)) == (4, 2)


@pytest.mark.parametrize(("later", "tokens"), [(3400, 1), (3500, 2), (4000, 2)])
async def test_a_token_is_renewed_two_minutes_before_it_ends_and_without_a_lookup(
    caller: Caller, later: float, tokens: int
) -> None:
    await caller.read()
    caller.github.clock.advance(later)
    assert await caller.read() == NOTHING
    assert (caller.count(MINT), caller.count(LOOKUP)) == (tokens, 1)


async def test_a_token_that_is_refused_in_the_middle_of_a_run_is_replaced_once(caller: Caller) -> None:
    await caller.create()
    caller.github.expire_tokens()
    await caller.create()
    assert caller.sent == [LOOKUP, MINT, CREATE, CREATE, MINT, CREATE]
    assert (caller.shown("acme/api"), caller.renewed) == (2, 0)


async def test_when_the_new_token_is_refused_too_the_credential_is_read_again(caller: Caller) -> None:
    rule = caller.github.faults.add("^GET .*/check-runs$", Unauthorized(), times=None)
    with pytest.raises(TemporaryError, match="put a valid one into its Secret") as caught:
        await caller.read()
    assert (caught.value.reason, caught.value.needs_help, len(rule.hits)) == ("CredentialRefused", True, 2)
    assert caller.renewed == 1


async def test_a_late_refusal_of_an_old_token_leaves_the_new_one(caller: Caller) -> None:
    await caller.read()
    caller.github.expire_tokens()
    rule = caller.github.faults.add("^GET .*/check-runs$", Hang())
    slow = asyncio.create_task(caller.read())
    await rule.struck()
    await caller.read()
    rule.release()
    await slow
    assert caller.count(MINT) == 2


def rotated(caller: Caller) -> str:
    """The same key, written down in another way."""
    return in_form(caller.app.private_key_pem, PrivateFormat.PKCS8)


async def test_a_rotated_key_is_picked_up_and_calls_under_way_end_well(caller: Caller) -> None:
    rule = caller.github.faults.add("access_tokens$", Hang())
    old = asyncio.create_task(caller.create())
    await rule.struck()
    caller.use_key(rotated(caller))
    new = asyncio.create_task(caller.create())
    await new
    rule.release()
    await old
    assert caller.shown("acme/api") == 2
    assert caller.access.sizes["keys"] == 2
    caller.github.clock.advance(3700)
    await caller.create()
    assert caller.access.sizes["keys"] == 1  # nobody has used the old one for an hour


async def test_what_is_changed_of_a_provider_besides_its_secret_costs_no_new_token(caller: Caller) -> None:
    await caller.create()
    caller.use(version="uid/2/101")
    await caller.create()
    assert caller.count(MINT) == 1


async def test_what_came_through_one_provider_s_proxy_serves_no_other_provider(caller: Caller) -> None:
    await caller.create()
    caller.use(version="another/1/100")  # of the same App, with another proxy or caBundle
    await caller.create()
    assert (caller.count(LOOKUP), caller.count(MINT), caller.access.sizes["keys"]) == (2, 2, 2)


async def test_a_repository_that_was_taken_from_the_installation_is_told(caller: Caller) -> None:
    await caller.create()
    installation = caller.github.installation("acme/api", caller.app)
    repository = installation.repositories.popitem()[1]
    caller.github.clock.advance(120)
    with pytest.raises(PermanentError, match="select the repository"):
        await caller.create()
    installation.repositories[repository.id] = repository
    await caller.create()
    assert caller.shown("acme/api") == 2


async def test_an_app_that_was_installed_anew_is_found_again(caller: Caller) -> None:
    await caller.create()
    caller.github.world.installations.clear()
    caller.github.world.install(caller.app, caller.github.world.named("acme/api"), None)
    caller.github.clock.advance(3700)
    await caller.create()
    assert caller.shown("acme/api") == 2


async def test_a_cut_while_minting_leaves_nothing_in_doubt(caller: Caller) -> None:
    caller.github.faults.add("access_tokens$", CutAfterWrite())
    with pytest.raises(TemporaryError) as caught:
        await caller.create()
    assert not caught.value.maybe_sent
    await caller.create()


async def test_a_refusal_to_give_tokens_is_obeyed_for_all_repositories(caller: Caller) -> None:
    caller.add("globex/api")
    caller.github.faults.add("access_tokens$", TooManyRequests(retry_after=30))
    for repository in ("acme/api", "globex/api"):
        with pytest.raises(Throttled):
            await caller.create(repository)
    assert caller.sent == [LOOKUP, MINT]
    caller.github.clock.advance(31)
    await caller.create("globex/api")
    assert caller.github.violations == []


async def test_a_personal_token_is_used_as_it_is_but_for_blanks_around_it(caller: Caller) -> None:
    caller.use_token("ghp_mine\n")
    await caller.read()
    assert [call.headers["Authorization"] for call in caller.github.requests] == ["token ghp_mine"]


async def test_a_personal_token_that_is_refused_is_not_tried_twice(caller: Caller) -> None:
    caller.use_token("ghp_mine")
    caller.github.world.tokens.clear()
    with pytest.raises(TemporaryError) as caught:
        await caller.read()
    assert (caught.value.reason, caller.renewed, len(caller.sent)) == ("CredentialRefused", 1, 1)


async def test_whose_a_personal_token_is_is_asked_once(caller: Caller) -> None:
    caller.use_token()
    first = await caller.calls().login()
    assert first == await caller.calls("acme/other").login()
    assert first.startswith("user-")
    assert len(caller.sent) == 1


async def test_an_app_is_no_user(caller: Caller) -> None:
    assert await caller.calls().login() == ""
    assert caller.sent == []
