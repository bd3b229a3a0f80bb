"""Which Provider serves a run: the one that it names, the one of the workspace in its `url`, or the only one there is;
its own namespace's before a shared one; and none where that leaves a choice."""

import dataclasses
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from tekton_integrations_slack.integration import Slack
from tekton_integrations_slack.options import SlackOptions

from tekton_integrations import PermanentError, Target
from tekton_integrations.provider import Grant, Need, Provider, choose, decode_provider
from tekton_integrations.testing import make_run

SHARED = "tekton-integrations"
TYPES = tuple(kind.name for kind in Slack.provider_types)


def provider(name: str, *workspaces: str, namespace: str = SHARED, type: str = "Slack") -> Provider:
    return Provider(
        namespace=namespace,
        name=name,
        uid=f"{namespace}/{name}",
        resource_version="1",
        generation=1,
        type=type,
        endpoint="",
        grants=(Grant(namespaces=("team-a",), targets=workspaces or ("*",)),),
        spec={},
    )


def chosen(*providers: Provider, url: str = "", name: str = "") -> str:
    options = SlackOptions(channel="build-cop", url=url)
    target = Slack().target(make_run(), options)
    need = Need(types=TYPES, namespace="team-a", labels={}, target=target, name=name, any_name=Slack.resolves_names)
    return choose(providers, SHARED, need).path


def refusal(*providers: Provider, **asked: Any) -> str:
    with pytest.raises(PermanentError) as caught:
        chosen(*providers, **asked)
    return caught.value.reason


RED, BLUE = "https://red.slack.com", "https://blue.slack.com"
BOTH = provider("red", "red.slack.com"), provider("blue", "blue.slack.com")


def test_the_url_chooses_the_provider_of_that_workspace() -> None:
    assert [chosen(*BOTH, url=url) for url in (RED, BLUE)] == [f"{SHARED}/red", f"{SHARED}/blue"]
    assert refusal(*BOTH, url="https://green.slack.com") == "NotGranted"


def test_a_url_that_two_serve_is_ambiguous_until_one_is_named() -> None:
    twice = (*BOTH, provider("red-too", "red.slack.com"))
    assert refusal(*twice, url=RED) == "AmbiguousProvider"
    assert chosen(*twice, url=RED, name="red-too") == f"{SHARED}/red-too"
    assert refusal(*twice, url=RED, name="blue") == "NotGranted"  # a name is no grant for another workspace


def test_the_only_one_is_taken_without_being_named_and_a_second_of_the_other_type_makes_it_ambiguous() -> None:
    only = provider("only")
    assert chosen(only) == chosen(only, url=RED) == f"{SHARED}/only"
    hook = provider("hook", type="SlackWebhook")
    assert refusal(only, hook) == "AmbiguousProvider"
    assert chosen(only, hook, name="hook") == f"{SHARED}/hook"
    assert chosen(only, provider("github", type="GitHubApp")) == f"{SHARED}/only"


def test_the_run_s_own_namespace_goes_first_whichever_way_it_is_chosen() -> None:
    own, shared = provider("red", "red.slack.com", namespace="team-a"), BOTH[0]
    for asked in ({"url": RED}, {"url": RED, "name": "red"}):
        assert chosen(shared, own, **asked) == chosen(own, shared, **asked) == "team-a/red"
    elsewhere = provider("blue", "blue.slack.com", namespace="team-a")
    assert chosen(shared, elsewhere, url=RED) == f"{SHARED}/red"  # its own does not serve this workspace
    two = provider("red-2", "red.slack.com", namespace="team-a")
    assert refusal(shared, own, two, url=RED) == "AmbiguousProvider"


def test_nobody_chooses_a_provider_of_another_team() -> None:
    theirs = provider("red", "red.slack.com", namespace="team-b")
    assert refusal(theirs, url=RED) == refusal(theirs, url=RED, name="red") == "NoProvider"


@pytest.mark.parametrize("within", [SHARED, "team-a"])
def test_who_means_a_provider_of_one_namespace_gets_no_other_of_its_name(within: str) -> None:
    own, shared = provider("red", namespace="team-a"), provider("red")
    target = Target(resource="red.slack.com", name="build-cop")
    need = Need(types=TYPES, namespace="team-a", labels={}, target=target, name="red", within=within)
    assert choose([own, shared], SHARED, need).path == f"{within}/red"
    with pytest.raises(PermanentError, match="NoProvider"):
        choose([each for each in (own, shared) if each.namespace != within], SHARED, need)


@pytest.mark.parametrize(("count", "ends"), [(8, "7"), (9, "7 and 1 more"), (20, "7 and 12 more")])
def test_a_message_names_eight_providers_and_counts_the_others(count: int, ends: str) -> None:
    many = [provider(f"red-{number:02}") for number in range(count)]
    with pytest.raises(PermanentError) as caught:
        chosen(*many)
    assert f"{SHARED}/red-0{ends}; name one" in caught.value.message
    assert caught.value.message.count(f"{SHARED}/red-") == 8


def test_a_provider_whose_metadata_or_status_changed_is_the_same_by_its_spec() -> None:
    one = provider("red")
    assert one.same_spec(replace(one, resource_version="2"))
    for other in (replace(one, uid="again"), replace(one, generation=2), replace(one, spec={"type": "Slack"})):
        assert not one.same_spec(other)


def test_a_grant_by_labels_of_the_namespace_is_enough_to_be_chosen() -> None:
    grant = Grant(namespace_selector={"team": "a"}, targets=("*",))
    one = replace(provider("red"), grants=(grant,))
    need = Need(types=TYPES, namespace="team-a", labels={"team": "a"}, target=Target(resource="red", name="build-cop"))
    assert choose([one], SHARED, need) is one
    with pytest.raises(PermanentError, match="NotGranted"):
        choose([one], SHARED, dataclasses.replace(need, labels={"team": "b"}))


def test_what_is_known_of_a_provider_is_read_with_it() -> None:
    metadata = {"name": "red", "namespace": "team-a", "uid": "u", "resourceVersion": "5"}
    status = {"allowances": [{"scope": "acme", "limit": 7}], "reports": {"accepted": 3}}
    raw = msgspec.json.encode({"metadata": metadata, "spec": {"type": "Slack"}, "status": status})
    decoded = decode_provider(raw)
    assert [each.limit for each in decoded.allowances] == [7]
    assert decoded.standing.accepted == 3
