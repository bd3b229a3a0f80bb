"""Repositories: found by their name, followed to a new one as far as the grants reach, and remembered."""

from collections.abc import AsyncIterator

import pytest
from tekton_integrations_github.needs import CHECKS
from tekton_integrations_github.repositories import place_of, web_of

from integrations.github.tests.calling import CREATE, LOOKUP, MINT, SHA, Caller, CheckPage, calling, whole
from integrations.github.tests.helpers import together
from tekton_integrations import PermanentError, TemporaryError
from tests.fakes.github import Redirect

MOVES = ["acme/core", "globex/api", "globex/core"]


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with calling() as caller:
        caller.add("globex/other")
        yield caller


@pytest.fixture(params=["App", "token"])
async def either(caller: Caller, request: pytest.FixtureRequest) -> Caller:
    if request.param == "token":
        caller.use_token()
    return caller


async def test_a_known_repository_costs_no_further_calls(caller: Caller) -> None:
    await caller.create()
    assert caller.sent == [LOOKUP, MINT, CREATE]
    await caller.create()
    assert caller.sent[3:] == [CREATE]


async def test_a_token_needs_no_further_calls_at_all(caller: Caller) -> None:
    caller.use_token()
    await caller.report()
    assert len(caller.sent) == 1


async def test_what_github_says_of_a_repository_comes_with_its_token(caller: Caller) -> None:
    caller.add("Acme/Web", private=False)
    known = await caller.calls("acme/web").repository(CHECKS)
    theirs = caller.github.world.named("acme/web")
    assert (known.name, known.id, known.public, known.account) == ("Acme/Web", theirs.id, True, "acme")


async def test_many_organisations_are_served_at_once_each_by_its_own_installation(caller: Caller) -> None:
    names = [f"org-{number}/api" for number in range(20)]
    for name in names:
        caller.add(name)
    await together(*(caller.create(name) for name in names for _ in range(2)))
    assert [caller.shown(name) for name in names] == [2] * 20
    assert (caller.count(LOOKUP), caller.count(MINT)) == (20, 20)
    assert {f"org-{number}" for number in range(20)} < set(caller.quotas)


@pytest.mark.parametrize("new", MOVES)
async def test_a_repository_is_followed_to_its_new_name_where_the_grants_allow_it(either: Caller, new: str) -> None:
    await either.report()
    either.github.transfer("acme/api", new)
    await either.report()
    assert either.shown(new) == 2
    assert {each.resource for each in either.asked} == {new}


@pytest.mark.parametrize("new", MOVES)
async def test_one_that_had_moved_before_it_was_ever_seen_is_found(either: Caller, new: str) -> None:
    either.github.transfer("acme/api", new)
    await either.report()
    assert either.shown(new) == 1


@pytest.mark.parametrize("new", MOVES)
@pytest.mark.parametrize("seen", [True, False])
async def test_nothing_is_written_where_no_grant_reaches(either: Caller, new: str, seen: bool) -> None:
    if seen:
        await either.report()
    either.github.transfer("acme/api", new)
    either.grants = lambda target: target.resource == "acme/api"
    for _ in range(2):
        with pytest.raises(
            PermanentError, match=f"now called {new}.* add {new} to the Provider's spec.grants"
        ) as caught:
            await either.report()
        assert caught.value.reason == "NotGranted"
    assert either.shown(new) == seen


async def test_after_a_move_a_report_costs_one_call_again(either: Caller) -> None:
    await either.report()
    either.github.rename("acme/api", "acme/core")
    await either.report()
    before = len(either.sent)
    await either.report()
    await either.report()
    assert len(either.sent) == before + 2


async def test_a_former_name_is_looked_up_again_after_an_hour(either: Caller) -> None:
    either.github.rename("acme/api", "acme/core")
    await either.report()
    either.add("acme/api")  # somebody takes the name
    await either.report()
    either.github.clock.advance(3700)
    await either.report()
    assert (either.shown("acme/core"), either.shown("acme/api")) == (2, 1)


@pytest.mark.parametrize("private", [True, False])
async def test_a_name_that_means_another_repository_by_now_leads_there(caller: Caller, private: bool) -> None:
    await caller.create()
    caller.github.rename("acme/api", "acme/core")
    caller.add("acme/api", private=private)
    caller.github.clock.advance(120)
    await caller.create()
    assert (caller.shown("acme/core"), caller.shown("acme/api")) == (1, 1)
    assert (await caller.calls().repository()).id == caller.github.world.named("acme/api").id


async def test_a_rename_during_the_pages_of_a_list_is_followed(caller: Caller) -> None:
    for _ in range(5):
        await caller.create()
    calls = caller.calls()

    def rename(page: object) -> None:
        if caller.github.world.named("acme/api").name == "api":
            caller.github.rename("acme/api", "acme/core")

    pages = await calls.pages(
        f"/commits/{SHA}/check-runs?filter=all&per_page=2", need=CHECKS, kind=CheckPage, pick=whole, until=rename
    )
    assert [len(page.check_runs) for page in pages] == [2, 2, 1]


async def test_a_transfer_to_where_the_app_is_not_installed_is_told(caller: Caller) -> None:
    await caller.create()
    caller.github.transfer("acme/api", "initech/api")
    with pytest.raises(PermanentError, match=r"has moved to where the GitHub App can't see it; .* install") as caught:
        await caller.create()
    assert caught.value.reason == "NotVisible"


async def test_many_runs_find_a_new_name_by_one_lookup(caller: Caller) -> None:
    await caller.create()
    caller.github.rename("acme/api", "acme/core")
    answers = await together(*(caller.create() for _ in range(20)))
    assert [each for each in answers if isinstance(each, Exception)] == []
    assert caller.shown("acme/core") == 21
    assert caller.count(MINT) <= 4  # those whose redirect came late may have asked once more


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirects_in_a_circle_end(either: Caller, status: int) -> None:
    either.github.faults.add("POST /repos/.*(check-runs|statuses)", Redirect("/repos/acme/api/x", status), times=None)
    with pytest.raises(TemporaryError, match="without an end") as caught:
        await either.report()
    assert (caught.value.reason, caught.value.maybe_sent) == ("UnreadableAnswer", False)
    assert len(either.sent) < 20


@pytest.mark.parametrize("location", ["http://127.0.0.1:9/repos/acme/api/x", "https://api.github.com/repositories/1"])
async def test_a_redirect_to_another_host_is_not_followed(either: Caller, location: str) -> None:
    either.github.faults.add("POST /repos/.*(check-runs|statuses)", Redirect(location), times=None)
    with pytest.raises(PermanentError) as caught:
        await either.report()
    assert caught.value.reason == "EgressRefused"


async def test_whether_a_repository_is_public_is_looked_at_again_after_five_minutes(either: Caller) -> None:
    assert not await either.calls().public()
    either.github.publish("acme/api")
    before = len(either.sent)
    assert not await either.calls().public()
    assert len(either.sent) == before
    either.github.clock.advance(301)
    assert await either.calls().public()
    assert len(either.sent) == before + 1


async def test_an_app_knows_whether_it_is_public_without_a_further_call(caller: Caller) -> None:
    await caller.create()
    assert not await caller.calls().public()
    assert caller.sent == [LOOKUP, MINT, CREATE]


async def test_a_report_on_a_repository_that_moved_links_to_its_new_pages(caller: Caller) -> None:
    caller.github.rename("acme/api", "acme/core")
    calls = caller.calls()
    assert calls.web("/commit/1").endswith("/acme/api/commit/1")
    await calls.call("POST", "/check-runs", {"name": "x", "head_sha": SHA}, need=CHECKS, kind=object)
    assert calls.web("/commit/1") == f"{caller.github.url}/acme/core/commit/1"


async def test_what_is_known_is_bounded(caller: Caller) -> None:
    for number in range(30):
        caller.add(f"acme/repo-{number}")
        await caller.create(f"acme/repo-{number}")
    assert caller.access.sizes == {"keys": 1, "repositories": 30, "tokens": 30, "calls": 0}
    caller.github.clock.advance(25 * 3600)
    await caller.create()
    assert caller.access.sizes == {"keys": 1, "repositories": 1, "tokens": 1, "calls": 0}


@pytest.mark.parametrize(
    ("url", "path", "rest"),
    [
        ("https://api.github.com/repositories/5/check-runs?x=1#y", "/repositories/5", "/check-runs?x=1"),
        ("https://ghe.example.com/api/v3/repos/acme/api/check-runs", "/repos/acme/api", "/check-runs"),
        ("/repos/acme/api", "/repos/acme/api", ""),
        ("/repositories/5", "/repositories/5", ""),
    ],
)
def test_an_address_is_taken_apart(url: str, path: str, rest: str) -> None:
    place = place_of(url)
    assert place is not None
    assert (place.path, place.rest) == (path, rest)


@pytest.mark.parametrize(
    "url", ["", "/", "/repos/acme", "/repositories/x", "/repositories/5x", "https://acme/api", "/user"]
)
def test_an_address_of_no_repository_is_none(url: str) -> None:
    assert place_of(url) is None


@pytest.mark.parametrize(
    ("endpoint", "web"),
    [
        ("https://api.github.com", "https://github.com"),
        ("https://api.acme.ghe.com", "https://acme.ghe.com"),
        ("https://ghe.example.com/api/v3", "https://ghe.example.com"),
    ],
)
def test_the_pages_for_people_are_found_by_the_endpoint(endpoint: str, web: str) -> None:
    assert web_of(endpoint) == web
