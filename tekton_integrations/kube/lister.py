"""The cache that an informer fills and everybody else reads, with indexes instead of scans."""

from collections.abc import Callable, Container, Iterator, Mapping
from typing import Generic, Protocol, TypeVar


class Cached(Protocol):
    """What the cache needs to know of an object."""

    @property
    def namespace(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def uid(self) -> str: ...
    @property
    def resource_version(self) -> str: ...


T = TypeVar("T", bound=Cached)
K = TypeVar("K")
V = TypeVar("V")
Key = tuple[str, str]


def newer(candidate: str, than: str) -> bool:
    """Whether a resourceVersion is later. The API server keeps them comparable as integers."""
    return int(candidate) > int(than)


def remember(memory: dict[K, V], key: K, value: V, limit: int) -> None:
    """Of more than `limit` the one that came first is forgotten."""
    memory[key] = value
    if len(memory) > limit:
        del memory[next(iter(memory))]


class _Table(dict[Key, T]):
    """Like a dict, but that the collector never lets go of: a plain one, whose values it need not look at, is taken out
    of its lists, and with each new key put among the youngest objects again. All its keys are then looked through every
    few hundred allocations, which are 10 ms for a hundred thousand."""


class Lister(Generic[T]):
    """Objects by namespace and name. `indexes` name functions that give the value to be found by; None is not
    indexed."""

    def __init__(self, indexes: Mapping[str, Callable[[T], str | None]] | None = None) -> None:
        self._objects: _Table[T] = _Table()
        self._functions = dict(indexes or {})
        self._indexes: dict[str, dict[str, set[Key]]] = {name: {} for name in self._functions}

    def __len__(self) -> int:
        return len(self._objects)

    def __iter__(self) -> Iterator[T]:
        return iter(list(self._objects.values()))

    def get(self, namespace: str, name: str) -> T | None:
        return self._objects.get((namespace, name))

    def by(self, index: str, value: str) -> list[T]:
        """The objects whose index function gave `value`."""
        return [self._objects[key] for key in sorted(self._indexes[index].get(value, ()))]

    def put(self, item: T) -> bool:
        """Stores the object unless what is there is as new or newer; tells whether it did."""
        key = (item.namespace, item.name)
        known = self._objects.get(key)
        if known is not None:
            if known.uid == item.uid and not newer(item.resource_version, known.resource_version):
                return False
            self._unindex(key, known)
        self._objects[key] = item
        for name, function in self._functions.items():
            if (value := function(item)) is not None:
                self._indexes[name].setdefault(value, set()).add(key)
        return True

    def remove(self, namespace: str, name: str) -> T | None:
        key = (namespace, name)
        known = self._objects.pop(key, None)
        if known is not None:
            self._unindex(key, known)
        return known

    def missing(self, seen: Container[int], scope: str = "") -> list[T]:
        """What is cached, in all namespaces or one, but whose key's hash is not in `seen`: deleted while nobody
        looked."""
        objects = self._objects.items()
        return [item for key, item in objects if hash(key) not in seen and scope in ("", key[0])]

    def _unindex(self, key: Key, item: T) -> None:
        for name, function in self._functions.items():
            value = function(item)
            keys = None if value is None else self._indexes[name].get(value)
            if value is not None and keys is not None:
                keys.discard(key)
                if not keys:
                    del self._indexes[name][value]
