"""Each run counts once for a Notification, as what became of it last."""

from tekton_integrations.tally import MATCHED, REPORTED, Tallies


def test_a_run_counts_once_and_moves_from_one_reason_to_the_next() -> None:
    tallies = Tallies()
    assert [tallies.note("n", "uid", outcome) for outcome in ("NoTarget", "NoTarget", MATCHED, REPORTED, MATCHED)] == [
        True,
        False,
        True,
        True,
        False,
    ]
    tally = tallies.of("n")
    assert (tally.matched, tally.reported, tally.suppressed["NoTarget"]) == (1, 1, 0)


def test_notifications_and_runs_are_told_apart() -> None:
    tallies = Tallies()
    for path, uid in (("n", "1"), ("n", "2"), ("m", "1")):
        tallies.note(path, uid, MATCHED)
    assert (tallies.of("n").matched, tallies.of("m").matched) == (2, 1)
    assert tallies.changed == {"n", "m"}
    tallies.forget("n")
    assert tallies.of("n").matched == 0


def test_no_more_runs_are_remembered_than_the_limit() -> None:
    tallies = Tallies(limit=10)
    for number in range(100):
        tallies.note("n", str(number), MATCHED)
    assert tallies.of("n").matched == 100
    assert tallies.note("n", "0", MATCHED)  # forgotten, so it counts anew
    assert not tallies.note("n", "99", MATCHED)
