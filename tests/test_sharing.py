"""Who is the newest at a place, and who has to be looked at again when that one goes."""

import pytest
from msgspec.structs import replace

from tekton_integrations import Run, State, Target
from tekton_integrations.sharing import Newest, Quiet, Site, rank
from tests.runs import make_run

SHARED = "acme/api#1"
PLACE = Site(
    "controller/github", Target(resource="acme/api", name="build", detail="3f78", shares=(SHARED,)), ("", SHARED)
)
OLD, NEW = make_run(), make_run(uid="uid-2", created=1_800_000_001.0)
NEWER = replace(NEW, uid="uid-3", created=NEW.created + 1)


def elsewhere(number: int) -> Site:
    return PLACE._replace(target=replace(PLACE.target, detail=str(number)))


def ended(run: Run) -> Run:
    return replace(run, state=State.SUCCEEDED, finished=run.created + 9)


def revived(newest: Newest) -> list[str]:
    """Fills with the uids of those who are to be looked at again."""
    uids: list[str] = []

    def revive(quiet: Quiet) -> None:
        uids.append(quiet.uid)

    newest.revive = revive
    return uids


def test_who_is_let_in_keeps_older_ones_out_and_no_newer_ones() -> None:
    newest = Newest()
    assert newest.let_in(OLD, PLACE, "")
    assert newest.let_in(NEW, PLACE, "")
    assert not newest.let_in(OLD, PLACE, "")
    assert newest.let_in(NEW, PLACE, "")


def test_an_address_and_what_is_shared_there_are_two_places() -> None:
    newest = Newest()
    newest.note(NEW, PLACE, ended=False)
    assert not newest.free(OLD, PLACE, "")
    assert newest.free(OLD, PLACE, SHARED)
    newest.note(NEW, PLACE, ended=True)
    assert not newest.free(OLD, PLACE, SHARED)


def test_one_that_is_gone_leaves_the_place_to_whoever_else_was_let_in() -> None:
    newest = Newest()
    for run in (NEW, NEWER):
        assert newest.let_in(run, PLACE, "")
    newest.gone(NEWER.uid)
    assert not newest.let_in(OLD, PLACE, "")
    newest.gone(NEW.uid)
    assert newest.let_in(OLD, PLACE, "")


@pytest.mark.parametrize("seconds", [0.0, 0.4, 1.0, 3600.0])
def test_a_run_of_a_later_second_ranks_higher_and_two_never_rank_the_same(seconds: float) -> None:
    later = make_run(uid="uid-2", created=OLD.created + seconds)
    assert rank(later) != rank(OLD)
    assert rank(later) > rank(OLD) or seconds < 1


def test_the_places_noted_first_are_forgotten_first() -> None:
    newest = Newest(limit=1000)
    for number in range(5000):
        newest.note(NEW, elsewhere(number), ended=False)
    assert 900 <= len(newest) <= 1000
    assert newest.free(OLD, elsewhere(0), "")
    assert not newest.free(OLD, elsewhere(4999), "")


def test_what_is_heard_of_again_is_not_forgotten() -> None:
    newest = Newest(limit=1000)
    for number in range(5000):
        newest.note(NEW, PLACE, ended=False)
        newest.note(NEW, elsewhere(number), ended=False)
    assert not newest.free(OLD, PLACE, "")


@pytest.mark.parametrize("share", ["", SHARED])
def test_places_at_two_providers_are_two(share: str) -> None:
    newest, other = Newest(), PLACE._replace(provider="evil/mine")
    assert newest.let_in(NEW, other, share)
    newest.shown(ended(NEW), other)
    newest.note(NEW, other, ended=True)
    assert newest.free(OLD, PLACE, share)
    assert newest.let_in(OLD, PLACE, share)
    assert not newest.overwritten(NEW, other)


@pytest.mark.parametrize("share", ["", SHARED])
def test_one_that_goes_before_its_end_was_shown_gives_the_place_back(share: str) -> None:
    newest = Newest()
    again = revived(newest)
    assert newest.let_in(NEW, PLACE, share)
    newest.shown(NEW, PLACE)
    assert not newest.let_in(OLD, PLACE, share)
    newest.gone(NEW.uid, PLACE)
    assert again == [OLD.uid]
    assert newest.let_in(OLD, PLACE, share)


def test_so_does_one_of_which_only_the_record_was_known() -> None:
    newest = Newest()
    again = revived(newest)
    newest.note(NEW, PLACE, ended=False)
    newest.note(OLD, PLACE, ended=False)
    assert not newest.let_in(OLD, PLACE, "")
    newest.gone(NEW.uid, PLACE)
    assert again == [OLD.uid]
    assert newest.overwritten(ended(OLD), PLACE) is False  # not shown yet
    newest.note(OLD, PLACE, ended=True)
    assert newest.overwritten(ended(OLD), PLACE)


@pytest.mark.parametrize("again_noted", [False, True])
def test_who_was_shown_before_and_ended_in_silence_is_looked_at_again(again_noted: bool) -> None:
    newest = Newest()
    again = revived(newest)
    for run in (OLD, NEW):
        assert newest.let_in(run, PLACE, "")
        newest.shown(run, PLACE)
    assert not newest.let_in(ended(OLD), PLACE, "")
    newest.shown(ended(OLD), PLACE)
    if again_noted:
        newest.note(ended(OLD), PLACE, ended=True)
    newest.gone(NEW.uid, PLACE)
    assert again == [OLD.uid]


@pytest.mark.parametrize("known", [False, True])
def test_one_whose_end_was_shown_counts_on(known: bool) -> None:
    newest = Newest()
    again = revived(newest)
    assert newest.let_in(NEW, PLACE, "")
    assert not newest.let_in(OLD, PLACE, "")
    if known:
        newest.note(NEW, PLACE, ended=True)
    newest.shown(ended(NEW), PLACE)
    newest.gone(NEW.uid, PLACE)
    assert not newest.let_in(OLD, PLACE, "")
    assert again == []


def test_the_end_that_was_shown_before_counts_again() -> None:
    newest = Newest()
    again = revived(newest)
    newest.note(NEW, PLACE, ended=True)
    assert newest.let_in(NEWER, PLACE, "")
    newest.shown(NEWER, PLACE)
    assert not newest.let_in(NEW, PLACE, "")
    assert not newest.let_in(OLD, PLACE, "")
    newest.gone(NEWER.uid, PLACE)
    assert again == []
    assert not newest.let_in(OLD, PLACE, "")
    assert newest.overwritten(NEW, PLACE)


def test_who_still_has_a_newer_one_before_it_keeps_quiet_on() -> None:
    newest = Newest()
    again = revived(newest)
    for run in (NEW, NEWER):
        assert newest.let_in(run, PLACE, "")
    assert not newest.let_in(OLD, PLACE, "")
    newest.gone(NEWER.uid)
    assert again == []
    newest.gone(NEW.uid)
    assert again == [OLD.uid]


def test_of_many_who_keep_quiet_the_newest_are_remembered() -> None:
    newest = Newest()
    again = revived(newest)
    latest = make_run(uid="latest", created=OLD.created + 1000)
    assert newest.let_in(latest, PLACE, "")
    for number in range(500):
        assert not newest.let_in(make_run(uid=f"uid-{number}", created=OLD.created + number), PLACE, "")
    newest.gone(latest.uid)
    assert again == [f"uid-{number}" for number in range(499, 489, -1)]
