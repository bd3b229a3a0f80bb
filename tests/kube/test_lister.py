"""The cache: newest state by name, and indexes that always agree with it."""

import gc

from hypothesis import given
from hypothesis import strategies as st

from tekton_integrations.kube.lister import Lister, newer
from tests.calm import calmly
from tests.kube.watched import Thing


def thing(name: str = "a", version: int = 1, value: str = "", *, uid: str = "u", namespace: str = "n") -> Thing:
    return Thing(namespace=namespace, name=name, uid=uid, resource_version=str(version), value=value)


def lister(*things: Thing) -> Lister[Thing]:
    made = Lister[Thing]({"value": lambda each: each.value})
    for each in things:
        made.put(each)
    return made


def test_versions_are_numbers() -> None:
    assert newer("10", than="9")
    assert not newer("9", than="10")
    assert not newer("9", than="9")


def test_an_object_is_found_by_namespace_and_name() -> None:
    known = lister(thing("a"), thing("a", namespace="other", value="x"), thing("b"))
    assert known.get("n", "a") == thing("a")
    assert known.get("other", "a") == thing("a", namespace="other", value="x")
    assert known.get("n", "z") is None
    assert len(known) == len(list(known)) == 3


def test_only_a_newer_state_replaces_one() -> None:
    known = lister(thing(version=9))
    assert not known.put(thing(version=8, value="older"))
    assert not known.put(thing(version=9, value="same"))
    assert known.put(thing(version=10, value="newer"))
    assert known.get("n", "a") == thing(version=10, value="newer")


def test_an_object_made_anew_replaces_its_predecessor() -> None:
    known = lister(thing(version=9))
    assert known.put(thing(version=12, uid="v"))
    assert [each.uid for each in known] == ["v"]


def test_what_was_removed_is_handed_back_and_gone() -> None:
    known = lister(thing(value="x"))
    assert known.remove("n", "a") == thing(value="x")
    assert known.remove("n", "a") is None
    assert (len(known), known.by("value", "x")) == (0, [])


def test_an_index_follows_a_change() -> None:
    known = lister(thing("b", value="x"), thing("a", value="x"))
    assert [each.name for each in known.by("value", "x")] == ["a", "b"]
    known.put(thing("a", 2, value="y"))
    assert [each.name for each in known.by("value", "x")] == ["b"]
    assert [each.name for each in known.by("value", "y")] == ["a"]


def test_a_refused_state_is_not_indexed() -> None:
    known = lister(thing(version=2, value="x"))
    known.put(thing(version=1, value="y"))
    assert known.by("value", "y") == []


def test_what_nobody_saw_is_missing() -> None:
    known = lister(thing("a"), thing("b"), thing("c"))
    assert sorted(each.name for each in known.missing({hash(("n", "b")), hash(("n", "z"))})) == ["a", "c"]


def test_what_nobody_saw_in_one_namespace_is_missing_there() -> None:
    known = lister(thing("a"), thing("b", namespace="other"))
    assert [each.name for each in known.missing(set(), "n")] == ["a"]


def test_it_may_change_while_somebody_goes_through_it() -> None:
    known = lister(thing("a"), thing("b"))
    for each in known:
        known.remove(each.namespace, each.name)
        known.put(thing(each.name + "x"))
    assert sorted(each.name for each in known) == ["ax", "bx"]


changes = st.tuples(
    st.booleans(), st.sampled_from("abc"), st.integers(1, 9), st.sampled_from("xy"), st.sampled_from("uv")
)


@calmly
@given(st.lists(changes, max_size=40))
def test_indexes_always_agree_with_the_objects(script: list[tuple[bool, str, int, str, str]]) -> None:
    known = lister()
    for put, name, version, value, uid in script:
        if put:
            known.put(thing(name, version, value, uid=uid))
        else:
            known.remove("n", name)
        for letter in "xy":
            assert known.by("value", letter) == sorted(
                (each for each in known if each.value == letter), key=lambda each: each.name
            )


def test_a_new_object_does_not_have_the_collector_look_through_all_others() -> None:
    known = lister(*(thing(f"thing-{number}") for number in range(2000)))
    gc.collect()
    known.put(thing("another"))
    young = [each for each in gc.get_objects(generation=0) if isinstance(each, dict) and len(each) > 1000]
    assert not young
