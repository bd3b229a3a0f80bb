"""The soak judges every run by what services show, and tells a leak from noise."""

import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest

from hack.simulation.sink import Told
from hack.soak import docs, judge, rules
from hack.soak.evidence import Evidence
from hack.soak.fates import CANCELLED, GONE, GREEN, INTEGRATIONS, RED, asks, fate, name
from hack.soak.plot import PANELS
from hack.soak.report import markdown, rendered
from hack.soak.results import Counts, Results
from hack.soak.samples import Sample
from hack.soak.services import Services
from hack.soak.sizes import Sizes
from hack.soak.soak import soaked
from hack.testbed import TestBed
from tests.fakes.github import CheckRun
from tests.fakes.github.entities import Output
from tests.fakes.slack import Message

# `kept`: on a busy machine news of a run that was deleted while it ran come seconds later.
SIZES = Sizes(minutes=0.075, restart=2, steady=0, kept=5, rest=0, sample=0.5, speed=2, patience=60)


@pytest.fixture(scope="module")
async def results(bed: TestBed, tmp_path_factory: pytest.TempPathFactory) -> Results:
    return await soaked(bed, SIZES, tmp_path_factory.mktemp("soak"))


def test_runs_that_come_and_go_while_the_controller_is_ended_are_shown_everywhere(results: Results) -> None:
    # A busy machine plays more slowly; that this is told is tested below.
    assert [each for each in results.failures if not each.startswith("transitions per second")] == []
    assert results.counts.runs == results.counts.judged == SIZES.runs == 30
    assert (results.counts.lives, results.counts.kills) == (2, 0)
    assert {each.life for each in results.samples} == {1, 2}
    last = results.samples[-1]
    assert last.rss > 20 < last.apiserver
    assert last.descriptors > 5 < last.tasks
    assert last.blocks > 100
    assert max(each.records for each in results.samples) > 10
    assert max(each.processors for each in results.samples) > 0


def test_the_page_has_all_figures_and_a_plot_of_them(results: Results, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / docs.PAGE).write_text("# Soak\n\n<!-- measured: soak -->\nold\n<!-- end -->\n")
    source = tmp_path / "soak.json"
    source.write_bytes(msgspec.json.encode({"ok": True, "results": results}))
    docs.publish(source, tmp_path)
    page = (tmp_path / docs.PAGE).read_text()
    assert markdown(results) in page
    assert "old" not in page
    assert all(row.name.strip() in page and row.name in rendered(results) for row in results.rows())
    drawn = ElementTree.fromstring((tmp_path / docs.PLOT).read_text())
    words = [each.text for each in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert all(panel.title in words and {name for name, _ in panel.lines} <= set(words) for panel in PANELS)
    (tmp_path / docs.PAGE).write_text("# Soak\n")
    with pytest.raises(ValueError, match="measured: soak"):
        docs.publish(source, tmp_path)


def test_all_integrations_are_asked_for_as_often_and_by_runs_of_each_fate() -> None:
    asked = [each for number in range(400) for each in asks(number)]
    assert {asked.count(each) for each in INTEGRATIONS} == {130}
    rare = {(fate(number).recording, each) for number in range(400) for each in asks(number)}
    assert {(recording, each) for recording in ("cancelled", "failure") for each in INTEGRATIONS} <= rare


def check(conclusion: str | None, title: str = "") -> CheckRun:
    status = "in_progress" if conclusion is None else "completed"
    output = Output(title=title)
    facts = {"id": 1, "suite_id": 1, "app_id": 7, "name": "x", "head_sha": "y", "repository": None}
    return CheckRun(**facts, status=status, conclusion=conclusion, output=output)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("checks", "words"),
    [
        ([check("success")], []),
        ([], ["lost"]),
        ([check(None)], ["lost"]),
        ([check("failure")], ["stale"]),
        ([check("success"), check("success")], ["duplicated"]),
        ([check("cancelled", "Duplicate"), check("success")], ["repaired"]),
    ],
)
def test_a_check_is_lost_stale_or_there_twice(checks: list[CheckRun], words: list[str]) -> None:
    assert list(judge.of_checks(checks, GREEN)) == words


@pytest.mark.parametrize(
    ("checks", "words"),
    [
        ([], ["unseen"]),
        ([check("cancelled")], []),
        ([check(None)], ["lost"]),
        ([check("success")], ["stale"]),
        ([check("cancelled", "Duplicate")], ["repaired", "lost"]),
    ],
)
def test_a_run_that_is_deleted_while_it_runs_may_have_no_check_but_none_that_is_open(
    checks: list[CheckRun], words: list[str]
) -> None:
    assert list(judge.of_checks(checks, GONE)) == words


def card(color: str, time: float = 0.0, text: str = "") -> Message:
    payload = {"attachments": [{"color": color, "blocks": [{"text": text}]}]}
    return Message(ts="1.1", author="tekton", payload=payload, time=time)


@pytest.mark.parametrize(
    ("cards", "words"),
    [
        ([card(RED.color)], []),
        ([], ["lost"]),
        ([card(GREEN.color)], ["stale"]),
        ([card(RED.color, time=1.0), card(RED.color, time=40.0)], ["duplicated"]),
        ([card(RED.color, time=9.0), card(RED.color, time=40.0)], ["maybe_sent"]),
    ],
)
def test_a_second_card_is_excused_where_a_kill_cut_the_first_ones_answer(
    cards: list[Message], words: list[str]
) -> None:
    assert list(judge.of_cards(cards, RED, lambda at: 8.0 < at <= 10.0)) == words


@pytest.mark.parametrize(
    ("cards", "words"),
    [
        ([], ["unseen"]),
        ([card(GONE.color, text="🚫 run: Run deleted, outcome unknown")], []),
        ([card(GONE.color, text="⏳ run: Waiting")], ["lost"]),
        ([card("#1d9bd1")], ["lost"]),
        ([card(GREEN.color)], ["stale"]),
    ],
)
def test_a_run_that_is_deleted_while_it_runs_may_have_no_card_but_none_that_is_open(
    cards: list[Message], words: list[str]
) -> None:
    assert list(judge.of_cards(cards, GONE, lambda _: False)) == words


def told(milestone: str, state: str = "Running") -> Told:
    return Told("x", milestone, milestone, 1, state)


BEGUN = [told("created", "Queued"), told("started")]


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ([*BEGUN, told("finished", "Cancelled")], []),
        (BEGUN, ["lost", "stale"]),
        ([*BEGUN, told("finished", "Succeeded")], ["stale"]),
        ([BEGUN[1], BEGUN[0], told("finished", "Cancelled")], ["stale"]),
        ([*BEGUN, told("finished", "Cancelled"), told("finished", "Cancelled")], ["duplicated"]),
    ],
)
def test_milestones_are_told_once_and_in_order(messages: list[Told], words: list[str]) -> None:
    assert list(judge.of_told(messages, CANCELLED)) == words


END = told("finished", "Cancelled")


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ([], ["unseen"]),
        ([*BEGUN, END], []),
        ([BEGUN[0], END], []),
        ([END], []),  # the first was announced, and perhaps told
        ([BEGUN[1], END], ["lost"]),
        (BEGUN, ["lost", "stale"]),
        ([*BEGUN, END, END], ["duplicated"]),
        ([*BEGUN, told("finished", "Succeeded")], ["stale"]),
    ],
)
def test_who_heard_of_a_run_that_is_deleted_while_it_runs_hears_of_its_end(
    messages: list[Told], words: list[str]
) -> None:
    assert list(judge.of_told(messages, GONE)) == words
    assert list(judge.of_told([], CANCELLED)) == ["lost"] * 3


async def test_what_is_known_of_a_run_that_is_judged_wrong_is_kept(bed: TestBed, tmp_path: Path) -> None:
    file = tmp_path / "wrong.ndjson"
    async with Services.started(bed) as services:
        services.inboxes["webhook"].told[name(3)] = BEGUN
        evidence = Evidence(bed, services, "default", file)
        await evidence.keep(3, "judged", [])
        await evidence.keep(3, "judged", [("webhook", "lost")])
    [kept] = [msgspec.json.decode(line) for line in file.read_bytes().splitlines()]
    assert (kept["run"], kept["words"], kept["records"]) == (name(3), [["webhook", "lost"]], [])
    assert [each["milestone"] for each in kept["webhook"]] == ["created", "started"]


Measured = Callable[[float], float]


def samples(
    rss: Measured, steady: float = 0.5, etcd: Measured = lambda _: 100, blocks: Measured = lambda _: 300
) -> list[Sample]:
    """An hour with a look each 5 s, of which the last life takes the part `steady`, and others 150 s each; `rss` and
    `blocks` by the age of the life in hours, `etcd` by the time in hours."""
    zero: dict[str, Any] = dict.fromkeys(Sample.__struct_fields__, 0)
    made = []
    for number in range(720):
        at = 5.0 * number
        begun = min(at // 150 * 150, 3600 * (1 - steady))
        age = (at - begun) / 3600
        given: dict[str, Any] = {"at": at, "life": int(begun / 150), "age": 3600 * age, "live": 1, "rss": rss(age)}
        made.append(Sample(**{**zero, **given, "etcd_file": etcd(at / 3600), "blocks": blocks(age)}))
    return made


def restless(seed: int, leak: float) -> Measured:
    """Memory as it was seen: it comes to what it stays at, goes up and down by tenths of MiB, and once thirty
    connections are opened, when the machine stood still for a moment."""
    noise = random.Random(seed)
    burst = noise.uniform(0.1, 0.5)

    def rss(age: float) -> float:
        settled = 85 - 3 * math.exp(-20 * age)
        return settled + 5 * (age > burst) + noise.gauss(0, 0.15) + leak * age

    return rss


@pytest.mark.parametrize(("leak", "flat"), [(0.0, True), (-20.0, True), (5.0, False)])
def test_a_leak_of_five_mebibytes_an_hour_is_told_from_noise_and_a_single_step(leak: float, flat: bool) -> None:
    for seed in range(20):
        found = rules.trend(samples(restless(seed, leak)), lambda each: each.rss)
        assert found is not None
        assert found.least <= found.slope <= found.most
        assert found.flat(rules.TRENDS["memory (RSS)"][1]) is flat, seed


def test_three_objects_that_each_run_leaves_are_a_leak_whatever_is_under_way() -> None:
    """24,000 runs an hour; of the looks each third falls on a moment in which many wait."""
    noise = random.Random(1)

    def held(left: float) -> Measured:
        return lambda age: 330 + noise.gauss(0, 0.5) + noise.choice([0, 0, 15]) + 24 * left * age

    rows = {left: list(rules.trends(samples(lambda _: 90, blocks=held(left)))) for left in (0, 1, 3)}
    told = {left: next(row.ok for row in found if row.name.startswith("Python")) for left, found in rows.items()}
    assert told == {0: True, 1: False, 3: False}


def test_growth_in_the_first_ten_minutes_is_no_leak_and_short_lives_tell_nothing() -> None:
    starting = samples(lambda age: 90 + min(age, 1 / 6) * 3600)
    assert rules.trend(starting, lambda each: each.rss) == rules.Trend(0.0, 0.0, 0.0)
    assert rules.trend(samples(lambda _: 90, steady=0.2), lambda each: each.rss) is None


def test_what_goes_with_the_last_runs_hides_no_growth() -> None:
    made = samples(lambda age: 90 + 20 * age)
    ending = [msgspec.structs.replace(each, age=each.age + 1e4, live=0, rss=50) for each in made[-99:]]
    found = rules.trend([*made, *ending], lambda each: each.rss)
    assert found is not None
    assert found.slope == pytest.approx(20)


@pytest.mark.parametrize(
    ("growth", "ok"), [(lambda at: 100 + min(at, 0.5) * 200, True), (lambda at: 100 + at * 200, False)]
)
def test_etcd_has_to_stop_growing(growth: Callable[[float], float], ok: bool) -> None:
    [row] = rules.etcd(samples(lambda _: 90, etcd=growth))
    assert row.ok is ok


def test_what_does_not_return_or_comes_late_is_a_failure() -> None:
    [rest, *_] = samples(lambda _: 90)
    after = msgspec.structs.replace(rest, descriptors=5, records=1)
    broken = [row.name for row in rules.at_rest(rest, after) if not row.ok]
    assert broken == ["descriptors, at rest before and after", "records in etcd, at rest before and after"]
    rows = list(rules.counted({("slack", "maybe_sent"): 2, ("webhook", "unseen"): 3}, {"webhook": 1}, INTEGRATIONS))
    assert [(row.value, row.ok) for row in rows] == [
        ("0, 0, 0, 0", True),
        ("0, 0, 1, 0", False),
        ("0, 0, 0, 0", True),
        ("0", None),
        ("2", None),
        ("3", None),
    ]


def test_a_load_that_was_not_played_is_no_success() -> None:
    [rest, *_] = samples(lambda _: 90)
    counts = Counts(
        runs=100,
        judged=99,
        unplayed=["run-000001: refused"],
        kills=0,
        lives=1,
        found={},
        late={},
        repeats=0,
        problems=[],
        seconds=30.0,
        delay=0.0,
    )
    results = Results(
        sizes=Sizes(rest=0), machine="", others=0.0, begun="", before=rest, after=rest, counts=counts, samples=[rest]
    )
    assert [line.partition(":")[0] for line in results.failures] == [
        "transitions per second",
        "runs judged",
        "run-000001",
    ]
