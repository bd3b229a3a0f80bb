"""What annotations and Notifications come to together: how many records, with which options."""

from typing import Any

import pytest
from msgspec.structs import replace

from tekton_integrations import PermanentError, Target
from tekton_integrations.annotations import SUSPEND_ALL
from tekton_integrations.integration import Found, Source
from tekton_integrations.joining import Joint
from tekton_integrations.requests import Asked, Request, for_run, work
from tekton_integrations.run import Run
from tests.noticed import SHARED, Facts, make, standing
from tests.reconciling import NAMESPACE, Noting
from tests.runs import make_run
from tests.toy import SlackOptions

OURS = "slack.integrations.tekton.dev/"
Options = dict[str, str]


def joined(run: Run, *options: Options, kept: tuple[str, ...] = (), **facts: Any) -> tuple[Run, list[str]]:
    """The run with Notifications n0, n1, … that have these options; and why others are not among them."""
    notifications = [make(f"n{at}", options=each) for at, each in enumerate(options)]
    outcomes = [*Joint(run=run, facts=Facts(**facts), kept=kept)(map(standing, notifications))]
    matched = tuple(each.matched for each in outcomes if each.matched)
    return replace(run, matched=matched), [each.reason for each in outcomes if each.reason]


def says(**options: str) -> Run:
    return make_run(namespace=NAMESPACE, annotations={f"{OURS}{key}": value for key, value in options.items()})


def shown(run: Run) -> dict[str, Options]:
    """Options by the Notification that the record is kept for, without the Provider's name."""
    return {
        request.notification.partition("/")[2]: {key: v for key, v in asked.options.items() if key != "provider"}
        for request, asked in work(run).items()
    }


MERGES: list[tuple[str, Options, list[Options], dict[str, Options]]] = [
    ("a Notification alone", {}, [{"channel": "C1"}], {"n0": {"channel": "C1"}}),
    ("annotations alone", {"channel": "C1"}, [], {"": {"channel": "C1"}}),
    ("one target", {"channel": "C1"}, [{"channel": "C1", "plain": "x"}], {"": {"channel": "C1", "plain": "x"}}),
    (
        "one target, and the annotations win",
        {"channel": "C1", "plain": "mine"},
        [{"channel": "C1", "plain": "x"}],
        {"": {"channel": "C1", "plain": "mine"}},
    ),
    (
        "two targets",
        {"channel": "C1", "plain": "mine"},
        [{"channel": "C2"}],
        {"": {"channel": "C1", "plain": "mine"}, "n0": {"channel": "C2"}},
    ),
    (
        "annotations that lead nowhere change each Notification",
        {"plain": "mine"},
        [{"channel": "C1", "plain": "x"}, {"channel": "C2"}],
        {"n0": {"channel": "C1", "plain": "mine"}, "n1": {"channel": "C2", "plain": "mine"}},
    ),
    (
        "annotations complete a Notification without a target",
        {"channel": "C1"},
        [{"plain": "x"}],
        {"": {"channel": "C1", "plain": "x"}},
    ),
    (
        "the annotations' record takes one Notification",
        {"channel": "C1"},
        [{"channel": "C1", "plain": "x"}, {"channel": "C2"}],
        {"": {"channel": "C1", "plain": "x"}, "n1": {"channel": "C2"}},
    ),
    ("two Notifications with one target", {}, [{"channel": "C1"}, {"channel": "C1"}], {"n0": {"channel": "C1"}}),
]


@pytest.mark.parametrize(("annotations", "options", "records"), [row[1:] for row in MERGES], ids=[r[0] for r in MERGES])
def test_one_target_makes_one_record_and_the_annotations_win(
    annotations: Options, options: list[Options], records: dict[str, Options]
) -> None:
    run, _ = joined(says(**annotations), *options)
    assert shown(run) == records


# What a run may say so that an audit shows less of it, or nothing; an integration knows `channel` and `plain`.
EVASIONS: dict[str, Options] = {
    "unknown": {"channels": "C1"},
    "no channel": {"channel": "general"},
    "another channel": {"channel": "C2"},
    "another provider": {"provider": "mine"},
    "another provider for the same channel": {"channel": "C1", "provider": "mine"},
    "another option": {"plain": "mine"},
    "the same channel, another option": {"channel": "C1", "plain": "mine"},
    "a version that is not there": {"version": "v99"},
    "too much": {"plain": "x" * 4097},
    "no switch": {"suspend": "yes"},
}


@pytest.mark.parametrize("annotations", EVASIONS.values(), ids=EVASIONS)
@pytest.mark.parametrize("beside", [[], [{"channel": "C1"}], [{"channel": "C3"}]], ids=["alone", "same", "other"])
def test_nothing_that_a_run_says_changes_what_takes_no_opting_out(annotations: Options, beside: list[Options]) -> None:
    """`beside`: the Notifications that stand beside it, and listen."""
    audit = make("audit", options={"channel": "C1", "plain": "audit"}, allowOptOut=False)
    others = [make(f"n{at}", options=each) for at, each in enumerate(beside)]
    run = says(**annotations)
    found = [each.matched for each in Joint(run=run, facts=Facts(), kept=())(map(standing, [audit, *others]))]
    requests = work(replace(run, matched=tuple(filter(None, found))))
    [asked] = [asked for request, asked in requests.items() if request.notification == f"{NAMESPACE}/audit"]
    assert asked.options == {"channel": "C1", "plain": "audit", "provider": "slack"}
    assert (asked.within, asked.ignored) == (SHARED, ())
    assert Request("slack", "", run.kind, run.namespace, run.name, run.uid) not in requests or not _same(annotations)


def _same(annotations: Options) -> bool:
    """Whether they ask for the audit's own target by its own Provider."""
    return annotations.get("channel") == "C1" and "provider" not in annotations


def test_what_has_a_record_goes_on_with_it_when_annotations_come_later() -> None:
    run, _ = joined(says(channel="C1", plain="mine"), {"channel": "C1"}, kept=(f"{NAMESPACE}/n0",))
    assert shown(run) == {"n0": {"channel": "C1", "plain": "mine"}}


def test_why_a_match_is_not_reported_is_told() -> None:
    _, reasons = joined(says(), {"plain": "x"}, {"channel": "C1"}, {"channel": "C1"}, {"channel": "$(params.c)"})
    assert reasons == ["NoTarget", "SameTarget", "NoTarget"]
    _, reasons = joined(says(), {"channel": "$(params.c)"}, params={"c": "general"})
    assert reasons == ["InvalidOption"]


def test_options_name_what_the_runs_creator_wrote() -> None:
    options = {"channel": "$(params.c)", "plain": "$(namespace)/$(name) $(labels.app/part) $(annotations.x)"}
    run, _ = joined(says(), options, params={"c": "C7"}, labels={"app/part": "api"}, annotations={"x": "$(name)"})
    assert shown(run) == {"n0": {"channel": "C7", "plain": "team-a/build-1 api $(name)"}}


def test_an_option_that_names_what_is_not_there_is_left_out() -> None:
    run, _ = joined(says(), {"channel": "C1", "plain": "by $(labels.team)"})
    assert shown(run) == {"n0": {"channel": "C1"}}


def test_the_provider_is_the_notifications_own_unless_the_run_names_one() -> None:
    run, _ = joined(says(), {"channel": "C1"})
    [asked] = work(run).values()
    assert (asked.options["provider"], asked.within) == ("slack", SHARED)
    run, _ = joined(says(channel="C1", provider="mine"), {"channel": "C1"})
    [asked] = work(run).values()
    assert (asked.options["provider"], asked.within) == ("mine", "")


@pytest.mark.parametrize("key", [SUSPEND_ALL, f"{OURS}suspend"])
def test_a_run_that_is_suspended_says_nothing_else(key: str) -> None:
    run = says(channel="C1", plain="mine")
    run = replace(run, annotations=run.annotations | {key: "true"})
    assert for_run(run) == []
    audited, _ = joined(run, {"channel": "C1"})
    assert shown(audited) == {"n0": {"channel": "C1"}}


def test_to_say_that_it_is_not_suspended_asks_nothing() -> None:
    assert for_run(says(suspend="false")) == []
    assert work(says(channel="C1", suspend="false")) == work(says(channel="C1"))
    [asked] = work(says(channel="C1", suspend="yes")).values()
    assert asked == Asked({"channel": "C1", "suspend": "yes"}, ())  # which is refused, see test_options.py


class Templated(SlackOptions, frozen=True, kw_only=True):
    template: str = ""


class Inferring(Noting):
    """Finds the channel in a parameter, and takes templates."""

    Options = Templated
    infers = True

    def infer(self, source: Source) -> dict[str, Found]:
        return {"channel": Found(source.params["room"], "parameter room")} if "room" in source.params else {}


def test_what_a_notification_leaves_out_is_inferred_where_that_is_allowed() -> None:
    run = says()
    facts = Facts(params={"room": "C5"})
    [outcome] = Joint(run=run, facts=facts, kept=())([standing(make(), Inferring())])
    assert outcome.matched is not None
    assert outcome.matched.options["channel"] == "C5"
    assert outcome.matched.sources == {"channel": "parameter room"}
    [outcome] = Joint(run=run, facts=facts, kept=())([standing(make(options={"channel": "C6"}), Inferring())])
    assert outcome.matched is not None
    assert (outcome.matched.options["channel"], outcome.matched.sources) == ("C6", {})


def test_what_a_run_says_does_not_keep_an_audit_from_what_is_inferred() -> None:
    """An annotation counts as given, so that nothing is inferred in its place."""
    audit = standing(make(allowOptOut=False), Inferring())
    [outcome] = Joint(run=says(channel="general"), facts=Facts(params={"room": "C5"}), kept=())([audit])
    assert outcome.matched is not None
    assert outcome.matched.options["channel"] == "C5"


def test_a_template_reaches_the_integration_as_it_was_written() -> None:
    notification = make(options={"channel": "C1"}, template='{"text": "$(title)"}')
    [outcome] = Joint(run=says(), facts=Facts(), kept=())([standing(notification, Inferring())])
    assert outcome.matched is not None
    assert outcome.matched.options["template"] == '{"text": "$(title)"}'


def test_what_another_tool_reports_is_left_to_it() -> None:
    class Beside(Noting):
        def target(self, run: Run, options: Any) -> Target:
            raise PermanentError("ReportedElsewhere", "by another tool")

    [outcome] = Joint(run=says(), facts=Facts(), kept=())([standing(make(options={"channel": "C1"}), Beside())])
    assert (outcome.matched, outcome.reason) == (None, "ReportedElsewhere")
