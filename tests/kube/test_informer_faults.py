"""What happens to connections and objects does not keep the informer's cache from being right again."""

import asyncio
from collections.abc import Callable

import pytest

from tests.fakes.watch_server import WatchServer, status
from tests.kube.watched import Watched, watched, watching


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


async def test_an_event_cut_in_the_middle_comes_whole_with_the_next_connection(
    server: WatchServer, scene: Watched
) -> None:
    server.send_raw(b'{"type":"MODIFIED","object":{"metadata":{"name":"a","name')
    server.close()
    server.put("a", "2")
    server.reopen()
    await scene.hears("a: 1→2")


async def test_a_connection_that_fell_silent_is_given_up(server: WatchServer) -> None:
    async with watching(server, silence=0.1) as scene:
        server.mute_watches()
        server.put("c", "3")
        await scene.hears("+c=3")
        assert server.opened >= 2


async def test_bookmarks_keep_a_quiet_connection(server: WatchServer) -> None:
    async with watching(server, silence=0.4):
        for _ in range(6):
            await asyncio.sleep(0.1)  # longer than the silence in all
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


@pytest.mark.parametrize("thing", [{}, {"metadata": None}, 7])
async def test_a_bookmark_that_is_none_ends_the_connection_only(
    server: WatchServer, scene: Watched, thing: object
) -> None:
    server.send(("BOOKMARK", thing))
    server.put("c", "3")
    await scene.hears("+c=3")


async def test_a_line_that_is_too_long_ends_the_connection_only(server: WatchServer, scene: Watched) -> None:
    server.send_raw(b"x" * 5 * 1024 * 1024)
    server.put("c", "3")
    await scene.hears("+c=3")


async def test_a_watch_that_always_ends_at_once_is_opened_ever_more_slowly(server: WatchServer) -> None:
    server.ends_watches = True
    async with watched(server) as scene:
        await scene.synced()
        await asyncio.sleep(0.3)
        assert server.opened < 20


async def test_the_deletion_of_what_became_unreadable_is_heard(server: WatchServer, scene: Watched) -> None:
    server.objects["default", "a"]["value"] = 7
    server.delete("a")
    server.put("c", "3")
    await scene.until(lambda: "c" in scene.values)
    assert "a" not in scene.values


@pytest.mark.parametrize("version", ["", "x", "-1", "9" * 5000])
async def test_a_version_that_is_no_number_stops_nothing(scene: Watched, server: WatchServer, version: str) -> None:
    odd = server.thing("a", "odd")
    odd["metadata"]["resourceVersion"] = version
    server.send(("MODIFIED", odd), ("BOOKMARK", {"metadata": {"resourceVersion": version}}))
    server.put("b", "3")
    await scene.until(lambda: scene.values == {"a": "1", "b": "3"})
    assert scene.informer.version >= 100
