"""Lines to wait in, move by move."""

from tekton_integrations.fair import Line, Turns, Waiter


def line(**keys: float) -> tuple[Line[Waiter], dict[str, Waiter]]:
    made: Line[Waiter] = Line()
    waiters = {name: Waiter() for name in keys}
    for name, key in keys.items():
        made.put(waiters[name], key)
    return made, waiters


def test_the_least_key_goes_first_and_of_equal_ones_the_first_come() -> None:
    made, waiters = line(a=2.0, b=1.0, c=2.0)
    assert (len(made), made.first) == (3, 1.0)
    assert [made.pop(), made.pop(), made.pop(), made.pop()] == [waiters["b"], waiters["a"], waiters["c"], None]
    assert (len(made), made.first) == (0, None)


def test_who_is_put_in_again_has_another_place_and_still_stands_there_once() -> None:
    made, waiters = line(a=1.0, b=2.0)
    made.put(waiters["a"], 3.0)
    assert (len(made), made.first) == (2, 2.0)
    made.put(waiters["a"], 0.0)
    assert (len(made), made.first) == (2, 0.0)
    assert [made.pop(), made.pop(), made.pop()] == [waiters["a"], waiters["b"], None]


def test_who_is_taken_out_stands_nowhere() -> None:
    made, waiters = line(a=1.0, b=2.0)
    made.remove(waiters["a"])
    assert (len(made), made.first) == (1, 2.0)
    assert (waiters["a"].line, waiters["a"].entry) == (None, None)
    assert made.pop() is waiters["b"]
    assert (waiters["b"].line, waiters["b"].entry) == (None, None)
    made.put(waiters["a"], 5.0)
    assert (len(made), made.first) == (1, 5.0)


def test_many_moves_change_nothing_of_the_order() -> None:
    made, waiters = line(**{f"w{number}": float(number) for number in range(20)})
    for number in range(100):
        made.put(waiters["w0"], 100.0 - number)
    for number in range(1, 19):
        made.remove(waiters[f"w{number}"])
    assert (len(made), made.first) == (2, 1.0)
    assert [made.pop(), made.pop(), made.pop()] == [waiters["w0"], waiters["w19"], None]


def turns(cap: int, *groups: str) -> tuple[Turns[Waiter], list[Waiter]]:
    """A waiter of each group, whose key is its place here."""
    made: Turns[Waiter] = Turns(cap)
    waiters = [Waiter(group) for group in groups]
    for key, waiter in enumerate(waiters):
        made.put(waiter, float(key))
    return made, waiters


def test_groups_take_turns_and_none_has_more_out_than_the_cap() -> None:
    made, (a1, a2, a3, b1) = turns(2, "a", "a", "a", "b")
    assert (len(made), made.first) == (4, 0.0)
    assert [made.take(), made.take(), made.take(), made.take()] == [a1, b1, a2, None]
    assert (len(made), made.first) == (1, 2.0)
    assert not made.free(b1)
    assert made.take() is None
    assert made.free(a1)
    assert made.take() is a3
    assert (len(made), made.first) == (0, None)


def test_it_is_told_whether_a_group_may_have_one_more_out() -> None:
    made: Turns[Waiter] = Turns(1)
    first, second = Waiter("a"), Waiter("a")
    assert made.put(first, 1.0)
    assert made.put(second, 2.0)
    assert made.put(second, 0.5)
    assert len(made) == 2
    assert made.take() is second
    assert not made.put(second, 3.0)
    assert made.take() is None
    assert made.free(second)
    assert [made.take(), len(made)] == [first, 1]


def test_a_group_whose_waiters_were_all_taken_out_keeps_nobody_s_turn() -> None:
    made, (a, b) = turns(1, "a", "b")
    made.remove(a)
    assert len(made) == 1
    assert made.take() is b
    assert made.take() is None
    assert not made.free(b)
    assert made.put(a, 1.0)
    assert made.take() is a
