"""Objects as the API server itself prints them: it knows the columns of every kind, kubectl only aligns them."""

from collections.abc import Sequence
from typing import Any

from hack.testbed import Api

TABLE = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
GAP = 3
NARROWEST = 6


async def table(api: Api, path: str, width: int) -> str:
    """What `kubectl get` prints for `path`."""
    return rendered(await api.request("GET", path, headers=TABLE), width)


def rendered(answer: dict[str, Any], width: int) -> str:
    """The columns that `kubectl get` shows. The first, a name, is cut where the lines would not fit into `width`."""
    shown = [index for index, column in enumerate(answer["columnDefinitions"]) if not column.get("priority")]
    head = [answer["columnDefinitions"][index]["name"].upper() for index in shown]
    rows = [head] + [[_cell(row["cells"][index]) for index in shown] for row in answer["rows"] or ()]
    excess = max(map(len, _aligned(rows))) - width
    if excess > 0:
        longest = max(NARROWEST, max(len(row[0]) for row in rows) - excess)
        rows = [[_cut(row[0], longest), *row[1:]] for row in rows]
    return "\n".join(_aligned(rows))


def _cell(value: Any) -> str:
    return "" if value is None else str(value)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(NARROWEST - GAP, *(len(row[index]) for row in rows)) + GAP for index in range(len(rows[0]))]
    return ["".join(map(str.ljust, row, widths)).rstrip() for row in rows]
