"""The ancestor's objects, to the letter but for the group. Which other tests show its clauses stands in
docs/mission.md.
"""

import re
from pathlib import Path
from typing import Any

import yaml

from hack import objects
from hack.controller import NAMESPACE, SERVICE_ACCOUNT
from tests.e2e.notices import recorded
from tests.e2e.served import bind
from tests.e2e.stage import SHA, condition
from tests.mission.world import World
from tests.test_security_docs import ROOT

PROVIDER = """
apiVersion: integrations.tekton.dev/v1alpha1
kind: Provider
metadata: {name: my-app}
spec: {type: GitHubApp, githubApp: {appId: 1, privateKey: {secretRef: {name: github-app-private-key}}}}
"""
NOTIFICATION = """
apiVersion: integrations.tekton.dev/v1alpha1
kind: Notification
metadata: {name: my-app}
spec: {suspend: false, providerRef: {name: my-app}, filter: {labelSelector: {matchLabels: {notification: github}}}}
"""
PLACE = {"owner": "wlynch", "repo": "ancestor", "sha": SHA}
SECRETS = {
    "apiGroup": "rbac.authorization.k8s.io",
    "kind": "ClusterRole",
    "name": "tekton-integrations-secrets",
}
# What its document compares itself with.
ALTERNATIVES = (
    "with Triggers",
    "Commit Status Tracker",
    "Tekton Notifiers",
    "CloudEvents controller",
    "Tekton Results",
)


def written(text: str, namespace: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(text)
    found["metadata"]["namespace"] = namespace
    return found


async def test_provider_and_notification_are_taken_as_they_stand_and_a_grant_is_all_that_they_lack(
    world: World, namespace: str, tmp_path: Path
) -> None:
    stage, repository = world.stage, f"{PLACE['owner']}/{PLACE['repo']}"
    app = stage.github.add_app(1)
    stage.github.add_repository(repository, installation_of=app, permissions={"checks": "write"})
    stage.github.accept_any_commit(repository)
    await bind(world.bed, namespace, SECRETS, SERVICE_ACCOUNT, NAMESPACE)
    provider = written(PROVIDER, namespace)
    await world.bed.apply(
        objects.github_app_secret(namespace, "github-app-private-key", app.private_key_pem),
        provider,
        written(NOTIFICATION, namespace),
    )
    for each in ("providers", "notifications"):
        named = f"{each}.integrations.tekton.dev/my-app"
        await world.bed.kubectl("wait", "--for=condition=Ready", named, "-n", namespace, "--timeout=20s")
    annotations = {f"github.integrations.tekton.dev/{key}": value for key, value in PLACE.items()}
    run = recorded(tmp_path, "success", labels={"notification": "github"}, annotations=annotations)
    await stage.player.play(run, namespace=namespace)
    assert "spec.grants" in condition(await stage.failed(namespace, "NotGranted"))["message"]
    provider["spec"]["grants"] = [objects.grant(namespace, targets=[repository])]
    await world.bed.apply(provider)
    await stage.reported(namespace)
    assert [(check.app_id, check.conclusion) for check in stage.checks(SHA, repository)] == [(1, "success")]


def test_its_alternatives_are_compared_with_ours() -> None:
    headings = re.findall("^## (.+)$", (ROOT / "docs" / "comparison.md").read_text(), re.MULTILINE)
    assert [each for each in ALTERNATIVES if not any(each in heading for heading in headings)] == []
