"""What happens to connections and objects does not keep the informer's cache from being right again."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from tests.fakes.watch_server import WatchServer, status
from tests.kube.watched import Watched, watched


@pytest.fixture
async def server() -> AsyncIterator[WatchServer]:
    async with WatchServer.started() as server:
        yield server


@pytest.fixture
async def scene(server: WatchServer) -> AsyncIterator[Watched]:
    """Knows `a` and `b`, and follows."""
    async with watching(server) as scene:
        yield scene


@asynccontextmanager
async def watching(server: WatchServer, *, silence: float = 30.0) -> AsyncIterator[Watched]:
    server.put("a", "1")
    server.put("b", "2")
    async with watched(server, silence=silence) as scene:
        await scene.synced()
        await server.watched()
        await scene.hears("+a=1", "+b=2")
        yield scene


def since_last(server: WatchServer) -> str:
    """The version that the last request asked to be continued from."""
    return server.queries[-1].get("resourceVersion", "")


@pytest.mark.parametrize("end", [WatchServer.end_watches, WatchServer.abort_watches])
async def test_a_watch_that_ended_goes_on_from_where_it_was(
    server: WatchServer, scene: Watched, end: Callable[[WatchServer], None]
) -> None:
    end(server)
    opened = server.opened
    await server.watched(opened + 1)
    assert since_last(server) == str(server.version)
    server.put("c", "3")
    await scene.hears("+c=3")


async def test_what_happened_in_between_is_heard_once(server: WatchServer, scene: Watched) -> None:
    server.close()
    server.put("a", "2")
    server.delete("b")
    server.reopen()
    await scene.hears("a: 1→2", "-b=2")


async def test_a_bookmark_moves_on_where_the_next_watch_begins(server: WatchServer, scene: Watched) -> None:
    server.version += 50  # other kinds' objects
    server.bookmark()
    server.expire()
    server.end_watches()
    await server.watched(2)
    assert since_last(server) == str(server.version)


@pytest.mark.parametrize("by_event", [False, True])
@pytest.mark.parametrize("watch_list", [True, False])
async def test_after_410_the_difference_is_heard_deletions_included(
    server: WatchServer, by_event: bool, watch_list: bool
) -> None:
    server.expired_by_event, server.watch_list = by_event, watch_list
    async with watching(server) as scene:
        server.close()
        server.put("c", "3")
        server.delete("a")
        server.put("b", "new")
        server.expire()
        server.reopen()
        await scene.until(lambda: len(scene.heard) >= 3)
        assert sorted(scene.heard) == ["+c=3", "-a=1", "b: 2→new"]
        assert scene.values == {"b": "new", "c": "3"}


async def test_after_410_what_was_made_anew_is_gone_and_new(server: WatchServer, scene: Watched) -> None:
    server.close()
    server.delete("a")
    server.put("a", "another")
    server.expire()
    server.reopen()
    await scene.hears("-a=1", "+a=another")


async def test_410_in_the_midst_of_a_watch_starts_over(server: WatchServer, scene: Watched) -> None:
    server.send(("ERROR", status(410, "Expired", "too old resource version")))
    await server.watched(2)
    assert "sendInitialEvents" in server.queries[-1]
    server.put("c", "3")
    await scene.hears("+c=3")


async def test_an_event_cut_in_the_middle_comes_whole_with_the_next_connection(
    server: WatchServer, scene: Watched
) -> None:
    server.send_raw(b'{"type":"MODIFIED","object":{"metadata":{"name":"a","name')
    server.close()
    server.put("a", "2")
    server.reopen()
    await scene.hears("a: 1→2")


async def test_a_connection_cut_during_the_initial_events_deletes_nothing(server: WatchServer, scene: Watched) -> None:
    server.ends_lists = False
    server.send(("ERROR", status(410, "Expired", "too old resource version")))
    await server.watched(2)
    server.abort_watches()
    server.ends_lists = True
    await server.watched(3)
    server.put("c", "3")
    await scene.hears("+c=3")
    assert scene.values == {"a": "1", "b": "2", "c": "3"}


async def test_a_connection_that_fell_silent_is_given_up(server: WatchServer) -> None:
    async with watching(server, silence=0.1) as scene:
        server.mute_watches()
        server.put("c", "3")
        await scene.hears("+c=3")
        assert server.opened >= 2


async def test_bookmarks_keep_a_quiet_connection(server: WatchServer) -> None:
    async with watching(server, silence=0.2):
        for _ in range(4):
            await asyncio.sleep(0.1)  # twice the silence in all
            server.bookmark()
        assert server.opened == 1


@pytest.mark.parametrize(
    "line", [b"{}\n", b"<html>\n", b"\xff\xfe\n", b"\n", b'{"type":"ADDED"}\n', b'{"type":"MODIFIED","object":\n']
)
async def test_a_line_that_is_no_event_ends_the_connection_only(
    server: WatchServer, scene: Watched, line: bytes
) -> None:
    server.send_raw(line)
    await server.watched(2)
    server.put("c", "3")
    await scene.hears("+c=3")


async def test_an_error_of_the_server_in_a_watch_is_got_over(server: WatchServer, scene: Watched) -> None:
    server.send(("ERROR", status(500, "InternalError", "etcd leader changed")))
    await server.watched(2)
    server.put("c", "3")
    await scene.hears("+c=3")


async def test_refusals_are_got_over_and_meanwhile_it_is_not_connected(server: WatchServer, scene: Watched) -> None:
    server.close()
    server.failures.extend([(500, "<html>"), (401, '{"message":"Unauthorized"}')])
    await server.until(lambda: len(server.queries) == 2)
    assert not scene.informer.connected
    server.reopen()
    server.put("c", "3")
    await scene.hears("+c=3")
    assert scene.informer.connected
    assert not server.failures


async def test_one_unreadable_object_does_not_hide_the_others(server: WatchServer) -> None:
    server.objects["default", "odd"] = {"metadata": {"name": "odd"}, "value": 7}
    server.put("a", "1")
    async with watched(server) as scene:
        await scene.synced()
        server.send(("MODIFIED", {"odd": "too"}))
        server.put("b", "2")
        await scene.hears("+a=1", "+b=2")
        assert scene.values == {"a": "1", "b": "2"}
        assert server.opened == 1


async def test_one_unreadable_object_does_not_hide_the_others_of_a_page(server: WatchServer) -> None:
    server.watch_list = False
    server.objects["default", "odd"] = {"metadata": {"name": "odd"}, "value": 7}
    server.put("a", "1")
    async with watched(server) as scene:
        await scene.synced()
        assert scene.values == {"a": "1"}
