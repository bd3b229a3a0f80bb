"""What annotations may say, and what people are told of those that say something else."""

import pytest
from tekton_integrations_slack.integration import Slack, wanted
from tekton_integrations_slack.options import SlackOptions, is_id

from tekton_integrations import PermanentError, State
from tekton_integrations.options import parse
from tekton_integrations.registry import load
from tekton_integrations.requests import Asked
from tekton_integrations.testing import make_run

URL = "https://tektoncd.slack.com"


def parsed(**said: str) -> SlackOptions:
    options: SlackOptions = parse(Slack, Asked(options={"channel": "build-cop", **said}, ignored=(), sources={}))
    return options


def test_it_is_found_under_its_name() -> None:
    [integration] = load(["slack"])
    assert isinstance(integration, Slack)


def test_the_example_of_tep_0004_is_taken() -> None:
    target = Slack().target(make_run(), parsed(url=URL, channel="build-cop"))
    assert (target.resource, target.name) == ("tektoncd.slack.com", "build-cop")


@pytest.mark.parametrize(
    "channel", ["build-cop", "#build-cop", "C024BE91L", "G0987654321", "über_uns", "ビルド", "v1.2"]
)
def test_a_channel_is_a_name_or_an_id(channel: str) -> None:
    parsed(channel=channel)


@pytest.mark.parametrize(
    "channel", ["", "#", "Build", "a b", "a,b", "<!here>", "@someone", "U024BE91L", "x" * 82, "a\n"]
)
def test_anything_else_is_no_channel(channel: str) -> None:
    with pytest.raises(PermanentError, match="InvalidAnnotation"):
        parsed(channel=channel)


@pytest.mark.parametrize(
    ("word", "is_one"), [("C024BE91L", True), ("G0987654321", True), ("build-cop", False), ("c1", False), ("", False)]
)
def test_ids_are_told_from_names(word: str, is_one: bool) -> None:
    assert is_id(word) is is_one


@pytest.mark.parametrize("url", [URL, f"{URL}/", "https://acme.enterprise.slack.com", "https://acme.slack-gov.com"])
def test_a_workspace_is_an_address(url: str) -> None:
    parsed(url=url)


@pytest.mark.parametrize(
    "url",
    [
        "http://tektoncd.slack.com",
        f"{URL}/archives/C1",
        f"{URL}?x=1",
        "https://slack.com",
        "tektoncd.slack.com",
        "ftp://x",
    ],
)
def test_anything_else_is_no_workspace(url: str) -> None:
    with pytest.raises(PermanentError, match="InvalidAnnotation"):
        parsed(url=url)


@pytest.mark.parametrize("host", ["hooks.slack.com", "HOOKS.slack.com", "hooks.slack-gov.com"])
def test_the_address_of_a_webhook_is_refused_with_the_cure_and_not_repeated(host: str) -> None:
    with pytest.raises(PermanentError) as caught:
        parsed(url=f"https://{host}/services/T1/B1/s3cr3t")
    assert "SlackWebhook" in caught.value.message
    assert "s3cr3t" not in caught.value.message


def test_a_webhook_in_the_place_of_the_channel_is_not_repeated_either() -> None:
    with pytest.raises(PermanentError) as caught:
        parsed(channel="https://hooks.slack.com/services/T1/B1/s3cr3t")
    assert "s3cr3t" not in caught.value.message


@pytest.mark.parametrize("who", ["here", "channel", "here, U024BE91L", "W024BE91L", "S024BE91L"])
def test_people_and_groups_can_be_called(who: str) -> None:
    parsed(mention=who)


@pytest.mark.parametrize("who", ["everyone", "@here", "<!here>", "somebody", "here,", ",".join(["U024BE91L"] * 6)])
def test_nothing_else_can_be_called(who: str) -> None:
    with pytest.raises(PermanentError, match="InvalidAnnotation"):
        parsed(mention=who)


@pytest.mark.parametrize(
    ("on", "changes", "is_wanted"),
    [
        ("", {"state": State.QUEUED}, True),
        ("created", {"state": State.QUEUED}, True),
        ("started", {"state": State.QUEUED, "started": None}, False),
        ("started", {"state": State.RUNNING}, True),
        ("started", {"state": State.SUCCEEDED}, True),
        ("retried", {"state": State.RUNNING}, False),
        ("retried", {"state": State.RUNNING, "retries": (1.0,)}, True),
        ("problems", {"state": State.RUNNING}, False),
        ("problems", {"state": State.FAILED}, True),
        ("problems", {"state": State.SUCCEEDED}, False),
        ("finished", {"state": State.SKIPPED}, True),
        ("cancelled, failed", {"state": State.CANCELLED}, True),
    ],
)
def test_on_says_since_when_a_run_has_a_card(on: str, changes: dict[str, object], is_wanted: bool) -> None:
    assert wanted(make_run(**changes), on) is is_wanted  # type: ignore[arg-type]


def test_an_occasion_that_is_no_new_state_makes_a_report_due() -> None:
    options = parsed(on="retried")
    before, after = make_run(), make_run(retries=(1.0,))
    assert Slack().facts(before, options) != Slack().facts(after, options)
