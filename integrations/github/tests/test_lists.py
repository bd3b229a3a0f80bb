"""Lists of many pages: what is not looked for is not kept, and none is read for ever, whoever answers."""

import weakref
from collections.abc import AsyncIterator, Callable

import msgspec
import pytest
from aiohttp import web
from msgspec.structs import replace
from tekton_integrations_github.calls import MAX_KEPT, MAX_PAGES, MAX_READ, MAX_TIME
from tekton_integrations_github.check_runs import CheckRuns
from tekton_integrations_github.integration import GitHub
from tekton_integrations_github.needs import CHECKS, STATUSES

from integrations.github.tests.calling import CHECK, SHA, Caller, CheckPage, calling
from integrations.github.tests.helpers import OPTIONS, Stage, record, run
from tekton_integrations import State, Target, TemporaryError
from tests.fakes.github import Comment
from tests.loopback import serving

LONG = 4 * 1024 * 1024 - 100


class Item(msgspec.Struct, weakref=True):
    id: int = 0


class Endless:
    """Answers with the next page for ever, each of `size` bytes; `at` is called for each."""

    def __init__(self, size: int = 0, at: Callable[[], object] = lambda: None) -> None:
        self.body = b'[{"id":1,"padding":"' + b"x" * size + b'"}]'
        self.asked = 0
        self._at = at

    async def __call__(self, request: web.BaseRequest) -> web.Response:
        self.asked += 1
        self._at()
        link = f'<http://{request.host}{request.path}?page={self.asked + 1}>; rel="next"'
        return web.Response(body=self.body, content_type="application/json", headers={"Link": link})


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with calling() as caller:
        caller.use_token()
        yield caller


async def given_up(caller: Caller, server: Endless, pick: Callable[[list[Item]], list[object]]) -> int:
    """After how many pages."""
    async with serving(server) as url:
        caller.use(endpoint=url)
        with pytest.raises(TemporaryError, match=r"a list takes more than .* check the Provider's endpoint") as caught:
            await caller.calls().pages("/statuses", need=STATUSES, kind=list[Item], pick=pick)
    assert (caught.value.reason, caught.value.maybe_sent) == ("UnreadableAnswer", False)
    return server.asked


def nothing(page: object) -> list[object]:
    return []


async def test_a_list_without_an_end_is_given_up(caller: Caller) -> None:
    assert await given_up(caller, Endless(), nothing) == MAX_PAGES


async def test_no_more_than_64_mib_of_a_list_are_read(caller: Caller) -> None:
    assert await given_up(caller, Endless(LONG), nothing) == MAX_READ // LONG + 1


async def test_of_what_is_looked_for_less_is_kept(caller: Caller) -> None:
    assert await given_up(caller, Endless(LONG), list) == MAX_KEPT // LONG + 1


async def test_a_slow_list_is_not_waited_for_without_end(caller: Caller) -> None:
    slow = Endless(at=lambda: caller.github.clock.advance(100))
    assert await given_up(caller, slow, nothing) == MAX_TIME // 100 + 1


async def test_what_is_not_looked_for_is_not_kept(caller: Caller) -> None:
    seen: list[weakref.ref[Item]] = []
    alive: list[int] = []

    def pick(page: list[Item]) -> list[object]:
        seen.extend(weakref.ref(each) for each in page)
        alive.append(sum(each() is not None for each in seen))
        return []

    await given_up(caller, Endless(), pick)
    assert set(alive) == {1}


async def test_what_is_looked_for_is_found_on_all_pages() -> None:
    async with calling() as caller:
        made = [(await caller.create()).id for _ in range(5)]
        path = f"/commits/{SHA}/check-runs?filter=all&per_page=2"
        ids = await caller.calls().pages(path, need=CHECKS, kind=CheckPage, pick=ids_of)
        assert sorted(ids) == made


def ids_of(page: CheckPage) -> list[int]:
    return [each.id for each in page.check_runs]


def talk(scene: Stage, number: int, body: str) -> None:
    """So many comments of somebody else."""
    world = scene.github.world
    repository = world.named("acme/api")
    for _ in range(number):
        each = Comment(
            id=world.next_run_id(),
            repository=repository,
            number=12,
            author="x",
            app_id=None,
            body=body,
            created=0.0,
            updated=0.0,
            loop_time=0.0,
        )
        repository.pulls[12].comments.append(each)
        world.comments[each.id] = each


@pytest.mark.parametrize(("number", "body"), [(20, "\N{GRINNING FACE}" * 65_536), (2500, "LGTM")])
async def test_the_longest_comments_and_the_longest_talk_that_github_takes_are_read(
    scene: Stage, number: int, body: str
) -> None:
    scene.github.add_pull_request("acme/api", 12, SHA)
    talk(scene, number, body)
    asked = replace(OPTIONS, comment="always", pull_request="12")
    await GitHub().reconcile(run(State.FAILED), asked, record(options=asked), scene.context())
    assert len(scene.github.comments("acme/api", 12)) == number + 1


async def test_many_checks_with_long_pages_are_read() -> None:
    async with calling() as caller:
        output = {"title": "x", "summary": "x" * 65_000, "text": '"\n' * 32_500}
        for number in range(45):
            body = CHECK | {"external_id": str(number % 15), "output": output}
            await caller.calls().call("POST", "/check-runs", body, need=CHECKS, kind=object)
        target = Target(resource="acme/api", name="Tekton / build", detail=SHA)
        found = await CheckRuns(caller.calls(), target, caller.context()).with_ids(["7"], target.name)
        assert [each.external_id for each in found] == ["7"] * 3
