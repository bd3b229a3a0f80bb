"""What `why` has to say of each of the runs of scenes.py."""

from dataclasses import dataclass

from tests.e2e.causes import OURS, PREFIX


@dataclass(frozen=True)
class Case:
    """Of the story that the command tells first. `sentence` and `fix` are parts of them."""

    verdict: str
    reason: str
    sentence: str = ""
    fix: str = ""
    code: int = 3
    kind: str = ""


def failed(reason: str, sentence: str, fix: str) -> Case:
    return Case("failed", reason, sentence, fix, 1)


def stuck(reason: str, sentence: str, fix: str) -> Case:
    return Case("stuck", reason, sentence, fix, 1)


CASES = {
    "shown": Case("shown", "Reported", "check 'Tekton / shown' of acme/api: Succeeded", code=0),
    "red": Case("shown", "Reported", "check 'Tekton / red' of acme/api: Failed", code=0),
    "noticed": Case("shown", "Reported", "check 'Tekton / noticed' of acme/api: Failed", code=0),
    "going": Case("going-on", "InProgress", "check 'Tekton / going' of acme/api", code=0),
    "unresolved": Case("waiting", "NotYet", "Tekton has still to look up the run's Pipeline", code=0),
    "part": Case("elsewhere", "PartOfAnother", "belongs to PipelineRun parent, whose reports show it", code=0),
    "throttled": Case("waiting", "Throttled", "GitHub asked to wait", "it goes on by itself", 0),
    "unreachable": Case("waiting", "Retrying|ServiceDown", "127.0.0.1", "it is tried again", 0),
    "nothing": Case("not-asked", "NotAsked", "no annotation of an integration", "Annotate it"),
    "misspelt-domain": Case("not-asked", "Misspelt", "github.integration.tekton.dev/owner", f"Write {PREFIX}/owner."),
    "half-a-domain": Case("not-asked", "Misspelt", "github.tekton.dev/sha", f"Write {PREFIX}/sha."),
    "labelled": Case("not-asked", "Misplaced", f"{PREFIX}/owner stands among the labels", "metadata.annotations"),
    "in-a-task": Case("not-asked", "Misplaced", "spec.pipelineSpec.tasks[0].taskSpec", "metadata.annotations"),
    "on-a-pod": Case("not-asked", "Misplaced", "stands on pod on-a-pod-pod", "metadata.annotations"),
    "below": Case("not-asked", "AskedBelow", "its TaskRun below-unit does", "why below-unit --kind TaskRun"),
    "below-unit": Case("shown", "Reported", "acme/api: Succeeded", code=0, kind="TaskRun"),
    "early": Case("left-out", "EndedBeforeInstall", "had ended before github was installed", "report early -n"),
    "suspended": Case("left-out", "OptedOut", f'{PREFIX}/suspend: "true"', "Remove the annotation"),
    "all-suspended": Case("left-out", "OptedOut", f'{OURS}/suspend: "true"', "Remove the annotation"),
    "opted-out": Case("left-out", "OptedOut", "opted-out matches, but the run opts out", "Remove the annotation"),
    "paused": Case("left-out", "Suspended", "paused matches, but it is suspended", "Set spec.suspend to false"),
    "targetless": Case("left-out", "NoTarget", "its options lead nowhere", "Give the run what spec.options names"),
    "wrong-option": Case("left-out", "InvalidOption", "a value of the wrong form", "Correct spec.options"),
    "unsound": Case("left-out", "InvalidExpression", "is not in order: spec.filter.expression", "As it says"),
    "unprovided": Case("left-out", "NoProvider", "there is no Provider 'nobody'", "As it says"),
    "not-now": Case("not-asked", "NotAsked", "not-now (state Failed) waits for", "Annotate it"),
    "no-such-run": Case("no-run", "NoSuchRun", "there is no PipelineRun no-such-run", "Check the name, -n and --kind"),
    "misspelt-name": failed("NotInstalled", "githbu.integrations.tekton.dev: not installed", f"Did you mean {PREFIX}/"),
    "uninstalled": failed("NotInstalled", "name slack in --integrations", "install the integration"),
    "no-sha": failed("MissingAnnotation", f"{PREFIX}/sha is missing", "Add it."),
    "a-branch": failed("InvalidAnnotation", "not a branch", "Correct it as the message says."),
    "wrong-key": failed("UnknownAnnotation", "did you mean 'owner'?", "Correct or remove it."),
    "too-long": failed("AnnotationTooLong", "at most 4096 characters", "Shorten it."),
    "old-version": failed("UnsupportedVersion", "understands v1", "Use one that is."),
    "inherited": failed("InheritedAnnotationIgnored", "came with a remotely resolved", "Set it on the run itself."),
    "no-provider": failed("NoProvider", "named 'nobody'", "Create one"),
    "not-granted": failed("NotGranted", "no grant in Provider", "Extend `spec.grants`"),
    "ambiguous": failed("AmbiguousProvider", "more than one Provider grants this", "Name one in the annotation"),
    "unknown-commit": failed("UnknownCommit", "check sha, and that it was pushed", "Check `sha`"),
    "not-visible": failed("NotVisible", "select the repository", "install the App on the repository"),
    "forbidden": failed("Forbidden", "lacks the permission `Checks: write`", "As the message says"),
    "missing": stuck("CredentialUnavailable", "missing", "As the message says"),
    "refused": stuck("CredentialRefused", "GitHub", "Put a valid one into the Secret"),
    "unoffered": stuck("SecretNotOffered", "unoffered", "Give it the type or the label"),
    "invalid": stuck("InvalidProvider", "caBundle", "Correct it as the message says"),
}
RECORDED = {
    name: case.reason
    for name, case in CASES.items()
    if case.verdict in ("shown", "failed", "stuck", "going-on") or name in ("throttled", "unreachable")
}
