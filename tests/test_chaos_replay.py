"""A history of `make chaos` has what it takes to play it again."""

from pathlib import Path

from hack.chaos.acts import Act
from hack.chaos.history import Header, History, read
from hack.chaos.sky import Sky

HEADER = Header(case="errors", seed=1, runs=8)
CALLS = [(service, f"POST /{number}") for number in range(200) for service in ("github", "webhook")]


async def test_the_same_calls_meet_the_same_faults_whatever_the_weather_is(tmp_path: Path) -> None:
    path = tmp_path / "errors-1.jsonl"
    with path.open("w") as file:
        sky = Sky("errors 1", History.of(file, HEADER))
        sky.weather = "storm"
        drawn = [sky.drawn(*call) for call in CALLS]
    assert {"", "429", "502"} <= set(drawn)
    with (tmp_path / "errors-1-again.jsonl").open("w") as file:
        again = Sky("another seed", History.of(file, HEADER), read(path).faults)
        assert [again.drawn(*call) for call in CALLS] == drawn
        # There were no more calls then, so nothing is known of those that come now.
        assert again.drawn("github", "POST /") == ""


async def test_acts_are_done_when_they_were_done_and_not_when_they_were_to_be(tmp_path: Path) -> None:
    path = tmp_path / "errors-1.jsonl"
    act = Act(at=-5.0, do="run", on="3")
    with path.open("w") as file:
        history = History.of(file, HEADER)
        history.begin()
        history.tell(act=act)
        history.tell(note="what else was seen")
    story = read(path)
    assert story.header == HEADER
    [found] = story.acts
    assert (found.do, found.on) == (act.do, act.on)
    assert 0 <= found.at < 5
