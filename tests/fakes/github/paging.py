"""Pages of a list, and the Link header that leads through them.

https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
"""

from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import urlencode

from tests.fakes.github.call import Call
from tests.fakes.github.entities import Repository

Item = TypeVar("Item")
DEFAULT, MOST = 30, 100


def page(call: Call, repository: Repository, items: Sequence[Item]) -> tuple[Sequence[Item], dict[str, str]]:
    """The items of the page that was asked for, and the headers."""
    size = min(_positive(call.query.get("per_page"), DEFAULT), MOST)
    number = _positive(call.query.get("page"), 1)
    last = max(1, -(-len(items) // size))
    start = (number - 1) * size
    return items[start : start + size], _link(call, repository, number, last)


def _positive(text: str | None, default: int) -> int:
    return int(text) if text and text.isdecimal() and int(text) > 0 else default


def _link(call: Call, repository: Repository, number: int, last: int) -> dict[str, str]:
    """GitHub's links name the repository by its id."""
    targets: dict[str, int] = {}
    if number > 1:
        targets |= {"prev": min(number - 1, last)}
    if number < last:
        targets |= {"next": number + 1, "last": last}
    if number > 1:
        targets |= {"first": 1}
    if not targets:
        return {}
    rest = call.path.split("/", 3 if call.path.startswith("/repositories/") else 4)[-1]
    base = f"{call.api}/repositories/{repository.id}/{rest}"
    links = (
        f'<{base}?{urlencode({**call.query, "page": str(target)})}>; rel="{relation}"'
        for relation, target in targets.items()
    )
    return {"Link": ", ".join(links)}
