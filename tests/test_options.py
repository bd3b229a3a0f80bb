"""From annotations to typed options; each bad input's message names the annotation and the cure."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

import msgspec
import pytest

from tekton_integrations import Integration, PermanentError
from tekton_integrations.options import description, parse
from tekton_integrations.requests import Asked
from tests.toy import Slack, SlackOptions


def refused(options: dict[str, str], *ignored: str) -> PermanentError:
    with pytest.raises(PermanentError) as caught:
        parse(Slack, Asked(options, ignored))
    return caught.value


def test_values_get_their_types() -> None:
    parsed = parse(Slack(), Asked({"channel": "C1", "max-lines": "7", "mention": "true"}, ()))
    assert parsed == SlackOptions(channel="C1", max_lines=7, mention=True)


def test_what_is_not_given_has_its_default() -> None:
    assert parse(Slack, Asked({"channel": "C1"}, ())) == SlackOptions(channel="C1")


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_what_the_core_reads_itself_is_no_option(version: str) -> None:
    asked = Asked({"channel": "C1", "provider": "mine", "version": version}, ())
    assert parse(Slack, asked) == SlackOptions(channel="C1")


def test_what_is_missing_is_named_and_explained() -> None:
    error = refused({"plain": "x"})
    assert error.reason == "MissingAnnotation"
    assert error.message == ("slack.integrations.tekton.dev/channel is missing; it says the channel's id, C and digits")


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("channel", "general", "the channel's id, C and digits"),
        ("channel", "C1\n", "the channel's id, C and digits"),
        ("max-lines", "many", "a number from 1 to 50"),
        ("max-lines", "51", "a number from 1 to 50"),
        ("max-lines", "", "a number from 1 to 50"),
        ("mention", "perhaps", "true or false"),
    ],
)
def test_a_bad_value_is_answered_with_the_rule_and_not_quoted(key: str, value: str, rule: str) -> None:
    error = refused({"channel": "C1"} | {key: value})
    assert error.reason == "InvalidAnnotation"
    assert error.message == f"slack.integrations.tekton.dev/{key} must be {rule}"


def test_a_misspelt_key_is_answered_with_what_was_meant() -> None:
    error = refused({"chanel": "C1"})
    assert error.reason == "UnknownAnnotation"
    assert error.message == "slack.integrations.tekton.dev/chanel is not known; did you mean 'channel'?"


def test_an_unknown_key_is_answered_with_those_that_are_known() -> None:
    error = refused({"channel": "C1", "zzz": "1"})
    assert error.message.endswith("/zzz is not known; known: channel, max-lines, mention, plain")


def test_an_endless_key_does_not_make_an_endless_message() -> None:
    assert len(refused({"channel": "C1", "z" * 5000: "1"}).message) < 200


def test_an_unsupported_version_is_answered_with_those_that_are() -> None:
    error = refused({"channel": "C1", "version": "v3"})
    assert error.reason == "UnsupportedVersion"
    assert error.message == (
        "slack.integrations.tekton.dev/version: this integration understands v1, v2; "
        "use one of these or upgrade the integration"
    )


def test_a_version_that_is_not_understood_is_told_before_keys_that_are_not() -> None:
    assert refused({"new-in-v3": "x", "version": "v3"}).reason == "UnsupportedVersion"


@pytest.mark.parametrize("key", ["channel", "zzz"])
def test_a_value_that_is_too_long_is_named_with_the_limit(key: str) -> None:
    error = refused({"channel": "C1"} | {key: "x" * 4097})
    assert error.reason == "AnnotationTooLong"
    assert error.message == f"slack.integrations.tekton.dev/{key}: at most 4096 characters are read; shorten it"


def test_all_values_together_have_a_limit_too() -> None:
    error = refused({"channel": "C1"} | {f"k{number}": "x" * 4096 for number in range(4)})
    assert error.reason == "AnnotationTooLong"
    assert error.message == "the annotations together: at most 16384 characters are read; shorten it"


def test_a_required_option_that_came_with_a_remote_pipeline_is_explained() -> None:
    error = refused({"plain": "x"}, "channel")
    assert error.reason == "InheritedAnnotationIgnored"
    assert error.message == (
        "slack.integrations.tekton.dev/channel came with a remotely resolved Pipeline and does not count; "
        "set it on the run itself"
    )


def test_an_option_without_a_description_is_described_by_its_key() -> None:
    assert [description(field) for field in msgspec.structs.fields(SlackOptions)] == [
        "the channel's id, C and digits",
        "a number from 1 to 50",
        "true or false",
        "plain",
    ]


class PickyOptions(msgspec.Struct, frozen=True, kw_only=True):
    where: Annotated[str, msgspec.Meta(description="the place")]
    when: Annotated[Literal["never", "on-failure", "always"], msgspec.Meta(description="when to do it")] = "never"
    loud: Annotated[bool, msgspec.Meta(description="whether it is loud")] = False


class Picky(Integration):
    """Never made: its options are all that is looked at."""

    name = "picky"
    Options = PickyOptions
    inferable: ClassVar[Mapping[str, str]] = {"where": "the label place"}


class Inferring(Picky):
    infers = True


@pytest.mark.parametrize(("key", "rule"), [("when", "one of never, on-failure, always"), ("loud", "true or false")])
def test_a_bad_choice_is_answered_with_those_that_there_are(key: str, rule: str) -> None:
    values = {"where": "here", key: "sometimes"}
    with pytest.raises(PermanentError) as caught:
        parse(Picky, Asked(values, ()))
    assert caught.value.message == f"picky.integrations.tekton.dev/{key} must be {rule}"


def test_what_could_not_be_inferred_is_told_with_where_it_was_looked_for() -> None:
    with pytest.raises(PermanentError) as caught:
        parse(Inferring, Asked({}, ()))
    assert caught.value.reason == "MissingAnnotation"
    assert caught.value.message == (
        "picky.integrations.tekton.dev/where is missing; it says the place. It was not found either in the label place"
    )


def test_who_does_not_infer_looked_nowhere() -> None:
    with pytest.raises(PermanentError) as caught:
        parse(Picky, Asked({}, ()))
    assert caught.value.message == "picky.integrations.tekton.dev/where is missing; it says the place"


def test_suspend_is_true_or_false() -> None:
    with pytest.raises(PermanentError, match=r"slack\.integrations\.tekton\.dev/suspend must be true or false"):
        parse(Slack, Asked({"channel": "C1", "suspend": "yes"}, ()))
