"""Whose an annotation is, and whether it counts."""

from typing import Any

import pytest

from tekton_integrations import annotations

OWNER = "github.integrations.tekton.dev/owner"
CHANNEL = "slack.integrations.tekton.dev/channel"


def written(manager: str, *keys: str, subresource: str = "") -> dict[str, Any]:
    """An entry of managedFields."""
    fields: dict[str, Any] = {f"f:{key}": {} for key in keys}
    entry: dict[str, Any] = {"manager": manager, "fieldsV1": {"f:metadata": {"f:annotations": {".": {}} | fields}}}
    return entry | ({"subresource": subresource} if subresource else {})


STATUS = {"manager": "controller", "subresource": "status", "fieldsV1": {"f:status": {}}}


@pytest.mark.parametrize(
    ("annotation", "parts"),
    [
        (OWNER, ("github", "owner")),
        ("my-own-1.integrations.tekton.dev/any.key_x", ("my-own-1", "any.key_x")),
        (f"{'x' * 40}.integrations.tekton.dev/a", ("x" * 40, "a")),
    ],
)
def test_an_annotation_of_ours_names_integration_and_key(annotation: str, parts: tuple[str, str]) -> None:
    assert annotations.split(annotation) == parts
    assert annotations.annotation(*parts) == annotation


@pytest.mark.parametrize(
    "annotation",
    [
        "",
        "integrations.tekton.dev/owner",
        "github.integrations.tekton.dev",
        "github.integrations.tekton.dev/",
        "github.integrations.tekton.dev.evil.example/owner",
        "evil.example/github.integrations.tekton.dev/owner",
        "a.b.integrations.tekton.dev/owner",
        "GitHub.integrations.tekton.dev/owner",
        "-x.integrations.tekton.dev/owner",
        f"{'x' * 41}.integrations.tekton.dev/a",
        "githubXintegrations.tekton.dev/owner",
    ],
)
def test_everybody_else_s_are_not_ours(annotation: str) -> None:
    assert annotations.split(annotation) is None
    assert annotations.ours({annotation: "x"}) == {}


def test_a_megabyte_is_not_kept() -> None:
    kept = annotations.ours({OWNER: "x" * 1_000_000})
    assert len(kept[OWNER]) == annotations.MAX_VALUE + 1
    assert annotations.too_long({"owner": kept[OWNER]}) == "owner"


def test_annotations_are_grouped_by_integration() -> None:
    asked = annotations.by_integration({OWNER: "acme", CHANNEL: "C1", "github.integrations.tekton.dev/repo": "api"})
    assert asked == {"github": {"owner": "acme", "repo": "api"}, "slack": {"channel": "C1"}}


def test_the_first_eight_integrations_by_name_are_asked() -> None:
    many = {f"x{number}.integrations.tekton.dev/a": "" for number in reversed(range(10))}
    assert list(annotations.by_integration(many)) == [f"x{number}" for number in range(8)]


@pytest.mark.parametrize(
    ("options", "too_long"),
    [
        ({}, None),
        ({"a": "x" * 4096}, None),
        ({"a": "x" * 4096, "b": "x" * 4097}, "b"),
        (dict.fromkeys("abcd", "x" * 4096), None),
        (dict.fromkeys("abcd", "x" * 4096) | {"e": "x"}, "*"),
    ],
)
def test_a_value_and_all_together_have_a_limit(options: dict[str, str], too_long: str | None) -> None:
    assert annotations.too_long(options) == too_long


def test_what_only_the_writer_of_the_status_wrote_was_copied() -> None:
    fields = [written("kubectl-create", OWNER), written("controller", CHANNEL), STATUS]
    assert annotations.inherited([OWNER, CHANNEL], fields) == {CHANNEL}


def test_what_the_user_wrote_too_was_not_copied() -> None:
    fields = [written("controller", CHANNEL), STATUS, written("kubectl-annotate", CHANNEL)]
    assert annotations.inherited([CHANNEL], fields) == frozenset()


def test_what_another_controller_wrote_was_not_copied() -> None:
    fields = [written("argocd-controller", CHANNEL), STATUS]
    assert annotations.inherited([CHANNEL], fields) == frozenset()


@pytest.mark.parametrize("fields", [[], [STATUS], [{}], [{"manager": "controller", "fieldsV1": {}}]])
def test_what_nobody_is_known_to_have_written_counts(fields: list[dict[str, Any]]) -> None:
    assert annotations.inherited([CHANNEL], fields) == frozenset()


def test_a_user_s_own_write_of_a_status_field_copies_nothing() -> None:
    fields = [written("kubectl-edit", OWNER), STATUS]
    assert annotations.inherited([OWNER], fields) == frozenset()


def made(manager: str, *keys: str, field: str = "annotations") -> dict[str, Any]:
    """The entry of who created the run."""
    return {
        "manager": manager,
        "fieldsV1": {"f:metadata": {f"f:{field}": {f"f:{key}": {} for key in keys}}, "f:spec": {}},
    }


@pytest.mark.parametrize("field", ["annotations", "labels"])
def test_what_its_creator_wrote_stood_on_a_run_from_the_beginning(field: str) -> None:
    fields = [made("kubectl-create", "a", field=field), written("kubectl-annotate", "b"), STATUS]
    assert annotations.created(["a", "b", "c"], fields, field) == {"a"}


def test_what_tekton_copied_before_it_wrote_a_status_did_not() -> None:
    fields = [made("kubectl-create", OWNER), written("controller", CHANNEL)]
    assert annotations.created([OWNER, CHANNEL], fields, "annotations") == {OWNER}


def test_a_creator_that_cannot_be_told_from_tekton_is_not_believed() -> None:
    assert annotations.created([OWNER], [made("controller", OWNER), STATUS], "annotations") == frozenset()


def test_where_nobody_is_known_all_is_the_creator_s() -> None:
    assert annotations.created([OWNER], [], "annotations") == {OWNER}


def test_a_run_is_suspended_for_one_integration_or_for_all() -> None:
    one, every = "github.integrations.tekton.dev/suspend", "integrations.tekton.dev/suspend"
    assert annotations.ours({one: "true", every: "true", "suspend": "true"}) == {one: "true", every: "true"}
    assert annotations.suspended({one: "true"}, "github")
    assert not annotations.suspended({one: "true"}, "slack")
    assert annotations.suspended({every: "true"}, "slack")
    assert not annotations.suspended({every: "false", one: "yes"}, "github")


def test_when_a_report_is_asked_for_again_is_no_option_and_the_latest_time_counts() -> None:
    every, own = "2026-11-29T13:00:00Z", "2026-11-29T15:00:00+01:00"
    said = {annotations.REPORT_AT_ALL: every, "github.integrations.tekton.dev/report-at": own, CHANNEL: "C1"}
    assert annotations.ours(said) == said
    assert annotations.by_integration(said) == {"slack": {"channel": "C1"}}
    assert annotations.report_at(said, "slack") == every
    assert annotations.reported_at(annotations.report_at(said, "github")) == 1795960800.0
    assert annotations.report_at({CHANNEL: "C1"}, "slack") == ""


@pytest.mark.parametrize("words", ["", "now", "2026-13-01T00:00:00Z", "9" * 400, "0001-01-01T00:00:00+23:59"])
def test_what_is_no_time_is_none(words: str) -> None:
    assert annotations.reported_at(words) == 0.0
