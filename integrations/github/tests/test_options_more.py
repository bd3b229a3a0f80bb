"""What annotations may say to GitHub besides repository, commit and name."""

import msgspec
import pytest
from tekton_integrations_github.integration import GitHub
from tekton_integrations_github.options import GitHubOptions

from integrations.github.tests.test_options import SHA, options
from tekton_integrations import PermanentError
from tekton_integrations.options import description, parse
from tekton_integrations.requests import Asked


def refused(**changes: str) -> PermanentError:
    with pytest.raises(PermanentError) as caught:
        options(**changes)
    return caught.value


def test_context_is_another_word_for_name() -> None:
    assert options(context="ci/unit").name == "ci/unit"
    assert options(context="ci/unit") == options(name="ci/unit") == options(name="ci/unit", context="ci/unit")


def test_a_name_and_another_context_are_refused() -> None:
    error = refused(name="a", context="b")
    assert error.reason == "InvalidAnnotation"
    assert error.message == (
        "github.integrations.tekton.dev/name and github.integrations.tekton.dev/context mean the same and say "
        "different things; remove one"
    )


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("context", "a\nb", "the same as `name`"),
        ("host", "https://github.com", "the host of the repository's pages"),
        ("host", "github.com/acme", "the host of the repository's pages"),
        ("host", "-", "the host of the repository's pages"),
        ("pull-request", "", "the number of the pull request that `comment` is about, or `none`"),
        ("pull-request", "0", "the number of the pull request that `comment` is about, or `none`"),
        ("pull-request", "#12", "the number of the pull request that `comment` is about, or `none`"),
        ("pull-request", "12/files", "the number of the pull request that `comment` is about, or `none`"),
        ("pull-request", "٣", "the number of the pull request that `comment` is about, or `none`"),
        ("comment", "on failure", "one of never, on-failure, always"),
        ("comment", "Always", "one of never, on-failure, always"),
        ("environment", "", "the environment to which"),
        ("environment", "x" * 256, "the environment to which"),
        ("environment", "a\nb", "the environment to which"),
        ("logs", "public", "one of private, always, never"),
        ("checks", "steps", "one of run, tasks"),
        ("beside-pipelines-as-code", "perhaps", "true or false"),
    ],
)
def test_a_bad_value_is_answered_with_the_rule(key: str, value: str, rule: str) -> None:
    error = refused(**{key: value})
    assert error.reason == "InvalidAnnotation"
    assert error.message.startswith(f"github.integrations.tekton.dev/{key} must be {rule}")


@pytest.mark.parametrize("number", ["1", "12", "4294967296"])
def test_a_pull_request_is_a_number(number: str) -> None:
    assert options(**{"pull-request": number}).pull == int(number)


def test_without_a_pull_request_there_is_none() -> None:
    assert options().pull == 0
    assert options(**{"pull-request": "none", "comment": "always"}).pull == 0


def test_a_comment_needs_a_pull_request() -> None:
    error = refused(comment="on-failure")
    assert error.reason == "MissingAnnotation"
    assert error.message == (
        "github.integrations.tekton.dev/pull-request is missing, and github.integrations.tekton.dev/comment is "
        "on-failure; give the pull request's number, or none where there is none"
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://staging.example.com",
        "http://10.0.0.1:8080/app",
        "https://x.example/a?b=c&d=e#f",
        "https://x.example/%20~(a),[b]",
    ],
)
def test_an_environment_has_a_url(url: str) -> None:
    assert options(**{"environment": "staging", "environment-url": url}).environment_url == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "staging.example.com",
        "javascript:alert(1)",
        "https://",
        "https://user@x.example",
        "https://user:pw@x.example/",
        "https://x.example/a b",
        "https://x.example/\n",
        'https://x.example/"',
        "https://x.example/<a>",
        "https://x.example\\@evil.example",
        "https://x.example/\u202e",
        "ftp://x.example",
        "https://x.example/" + "a" * 2000,
    ],
)
def test_what_is_no_plain_web_address_is_refused(url: str) -> None:
    error = refused(**{"environment": "staging", "environment-url": url})
    assert (
        "environment-url must be where the environment is found, an http or https URL without a user" in error.message
    )


def test_an_environment_s_url_needs_its_environment() -> None:
    assert "dev/environment is missing" in refused(**{"environment-url": "https://x.example"}).message


def test_new_options_report_no_old_run_anew() -> None:
    asked = {"owner": "acme", "repo": "api", "sha": SHA}
    as_before = f'{{"owner":"acme","repo":"api","sha":"{SHA}","name":""}}'
    assert msgspec.json.encode(parse(GitHub, Asked(asked, ()))).decode() == as_before


def test_every_option_has_an_example_that_it_takes() -> None:
    for field in msgspec.structs.fields(GitHubOptions):
        [example] = [meta.examples[0] for meta in field.type.__metadata__ if meta.examples]
        msgspec.convert(example, field.type, strict=False)
        assert len(description(field)) > 20
