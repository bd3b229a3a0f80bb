"""Whose Provider a run may use: none without a grant, and one grant must allow who, where and as what together."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from tekton_integrations import PermanentError, Target
from tekton_integrations.provider import Grant, Need, Provider, choose, decode_provider, fingerprint
from tests.calm import quickly

SHARED = "tekton-integrations"
TARGET = Target(resource="acme/api", name="build")
ANY = Grant(namespaces=("*",), targets=("*",))


def provider(name: str, *grants: Grant, namespace: str = SHARED, type: str = "GitHubApp") -> Provider:
    return Provider(
        namespace=namespace,
        name=name,
        uid=f"uid-{namespace}-{name}",
        resource_version="1",
        generation=1,
        type=type,
        endpoint="",
        grants=grants,
        spec={},
    )


def chosen(*providers: Provider, labels: dict[str, str] | None = None, target: Target = TARGET, name: str = "") -> str:
    types = ("GitHubApp", "GitHubToken")
    need = Need(types=types, namespace="team-a", labels=labels or {}, target=target, name=name)
    return choose(providers, SHARED, need).path


def refusal(*providers: Provider, **more: Any) -> PermanentError:
    with pytest.raises(PermanentError) as caught:
        chosen(*providers, **more)
    return caught.value


def test_without_a_provider_it_is_told_what_to_make_and_where() -> None:
    error = refusal()
    assert error.reason == "NoProvider"
    assert error.message == (
        "there is no Provider of type GitHubApp or GitHubToken in namespace team-a or tekton-integrations; "
        "create one, or ask your administrator for a shared one"
    )


@pytest.mark.parametrize(
    "grants",
    [
        (),
        (Grant(),),
        (Grant(namespaces=("*",)),),
        (Grant(targets=("*",)),),
        (Grant(namespaces=("*",), targets=("*",), names=()),),
        (Grant(names=("*",)),),
        (Grant(namespace_selector={}, targets=("*",)),),
    ],
)
def test_nothing_is_allowed_that_no_grant_allows(grants: tuple[Grant, ...]) -> None:
    assert refusal(provider("app", *grants)).reason == "NotGranted"


def test_a_refusal_names_provider_namespace_name_and_target() -> None:
    error = refusal(provider("one"), provider("two", namespace="team-a"))
    assert error.message == (
        "no grant in Provider team-a/two, tekton-integrations/one lets namespace team-a show 'build' at acme/api; "
        "add the namespace, target and name to its spec.grants"
    )


def test_a_grant_allows_what_it_names() -> None:
    exact = Grant(namespaces=("team-a",), targets=("acme/api",), names=("build",))
    assert chosen(provider("app", exact)) == f"{SHARED}/app"


@pytest.mark.parametrize(
    "grants",
    [
        [Grant(namespaces=("team-a",), targets=("acme/other",)), Grant(namespaces=("team-b",), targets=("acme/api",))],
        [
            Grant(namespaces=("team-a",), targets=("acme/api",), names=("deploy",)),
            Grant(namespaces=("team-a",), targets=("acme/other",), names=("build",)),
        ],
        [Grant(namespaces=("team-b",), targets=("*",)), Grant(namespaces=("team-a",), targets=())],
    ],
)
def test_grants_do_not_add_up(grants: list[Grant]) -> None:
    assert refusal(provider("app", *grants)).reason == "NotGranted"
    apart = [provider(f"app-{number}", grant) for number, grant in enumerate(grants)]
    assert refusal(*apart).reason == "NotGranted"


@pytest.mark.parametrize(
    ("grant", "allowed"),
    [
        (Grant(namespaces=("team-*",), targets=("acme/*",), names=("b*",)), True),
        (Grant(namespaces=("team-*",), targets=("*/api",)), True),
        (Grant(namespaces=("*-a",), targets=("ACME/API",)), True),
        (Grant(namespaces=("team",), targets=("*",)), False),
        (Grant(namespaces=("Team-A",), targets=("*",)), False),
        (Grant(namespaces=("team-a",), targets=("acme",)), False),
        (Grant(namespaces=("team-a",), targets=("acme/ap",)), False),
        (Grant(namespaces=("team-a",), targets=("acme/api/*",)), False),
        (Grant(namespaces=("team-a",), targets=("*",), names=("Build",)), False),
        (Grant(namespaces=("",), targets=("*",)), False),
    ],
)
def test_a_star_stands_for_any_characters(grant: Grant, allowed: bool) -> None:
    assert grant.allows("team-a", {}, TARGET) == allowed


@pytest.mark.parametrize(
    ("pattern", "name", "allowed"),
    [("unit [x86]", "unit [x86]", True), ("unit [x86]", "unit x", False), ("b?", "bx", False)],
)
def test_only_the_star_stands_for_something_else(pattern: str, name: str, allowed: bool) -> None:
    grant = Grant(namespaces=("*",), targets=("*",), names=(pattern,))
    assert grant.allows("team-a", {}, Target(resource="acme/api", name=name)) == allowed


def test_a_pattern_of_many_stars_does_not_hold_up_everybody() -> None:
    grant = Grant(namespaces=("*",), targets=("*",), names=("*a" * 5 + "*b",))
    assert not quickly(lambda: grant.allows("team-a", {}, Target(resource="acme/api", name="a" * 100)), 0.2)


@pytest.mark.parametrize(
    ("labels", "allowed"),
    [
        ({"team": "a", "ci": "yes"}, True),
        ({"team": "a", "ci": "yes", "more": "x"}, True),
        ({"team": "a"}, False),
        ({"team": "b", "ci": "yes"}, False),
        ({}, False),
    ],
)
def test_a_selector_wants_all_of_its_labels(labels: dict[str, str], allowed: bool) -> None:
    grant = Grant(namespace_selector={"team": "a", "ci": "yes"}, targets=("*",))
    assert grant.allows("team-a", labels, TARGET) == allowed
    assert provider("app", grant).selects_namespaces


def test_names_or_labels_of_namespaces_suffice() -> None:
    grant = Grant(namespaces=("team-b",), namespace_selector={"team": "a"}, targets=("*",))
    assert grant.allows("team-b", {}, TARGET)
    assert grant.allows("team-a", {"team": "a"}, TARGET)
    assert not grant.allows("team-a", {}, TARGET)


def test_a_provider_of_the_run_s_own_namespace_goes_before_a_shared_one() -> None:
    assert chosen(provider("shared", ANY), provider("own", ANY, namespace="team-a")) == "team-a/own"


def test_a_shared_one_is_used_where_the_own_one_does_not_grant() -> None:
    assert chosen(provider("shared", ANY), provider("own", namespace="team-a")) == f"{SHARED}/shared"


def test_a_provider_of_another_namespace_or_type_is_never_used() -> None:
    others = [provider("a", ANY, namespace="team-b"), provider("b", ANY, type="Slack")]
    assert refusal(*others).reason == "NoProvider"


def test_of_two_that_grant_one_must_be_named() -> None:
    both = provider("two", ANY), provider("one", ANY)
    error = refusal(*both)
    assert error.reason == "AmbiguousProvider"
    assert error.message == (
        "more than one Provider grants this: tekton-integrations/one, tekton-integrations/two; "
        "name one in the annotation <integration>.integrations.tekton.dev/provider"
    )
    assert chosen(*both, name="one") == f"{SHARED}/one"


def test_a_name_that_no_provider_has_is_told() -> None:
    assert "GitHubToken named 'mine' in namespace team-a" in refusal(provider("app", ANY), name="mine").message


def test_naming_a_provider_does_not_replace_its_grant() -> None:
    assert refusal(provider("app"), name="app").reason == "NotGranted"


def test_what_could_be_used_has_a_fingerprint_that_changes_with_it() -> None:
    app, other = provider("app", ANY), replace(provider("other", ANY), type="Slack")

    def mark(*providers: Provider) -> str:
        return fingerprint(providers, ("GitHubApp",))

    assert mark(app) == mark(app, other) == mark(other, replace(app, resource_version="9"))
    seen = [mark(), mark(app), mark(replace(app, generation=2)), mark(replace(app, uid="again"))]
    assert len({*seen, mark(app, provider("own", namespace="team-a"))}) == 5


def test_a_provider_is_read_from_json() -> None:
    grants = [
        {"namespaces": ["team-*"], "targets": ["acme/*"], "names": ["build"]},
        {"namespaceSelector": {"matchLabels": {"ci": "yes"}}, "targets": ["acme/api"]},
    ]
    spec = {
        "type": "GitHubApp",
        "endpoint": "https://ghe.example/api/v3/",
        "caBundle": "-----BEGIN CERTIFICATE-----",
        "proxy": "http://proxy.example:3128/",
        "detailsUrl": "https://dashboard.example/$(name)",
        "grants": grants,
        "githubApp": {"appId": 7},
    }
    metadata = {"name": "app", "namespace": SHARED, "uid": "u", "resourceVersion": "5", "generation": 3}
    decoded = decode_provider(json.dumps({"metadata": metadata, "spec": spec}).encode())
    assert (decoded.path, decoded.generation, decoded.endpoint) == (f"{SHARED}/app", 3, "https://ghe.example/api/v3")
    assert decoded.grants == (
        Grant(namespaces=("team-*",), targets=("acme/*",), names=("build",)),
        Grant(namespace_selector={"ci": "yes"}, targets=("acme/api",)),
    )
    assert decoded.spec["githubApp"] == {"appId": 7}
    assert decoded.ca_bundle == "-----BEGIN CERTIFICATE-----"
    assert decoded.ca_bundle is decoded.spec["caBundle"]
    assert (decoded.proxy, decoded.details_url) == ("http://proxy.example:3128", "https://dashboard.example/$(name)")


def test_a_provider_needs_only_a_type() -> None:
    metadata = {"name": "app", "namespace": SHARED, "uid": "u", "resourceVersion": "5"}
    decoded = decode_provider(json.dumps({"metadata": metadata, "spec": {"type": "GitHubApp"}}).encode())
    assert (decoded.endpoint, decoded.ca_bundle, decoded.proxy, decoded.details_url) == ("", "", "", "")


def test_a_name_that_is_still_to_be_looked_up_is_served_by_who_grants_the_target() -> None:
    by_id = provider("ids", Grant(namespaces=("*",), targets=("acme/*",), names=("C0123",)))
    other = provider("other", Grant(namespaces=("*",), targets=("else/*",)))
    need = Need(types=("GitHubApp",), namespace="team-a", labels={}, target=TARGET)
    with pytest.raises(PermanentError):
        choose([by_id, other], SHARED, need)
    unresolved = Need(types=("GitHubApp",), namespace="team-a", labels={}, target=TARGET, any_name=True)
    assert choose([by_id, other], SHARED, unresolved) is by_id
    by_name = provider("names", Grant(namespaces=("*",), targets=("acme/*",), names=("build",)))
    assert choose([by_id, by_name], SHARED, unresolved) is by_name
    with pytest.raises(PermanentError):
        choose([other], SHARED, unresolved)
