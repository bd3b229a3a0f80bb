"""What the cluster did to a task, or makes it wait for, in plain words with a piece of advice: memory, images,
eviction, room, what is missing, what is refused. Pure.

Reasons: pkg/apis/pipeline/v1/taskrun_types.go and pkg/pod/status.go of https://github.com/tektoncd/pipeline.
"""

import enum
import re

import msgspec

from tekton_integrations.outcome.messages import exited
from tekton_integrations.run import Child, State, Step
from tekton_integrations.text import one_line

LONGEST = 400


class Rank(enum.IntEnum):
    INVALID = 0
    PLATFORM = 1
    STEP = 2


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """`text` goes after the task's name, and may hold text of others; `advice` is half a sentence of ours, or empty.
    `log`: the log may tell more."""

    rank: Rank
    text: str
    advice: str = ""
    log: bool = False


_OOM = frozenset({"StepOOM", "SidecarOOM", "InitContainerOOM", "OOMKilled"})
_IMAGE_REASONS = frozenset({"TaskRunImagePullFailed", "PullImageFailed", "ImagePullBackOff", "ErrImagePull"})
_IMAGE = re.compile(r'image "([^"\s]{1,500})"')
_BAD_IMAGE = re.compile(
    r"ImagePullBackOff|ErrImagePull|Back-off pulling image|InvalidImageName|image \"\S{0,500}\" not found"
)
_PULL = "check its name and tag, and the pull secret"
_PULLS = (
    (re.compile(r"unauthorized|denied|forbidden|authentication", re.IGNORECASE), "check the pull secret, and its name"),
    (
        re.compile(r"not found|manifest unknown|InvalidImageName|invalid reference", re.IGNORECASE),
        "check its name and tag",
    ),
)
_NO_POD = re.compile(
    r'\Afailed to create task run pod "[^"]{0,253}": (.*?)(?:\. Maybe (?:missing or )?invalid Task.*)?\Z', re.DOTALL
)
_POD = re.compile(r'The pod errored with the message: "(.*)\."\Z', re.DOTALL)
_ABSENT = re.compile(
    r'\b(secret|configmap|serviceaccount|persistentvolumeclaim)s? "([^"]{1,253})" not found', re.IGNORECASE
)
_NO_KEY = re.compile(r"couldn't find key (\S{1,253}) in (Secret|ConfigMap) (\S{1,253})", re.IGNORECASE)
_OBJECTS = {
    "secret": "Secret",
    "configmap": "ConfigMap",
    "serviceaccount": "ServiceAccount",
    "persistentvolumeclaim": "PersistentVolumeClaim",
}
_QUOTA = re.compile(r"exceeded quota: ([^,\s]{1,253})(?:, requested: ([^,]{1,200}))?")
_NODES = re.compile(r"\d{1,9}/\d{1,9} nodes are available: ([^\"]{1,300})")


def platform(child: Child) -> Cause | None:
    """What the cluster did to it, or makes it wait for."""
    return _memory(child) or _image(child) or _eviction(child) or _absent(child) or _room(child) or _refused(child)


def blamed(child: Child) -> Step | None:
    """The step that failed; those after it did not run, though Tekton gives them an exit code, too."""
    return next((step for step in child.steps if step.exit_code or step.reason == "OOMKilled"), None)


def _memory(child: Child) -> Cause | None:
    step = blamed(child)
    ended = exited(child.message)
    if step and step.reason == "OOMKilled":
        who, what = f"step {step.name}", "step"
    elif child.reason not in _OOM and not (ended and ended.reason == "OOMKilled") and child.message != "OOMKilled":
        return None
    else:
        who, what = (ended.who, ended.what) if ended else ("a step", "step")
    advice = f"raise the {what}'s memory limit"
    return Cause(rank=Rank.PLATFORM, text=f"{who} ran out of memory", advice=advice, log=True)


def _image(child: Child) -> Cause | None:
    if child.reason not in _IMAGE_REASONS and not (_unsettled(child) and _BAD_IMAGE.search(child.message)):
        return None
    names = [name for name in _IMAGE.findall(child.message.replace("\\", "")) if name]
    text = f"image can't be pulled: {names[0]}" if names else "image can't be pulled"
    advice = next((words for pattern, words in _PULLS if pattern.search(child.message)), _PULL)
    return Cause(rank=Rank.PLATFORM, text=text, advice=advice)


def _unsettled(child: Child) -> bool:
    """Its message is the pod's, and not that of whoever wrote the step."""
    return not child.state.final or child.reason in ("PodCreationFailed", "CreateContainerConfigError", "")


def _eviction(child: Child) -> Cause | None:
    if child.reason not in ("PodEvicted", "Evicted"):
        return None
    why = f": {message}" if (message := one_line(child.message, LONGEST).rstrip(". ")) else ""
    return Cause(
        rank=Rank.PLATFORM, text=f"its pod was evicted{why}", advice="raise what it requests, then run it again"
    )


def _absent(child: Child) -> Cause | None:
    if child.reason not in ("CreateContainerConfigError", "PodCreationFailed"):
        return None
    if found := _NO_KEY.search(child.message):
        holder = found[3].rpartition("/")[2].rstrip('."')
        text = f'key "{found[1]}" is missing in {found[2]} "{holder}"'
        return Cause(rank=Rank.PLATFORM, text=text, advice="add it, or correct the name")
    if found := _ABSENT.search(child.message):
        text = f'{_OBJECTS[found[1].lower()]} "{found[2]}" is missing'
        return Cause(rank=Rank.PLATFORM, text=text, advice="create it, or correct the name")
    return None


def _room(child: Child) -> Cause | None:
    told = child.state is State.COULD_NOT_START or _unsettled(child)
    if child.reason == "ExceededResourceQuota" or (told and "exceeded quota" in child.message):
        found = _QUOTA.search(child.message)
        which = f" ({found[1]}, requested {found[2]})" if found and found[2] else ""
        text = f"the namespace's quota is used up{which}"
        return Cause(rank=Rank.PLATFORM, text=text, advice="wait for others to end, or raise the ResourceQuota")
    nodes = _NODES.search(child.message) if told else None
    if child.reason == "ExceededNodeResources" or nodes:
        why = f": {one_line(nodes[1], LONGEST).rstrip('. ')}" if nodes else ""
        return Cause(rank=Rank.PLATFORM, text=f"no node takes its pod{why}", advice="lower its requests, or add nodes")
    return None


def _refused(child: Child) -> Cause | None:
    """Other things for which there is no pod, or no container."""
    words = {
        "CreateContainerConfigError": ("a container can't be configured", "check the ConfigMaps and Secrets it names"),
        "PodCreationFailed": ("its pod can't be made", "check the task's steps and volumes"),
        "PodAdmissionFailed": ("the cluster refused its pod", "see the cluster's admission policies"),
        "TaskRunResultLargerThanAllowedLimit": ("a result is too large", "write less, or use a workspace"),
        "TaskRunStopSidecarFailed": ("a sidecar can't be stopped", ""),
    }
    if child.reason not in words:
        return None
    text, advice = words[child.reason]
    found = _POD.search(child.message) or _NO_POD.search(child.message)
    message = one_line(found[1] if found else child.message, LONGEST).rstrip(". ")
    return Cause(rank=Rank.PLATFORM, text=f"{text}: {message}" if message else text, advice=advice)
