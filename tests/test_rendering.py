"""What would be sent, rehearsed with every integration and each recorded run: no answer is missing, no credential
shows, and what is asked wrongly is said in the same words as in a record."""

import json
from collections.abc import Iterable
from typing import Any

import pytest

from hack.objects import grant
from hack.recording import load
from tekton_integrations.rehearsal import HIDDEN, Rehearsed
from tekton_integrations.rendering import Rendered, RenderError, Wish, material, rendered
from tests.recorded import RECORDINGS

SHA = "3f786850e387550fdab836ed7e6dc881de23001b"
URL = "https://hooks.example.com/tekton"
ASKS = {
    "github.integrations.tekton.dev/owner": "acme",
    "github.integrations.tekton.dev/repo": "api",
    "github.integrations.tekton.dev/sha": SHA,
    "github.integrations.tekton.dev/pull-request": "12",
    "github.integrations.tekton.dev/comment": "always",
    "github.integrations.tekton.dev/environment": "staging",
    "github.integrations.tekton.dev/checks": "tasks",
    "slack.integrations.tekton.dev/channel": "build-cop",
    "slack.integrations.tekton.dev/url": "https://tektoncd.slack.com",
    "webhook.integrations.tekton.dev/url": URL,
    "cloudevent.integrations.tekton.dev/target": URL,
}
Object = dict[str, Any]


def run(annotations: dict[str, str] = ASKS, **metadata: Any) -> Object:
    named = {"name": "hello"} | metadata | {"annotations": annotations}
    return {"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "metadata": named, "spec": {}}


def provider(kind: str, block: str, settings: Object, **spec: Any) -> Object:
    spec = {"type": kind, block: settings, "grants": [grant("*", targets=["*"])]} | spec
    return {"kind": "Provider", "metadata": {"name": kind.lower()}, "spec": spec}


def recording(name: str) -> list[Object]:
    """The last state of all that belongs to a run, which asks for everything."""
    last = {step.uid: step.object for step in load(name) if step.kind in ("PipelineRun", "TaskRun")}
    first, *others = (json.loads(json.dumps(each)) for each in last.values())
    first["metadata"]["annotations"] = ASKS
    first["metadata"].pop("managedFields", None)
    return [first, *others]


async def render(objects: Iterable[Object], namespace: str = "default", **wish: Any) -> list[Rendered]:
    return await rendered(material(objects, namespace), Wish(shared="tekton-integrations", **wish))


async def report(objects: Iterable[Object], only: str) -> Rehearsed:
    [done] = await render(objects, only=only)
    [found] = done.reports
    return found


@pytest.mark.parametrize("name", RECORDINGS)
async def test_each_recorded_run_is_rehearsed_to_the_end_by_every_integration(name: str) -> None:
    [done] = await render(recording(name))
    assert [each.integration for each in done.reports] == sorted({key.partition(".")[0] for key in ASKS})
    assert {each.integration: str(each.problem) for each in done.reports if each.problem} == {}
    for each in done.reports:
        assert each.calls
        assert each.summary
        text = repr([(call.url, call.headers) for call in each.calls])
        assert "made-up" not in text.replace("made-up-PipelineRun", "")


async def test_a_check_and_all_that_goes_with_it_are_among_the_requests() -> None:
    found = await report(recording("failure"), "github")
    sent = [f"{call.method} {call.url.removeprefix('https://api.github.com')}" for call in found.calls]
    assert "POST /repos/acme/api/check-runs" in sent
    assert "POST /repos/acme/api/deployments" in sent
    assert "POST /repos/acme/api/issues/12/comments" in sent
    check = next(call for call in found.calls if call.url.endswith("/check-runs"))
    assert json.loads(check.body)["head_sha"] == SHA
    assert check.headers["authorization"] == HIDDEN
    assert check.page.startswith("# ")


async def test_a_run_that_is_not_created_yet_is_shown_as_queued() -> None:
    objects = [run({key: value for key, value in ASKS.items() if "github" in key}, name=None, generateName="hello-")]
    [done] = await render(objects)
    assert (done.run.name, done.run.namespace, str(done.run.state)) == ("hello-xxxxx", "default", "Queued")
    assert [each.integration for each in done.reports] == ["github"]


async def test_the_provider_decides_what_is_called_and_where() -> None:
    token = provider(
        "GitHubToken", "githubToken", {"token": {"secretRef": {"name": "t"}}}, endpoint="https://ghe.test/api/v3"
    )
    found = await report([run(), token], "github")
    assert found.provider == "default/githubtoken"
    assert f"https://ghe.test/api/v3/repos/acme/api/statuses/{SHA}" in [call.url for call in found.calls]
    hook = provider("SlackWebhook", "slackWebhook", {"url": {"secretRef": {"name": "t"}}})
    found = await report(
        [*recording("success"), {**hook, "metadata": {"name": "hook", "namespace": "tekton-integrations"}}], "slack"
    )
    assert [call.url for call in found.calls] == [HIDDEN]


async def test_a_grant_that_is_missing_and_a_wrong_value_are_told_in_the_words_of_a_record() -> None:
    app = provider("GitHubApp", "githubApp", {"appId": 7, "privateKey": {"secretRef": {"name": "t"}}}, grants=[])
    found = await report([run(), app], "github")
    assert found.problem is not None
    assert found.problem.reason == "NotGranted"
    wrong = run(ASKS | {"github.integrations.tekton.dev/sha": "main"})
    found = await report([wrong], "github")
    assert found.problem is not None
    assert found.problem.message.startswith("github.integrations.tekton.dev/sha must be the commit's full SHA")
    misspelt = await report([run({"githbu.integrations.tekton.dev/owner": "acme"})], "githbu")
    assert misspelt.problem is not None
    assert misspelt.problem.reason == "NotInstalled"


async def test_a_url_that_leads_inside_is_refused_as_it_would_be() -> None:
    inside = run({"webhook.integrations.tekton.dev/url": "http://169.254.169.254/latest"})
    found = await report([inside], "webhook")
    assert found.problem is not None
    assert found.problem.reason == "EgressRefused"
    assert found.calls == []


async def test_a_webhook_is_told_of_each_milestone_and_its_signature_is_not_shown() -> None:
    signing = provider(
        "Webhook", "webhook", {"signingKey": {"secretRef": {"name": "t"}}}, endpoint="https://hooks.example.com"
    )
    found = await report([*recording("success"), signing], "webhook")
    told = [json.loads(call.body)["data"]["milestone"] for call in found.calls]
    assert told == ["created", "started", "finished"]
    assert {call.headers["webhook-signature"] for call in found.calls} == {HIDDEN}


async def test_notifications_ask_too_and_what_is_wrong_with_one_is_said() -> None:
    app = provider("GitHubApp", "githubApp", {"appId": 7, "privateKey": {"secretRef": {"name": "t"}}})
    spec: Object = {"providerRef": {"name": "githubapp"}, "options": {"owner": "acme", "repo": "api", "sha": SHA}}
    good = {"kind": "Notification", "metadata": {"name": "good"}, "spec": spec}
    bad = {"kind": "Notification", "metadata": {"name": "bad"}, "spec": {"providerRef": {"name": "gone"}}}
    [done] = await render([run({}), app, good, bad])
    assert [(each.integration, each.notification, each.problem) for each in done.reports] == [
        ("github", "default/good", None)
    ]
    assert list(done.problems) == ["default/bad"]
    assert "there is no Provider 'gone'" in done.problems["default/bad"]


async def test_what_is_no_run_or_no_object_of_its_kind_is_said() -> None:
    assert await render([{"kind": "Secret", "metadata": {"name": "x"}}]) == []
    with pytest.raises(RenderError, match="Provider x"):
        await render([{"kind": "Provider", "metadata": {"name": "x"}, "spec": {}}])
    with pytest.raises(RenderError, match="no run"):
        await render([run(name=7)])
