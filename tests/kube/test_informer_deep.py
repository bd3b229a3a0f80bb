"""An object that is nested too deeply to be read is one that nobody sees, and all others are seen."""

import json

import pytest

from tests.fakes.watch_server import WatchServer, line
from tests.kube.test_informer_relist import EXPIRED
from tests.kube.watched import Watched

DEPTH = 20_000


def deep(server: WatchServer, kind: str, name: str) -> bytes:
    """A whole line, of a thing that is in no history."""
    thing = json.dumps({"type": kind, "object": server.thing(name, "here")})
    return thing.replace('"here"', "[" * DEPTH + "]" * DEPTH).encode() + b"\n"


@pytest.mark.parametrize("kind", ["ADDED", "MODIFIED", "DELETED", "BOOKMARK"])
async def test_what_is_nested_too_deeply_is_left_out_and_the_watch_goes_on(
    server: WatchServer, scene: Watched, kind: str
) -> None:
    server.send_raw(deep(server, kind, "deep"))
    server.put("c", "3")
    await scene.hears("+c=3")
    assert server.opened == 1


async def test_what_is_nested_too_deeply_does_not_end_a_list_either(server: WatchServer, scene: Watched) -> None:
    server.ends_lists = False
    server.send(EXPIRED)
    await server.watched(2)
    server.send_raw(deep(server, "ADDED", "deep"))
    server.send_raw(line("ADDED", server.thing("c", "3")))
    server.bookmark(ends_list=True)
    server.put("d", "4")
    await scene.hears("+c=3", "+d=4")
    assert sorted(scene.values) == ["a", "b", "c", "d"]
    assert server.opened == 2
