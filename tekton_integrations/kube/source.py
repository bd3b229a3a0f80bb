"""What an informer watches."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

import msgspec

from tekton_integrations.kube.lister import Cached

T = TypeVar("T", bound=Cached)


@dataclass(frozen=True)
class Source(Generic[T]):
    """What to watch. `silence`: seconds without a byte after which a connection counts as dead.

    `selector`: query parameters that narrow the collection down on the server, such as labelSelector.
    `metadata_only`: of each object only the metadata is sent.
    `patience`: seconds between tries at most, while the API server refuses.
    `keep`: whether an object is worth a place in the cache. Of one that is not, nobody hears unless it was there.
    """

    kind: str
    path: str
    decode: Callable[[msgspec.Raw], T]
    silence: float
    selector: Mapping[str, str] = field(default_factory=dict)
    metadata_only: bool = False
    patience: float = 10.0
    keep: Callable[[T], bool] = lambda _: True
    # The namespace that the path was narrowed down to, where others fill the same cache with theirs.
    scope: str = ""

    def within(self, scopes: Iterable[str]) -> "list[Source[T]]":
        """One for each of these namespaces; an empty name leaves the path as it is."""
        root, _, plural = self.path.rpartition("/")
        return [
            replace(self, path=f"{root}/namespaces/{each}/{plural}", scope=each) if each else self for each in scopes
        ]
