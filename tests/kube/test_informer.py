"""The informer's cache equals what the API server has; faults are in test_informer_faults.py."""

import asyncio

from tests.fakes.watch_server import PATIENCE, WatchServer
from tests.kube.watched import decode, watched


async def test_what_is_there_is_in_the_cache_once_it_is_synced(server: WatchServer) -> None:
    server.put("a", "1")
    server.put("b", "2")
    async with watched(server) as scene:
        await scene.synced()
        assert scene.values == {"a": "1", "b": "2"}
        assert scene.informer.connected
        await scene.hears("+a=1", "+b=2")
        assert ["sendInitialEvents" in query for query in server.queries] == [True]


async def test_an_empty_cluster_is_synced_too(server: WatchServer) -> None:
    async with watched(server) as scene:
        await scene.synced()
        assert scene.values == {}


async def test_it_is_not_synced_before_the_initial_events_have_ended(server: WatchServer) -> None:
    server.put("a", "1")
    server.ends_lists = False
    async with watched(server) as scene:
        await scene.hears("+a=1")
        server.bookmark()
        server.put("b", "2")
        await scene.hears("+b=2")
        assert not scene.informer.synced.is_set()
        server.bookmark(ends_list=True)
        await scene.synced()


async def test_changes_are_heard_as_they_come(server: WatchServer) -> None:
    async with watched(server) as scene:
        await scene.synced()
        server.put("a", "1")
        server.put("a", "2")
        server.delete("a")
        await scene.hears("+a=1", "a: 1→2", "-a=2")
        assert scene.values == {}


async def test_names_are_kept_apart_by_namespace(server: WatchServer) -> None:
    server.put("a", "1", namespace="one")
    server.put("a", "2", namespace="two")
    async with watched(server) as scene:
        await scene.synced()
        server.delete("a", namespace="one")
        await scene.until(lambda: "-a=1" in scene.heard)
        assert [(thing.namespace, thing.value) for thing in scene.informer.lister] == [("two", "2")]


async def test_a_server_that_knows_no_initial_events_is_listed_page_by_page(server: WatchServer) -> None:
    server.watch_list = False
    for number in range(1201):
        server.put(f"thing-{number}")
    async with watched(server) as scene:
        await scene.synced()
        assert len(scene.values) == 1201
        await server.watched()
        pages = [query for query in server.queries if "watch" not in query]
        assert [page["limit"] for page in pages] == ["500"] * 3
        assert server.queries[-1]["resourceVersion"] == str(server.version)
        scene.heard.clear()
        server.put("new", "1")
        await scene.hears("+new=1")


async def test_a_list_whose_pages_expired_is_begun_anew(server: WatchServer) -> None:
    server.watch_list = False
    server.expired_pages = 1
    for number in range(501):
        server.put(f"thing-{number}")
    async with watched(server) as scene:
        await scene.synced()
        assert len(scene.values) == 501
        assert server.expired_pages == 0


async def test_what_came_between_list_and_watch_is_not_missed(server: WatchServer) -> None:
    server.watch_list = False
    server.put("a", "1")
    async with watched(server) as scene:
        await server.until(lambda: any("limit" in query for query in server.queries))
        server.put("b", "2")
        await scene.until(lambda: scene.values == {"a": "1", "b": "2"})


async def test_the_answer_to_a_write_of_ours_is_in_the_cache_at_once_and_wakes_nobody(server: WatchServer) -> None:
    server.put("a", "1")
    async with watched(server) as scene:
        await scene.synced()
        await scene.hears("+a=1")
        scene.informer.observe(decode(server.put("a", "mine")))
        assert scene.values == {"a": "mine"}
        server.put("b", "2")
        await scene.hears("+b=2")
        assert scene.values == {"a": "mine", "b": "2"}


async def test_an_older_state_never_replaces_a_newer_one(server: WatchServer) -> None:
    first = server.put("a", "1")
    async with watched(server) as scene:
        await scene.synced()
        server.put("a", "2")
        server.send(("MODIFIED", first), ("ADDED", first))
        server.put("b", "3")
        await scene.hears("+a=1", "a: 1→2", "+b=3")
        assert scene.values == {"a": "2", "b": "3"}


async def test_a_thing_made_anew_under_its_old_name_is_gone_and_new(server: WatchServer) -> None:
    server.put("a", "1")
    async with watched(server) as scene:
        await scene.synced()
        server.delete("a")
        server.put("a", "2")
        await scene.hears("+a=1", "-a=1", "+a=2")


async def test_the_deletion_of_a_former_thing_leaves_its_successor(server: WatchServer) -> None:
    former = server.put("a", "1")
    async with watched(server) as scene:
        await scene.synced()
        server.put("a", "2", uid="another")
        server.send(("DELETED", former))
        server.put("b", "3")
        await scene.hears("+a=1", "-a=1", "+a=2", "+b=3")
        assert scene.values == {"a": "2", "b": "3"}


async def test_a_deletion_of_what_was_never_seen_is_heard_with_its_last_state(server: WatchServer) -> None:
    async with watched(server) as scene:
        await scene.synced()
        server.send(("DELETED", server.thing("ghost", "last")))
        await scene.hears("-ghost=last")


async def test_an_object_of_a_mebibyte_comes_through(server: WatchServer) -> None:
    async with watched(server) as scene:
        await scene.synced()
        server.put("large", "x" * 1024 * 1024)
        await scene.until(lambda: "large" in scene.values)
        assert len(scene.values["large"]) == 1024 * 1024


async def test_a_long_initial_list_lets_others_have_their_turn(server: WatchServer) -> None:
    for number in range(6000):
        server.put(f"thing-{number}")
    turns = 0
    async with watched(server) as scene:
        async with asyncio.timeout(PATIENCE):
            while not scene.informer.synced.is_set():
                turns += 1 if scene.heard else 0
                await asyncio.sleep(0)
    assert turns >= 5
