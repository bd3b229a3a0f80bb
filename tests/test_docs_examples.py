"""What docs/migration.md and docs/multi-tenancy.md tell to write is shown where they say: each section is rendered."""

import re
from pathlib import Path
from typing import Any

import yaml

from tekton_integrations.rehearsal import Rehearsed
from tests.test_rendering import SHA, render

DOCS = Path(__file__).parents[1] / "docs"
Object = dict[str, Any]


def section(file: str, heading: str) -> list[Object]:
    """The objects of its YAML."""
    text = (DOCS / file).read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    found = [each for block in blocks for each in yaml.safe_load_all(block)]
    assert found
    return found


def run(namespace: str, **annotations: str) -> Object:
    """With a parameter `revision`, and these annotations for GitHub."""
    said = {f"github.integrations.tekton.dev/{key}": value for key, value in annotations.items()}
    metadata = {"name": "hello", "namespace": namespace, "annotations": said}
    spec = {"params": [{"name": "revision", "value": SHA}]}
    return {"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "metadata": metadata, "spec": spec}


async def only(*objects: Object, **wish: Any) -> Rehearsed:
    """The only report of the only run."""
    [done] = await render(objects, **wish)
    assert done.problems == {}
    [report] = done.reports
    return report


def place(report: Rehearsed) -> tuple[str, str, str]:
    """Integration, resource and name."""
    assert report.problem is None
    assert report.target is not None
    return report.integration, report.target.resource, report.target.name


async def refusal(*objects: Object) -> str:
    problem = (await only(*objects)).problem
    assert problem is not None
    return problem.reason


async def test_a_run_of_commit_status_tracker_is_shown_as_it_is() -> None:
    report = await only(*section("migration.md", "commit-status-tracker"), infer=["github"])
    assert place(report) == ("github", "acme/api", "ci/build")
    assert f"https://api.github.com/repos/acme/api/statuses/{SHA}" in [call.url for call in report.calls]


async def test_a_task_run_of_the_app_notifier_gets_a_check() -> None:
    report = await only(*section("migration.md", "The GitHub App notifier"))
    assert place(report) == ("github", "acme/api", "Tekton / unit")
    assert "https://api.github.com/repos/acme/api/check-runs" in [call.url for call in report.calls]


async def test_what_the_app_notifier_alone_knows_is_refused() -> None:
    old = {"owner": "acme", "repo": "api", "sha": SHA}
    for key in ("installation", "commit", "repo-url", "checkrun"):
        assert await refusal(run("team-a", **old, **{key: "1"})) == "UnknownAnnotation"


async def test_every_run_is_told_to_the_sink_that_tekton_had() -> None:
    report = await only(*section("migration.md", "Tekton's CloudEvents"), run("team-b"))
    host = "http://broker-ingress.knative-eventing.svc.cluster.local"
    assert place(report) == ("cloudevent", host, "/default/default")
    assert {call.url for call in report.calls} == {f"{host}/default/default"}


async def test_a_notification_takes_the_place_of_a_finally_task() -> None:
    report = await only(*section("migration.md", "A finally task"), run("team-a"))
    assert place(report) == ("github", "acme/api", "Tekton / hello")


async def test_a_shared_app_shows_each_team_its_own_and_no_more() -> None:
    shared = section("multi-tenancy.md", "One App for all teams")
    web = {"owner": "acme", "repo": "shop-web", "sha": SHA}
    assert place(await only(*shared, run("shop", **web, name="Shop / unit"))) == (
        "github",
        "acme/shop-web",
        "Shop / unit",
    )
    assert await refusal(*shared, run("shop", **web, name="Payments / unit")) == "NotGranted"
    assert await refusal(*shared, run("payments", **web, name="Shop / unit")) == "NotGranted"
    assert await refusal(*shared, run("shop", **(web | {"repo": "payments"}), name="Shop / unit")) == "NotGranted"


async def test_a_rule_that_no_team_can_leave_reports_whatever_a_run_says() -> None:
    rule = section("multi-tenancy.md", "Rules that no team can leave")
    quiet = run("prod-eu")
    quiet["metadata"]["annotations"]["integrations.tekton.dev/suspend"] = "true"
    assert place(await only(*rule, quiet)) == ("cloudevent", "audit.example.com", "/tekton")
