"""After a gap that the server's history no longer bridges, cache and cluster are compared."""

import asyncio

import pytest

from tests.fakes.watch_server import WatchServer, status
from tests.kube.watched import Watched, decode, watched, watching

EXPIRED = ("ERROR", status(410, "Expired", "too old resource version"))


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


async def test_a_server_whose_history_is_always_gone_is_listed_ever_more_slowly(server: WatchServer) -> None:
    async with watching(server):
        server.always_expired = True
        server.send(EXPIRED)
        await asyncio.sleep(0.3)
        assert len(server.queries) < 20


async def test_410_in_the_midst_of_a_watch_starts_over(server: WatchServer, scene: Watched) -> None:
    server.send(EXPIRED)
    await server.watched(2)
    assert "sendInitialEvents" in server.queries[-1]
    server.put("c", "3")
    await scene.hears("+c=3")


async def test_a_connection_cut_during_the_initial_events_deletes_nothing(server: WatchServer, scene: Watched) -> None:
    server.ends_lists = False
    server.send(EXPIRED)
    await server.watched(2)
    server.abort_watches()
    server.ends_lists = True
    await server.watched(3)
    server.put("c", "3")
    await scene.hears("+c=3")
    assert scene.values == {"a": "1", "b": "2", "c": "3"}


async def test_a_connection_cut_during_the_first_list_begins_it_anew(server: WatchServer) -> None:
    server.put("a", "1")
    server.ends_lists = False
    async with watched(server) as scene:
        await scene.hears("+a=1")
        server.ends_lists = True
        server.abort_watches()
        await scene.synced()
        assert ["sendInitialEvents" in query for query in server.queries] == [True, True]
        assert scene.heard == []


async def test_one_unreadable_object_does_not_hide_the_others_of_a_page(server: WatchServer) -> None:
    server.watch_list = False
    server.objects["default", "odd"] = {"metadata": {"name": "odd"}, "value": 7}
    server.put("a", "1")
    async with watched(server) as scene:
        await scene.synced()
        assert scene.values == {"a": "1"}


@pytest.mark.parametrize("body", ["<html>", "{}", '{"metadata":{"resourceVersion":"500"},"items":null}'])
async def test_a_list_that_is_none_is_asked_for_again(server: WatchServer, body: str) -> None:
    server.watch_list = False
    async with watching(server) as scene:
        server.close()
        server.failures.extend([(410, "{}"), (200, body)])
        server.reopen()
        server.put("c", "3")
        await scene.hears("+c=3")


async def test_a_write_of_ours_during_a_list_is_not_taken_for_deleted(server: WatchServer, scene: Watched) -> None:
    server.ends_lists = False
    server.send(EXPIRED)
    await server.watched(2)
    server.put("c", "3")
    await scene.hears("+c=3")
    listed = server.version
    mine = server.thing("mine", "4")
    scene.informer.observe(decode(mine))
    server.bookmark(ends_list=True, version=listed)
    server.send(("ADDED", mine))
    server.put("d", "5")
    await scene.until(lambda: "d" in scene.values)
    assert scene.heard == ["+d=5"]


async def test_what_became_unreadable_is_not_taken_for_deleted(server: WatchServer, scene: Watched) -> None:
    server.objects["default", "a"]["value"] = 7
    server.send(EXPIRED)
    await server.watched(2)
    server.put("c", "3")
    await scene.until(lambda: "c" in scene.values)
    assert scene.heard == ["+c=3"]


async def test_a_late_event_of_a_former_thing_does_not_replace_its_successor(
    server: WatchServer, scene: Watched
) -> None:
    former = server.thing("a", "late", uid=server.objects["default", "a"]["metadata"]["uid"])
    scene.informer.observe(decode(server.thing("a", "successor", uid="another")))
    server.send(("MODIFIED", former))
    server.put("c", "3")
    await scene.until(lambda: "c" in scene.values)
    assert scene.values["a"] == "successor"


async def test_another_list_that_is_asked_for_during_a_list_follows_it(server: WatchServer, scene: Watched) -> None:
    server.ends_lists = False
    server.send(EXPIRED)
    await server.watched(2)
    scene.informer.relist()
    server.bookmark(ends_list=True)
    server.ends_lists = True
    server.bookmark()
    await server.watched(3)
    assert "sendInitialEvents" in server.queries[-1]
    server.put("c", "3")
    await scene.hears("+c=3")
    server.bookmark()
    server.put("d", "4")
    await scene.hears("+d=4")
    assert server.opened == 3
