"""Which of the runs that say to be another run's child are shown on their own: those for which nobody else answers,
and those that say something of their own."""

import itertools
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from hack.controller import Controller
from hack.player import PlayedRun
from hack.recording import Step
from hack.testbed.api import polled
from tekton_integrations.kube.children import PATIENCE
from tests.e2e.kinds import PARENT, Made, Wanted, annotated, asking, child_of
from tests.e2e.stage import USER, Stage

SHOWN, DONE = ("in_progress", None), ("completed", "success")
# A version of no API: the garbage collector can't tell that there is no such owner, and leaves the child alone.
NOBODY = {"apiVersion": "tekton.dev/v9", "kind": "PipelineRun", "name": "nobody", "uid": "0" * 36}


def shown(stage: Stage) -> dict[str, tuple[str, str | None]]:
    """Status and conclusion by the check's name."""
    checks = stage.checks()
    found = {check.name: (check.status, check.conclusion) for check in checks}
    assert len(found) == len(checks)
    return found


def history(stage: Stage, name: str) -> list[tuple[str, str | None]]:
    [check] = [check for check in stage.checks() if check.name == name]
    return [(write.after.status, write.after.conclusion) for write in check.history]


async def until_shown(stage: Stage, wanted: Mapping[str, tuple[str, str | None]], seconds: float = 30) -> None:
    async def probe() -> bool:
        return shown(stage) == wanted

    await polled(probe, seconds)


def before_end_of(name: str) -> Callable[[Step], bool]:
    return lambda step: (step.name, step.status) == (name, "True")


async def pipeline_run(stage: Stage, namespace: str, name: str) -> Made:
    """One that is shown as running."""
    run = await Made.create(stage.bed, Wanted(namespace=namespace, kind="PipelineRun", name=name))
    await run.says("Unknown", "Running")

    async def probe() -> bool:
        return shown(stage).get(f"Tekton / {name}") == SHOWN

    await polled(probe)
    return run


async def both_shown(stage: Stage, namespace: str, folder: Path) -> PlayedRun:
    """A PipelineRun of which a child that says something of its own is shown beside it."""
    recording = annotated("success", folder, "success-test", name="unit")
    run = await stage.player.start(recording, namespace=namespace, events=False)
    await run.to_end(until=before_end_of("success-test"))
    await until_shown(stage, {"Tekton / success": SHOWN, "unit": SHOWN})
    return run


async def test_children_with_copies_of_their_parents_annotations_cost_nothing(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    await stage.player.play("success", namespace=namespace, speed=1)
    await stage.reported(namespace)
    assert shown(stage) == {"Tekton / success": DONE}
    assert len(await stage.records(namespace)) == 1
    reads = stage.bed.audit(user=USER, verbs=["get"], resource="taskruns")
    assert [each for each in reads if each["objectRef"].get("namespace") == namespace] == []


async def test_a_child_with_an_annotation_of_its_own_is_shown_beside_its_parent(
    stage: Stage, controller: Controller, namespace: str, tmp_path: Path
) -> None:
    run = await both_shown(stage, namespace, tmp_path)
    await run.to_end()
    await stage.all_reported(namespace, 2)
    assert history(stage, "unit") == history(stage, "Tekton / success") == [SHOWN, DONE]
    kinds = {record["spec"]["runRef"]["kind"] for record in await stage.records(namespace)}
    assert kinds == {"PipelineRun", "TaskRun"}


async def test_a_restart_neither_ends_nor_repeats_the_check_of_such_a_child(
    stage: Stage, namespace: str, tmp_path: Path
) -> None:
    async with stage.controller():
        run = await both_shown(stage, namespace, tmp_path)
    async with stage.controller():
        await run.to_end(until=before_end_of("success"))
        await until_shown(stage, {"Tekton / success": SHOWN, "unit": DONE})
    async with stage.controller():
        await run.to_end()
        await stage.all_reported(namespace, 2)
    # After a restart, progress may be shown once more.
    for name in ("unit", "Tekton / success"):
        assert [state for state, _ in itertools.groupby(history(stage, name))] == [SHOWN, DONE]


async def test_such_a_child_that_began_and_ended_while_nobody_looked_is_shown(
    stage: Stage, namespace: str, tmp_path: Path
) -> None:
    recording = annotated("success", tmp_path, "success-build", name="unit")
    async with stage.controller():
        run = await stage.player.start(recording, namespace=namespace, events=False)
        await run.to_end(until=lambda step: step.name == "success-build")
        await until_shown(stage, {"Tekton / success": SHOWN})
    await run.to_end(until=before_end_of("success"))
    async with stage.controller():
        await until_shown(stage, {"Tekton / success": SHOWN, "unit": DONE})


async def test_the_check_of_such_a_child_that_is_deleted_is_concluded(
    stage: Stage, controller: Controller, namespace: str, tmp_path: Path
) -> None:
    run = await both_shown(stage, namespace, tmp_path)
    await stage.bed.request("DELETE", run.path, {"propagationPolicy": "Background"})
    cancelled = ("completed", "cancelled")
    await until_shown(stage, {"Tekton / success": cancelled, "unit": cancelled})


async def test_a_run_that_is_shown_and_then_becomes_a_child_is_left_to_its_parent(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    parent = await pipeline_run(stage, namespace, "build")
    late = await Made.create(stage.bed, Wanted(namespace=namespace, name="late"))
    await late.says("Unknown", "Running")
    await until_shown(stage, {"Tekton / build": SHOWN, "Tekton / late": SHOWN})
    await parent.lists(late)
    await late.patch({"metadata": {"ownerReferences": [{**parent.owner, "controller": True}]}})
    await until_shown(stage, {"Tekton / build": SHOWN, "Tekton / late": ("completed", "cancelled")})


async def test_a_child_that_cannot_be_read_hinders_nobody(stage: Stage, controller: Controller, namespace: str) -> None:
    parent = await pipeline_run(stage, namespace, "build")
    wanted = child_of(parent, "odd", asking(name="odd"), kind="CustomRun", spec={"customRef": {"kind": "A"}})
    odd = await Made.create(stage.bed, wanted)
    await odd.says("Unknown", "Running", retriesStatus="none")
    await parent.lists(odd)
    await odd.annotate(name="odder")
    good = await Made.create(stage.bed, child_of(parent, "good", asking(name="good")))
    await good.says("Unknown", "Running")
    await parent.lists(odd, good)
    await good.says("True", "Succeeded")
    await until_shown(stage, {"Tekton / build": SHOWN, "good": DONE})
    controller.child.check()


async def _answered_for(stage: Stage, namespace: str) -> None:
    """Children for which somebody answers, or did until just now."""

    async def seen() -> bool:
        return shown(stage).get("Tekton / plain") == SHOWN

    plain = await pipeline_run(stage, namespace, "plain")
    children = [await Made.create(stage.bed, child_of(plain, f"plain-{letter}", asking())) for letter in "abc"]
    await plain.lists(*children)
    await polled(seen)
    for child in children:
        await child.says("Unknown", "Running")
    withdrawn = await pipeline_run(stage, namespace, "withdrawn")
    child = await Made.create(stage.bed, child_of(withdrawn, "withdrawn-a", asking()))
    await withdrawn.lists(child)
    await child.says("Unknown", "Running")
    await withdrawn.annotate(owner=None, repo=None, sha=None)
    deleted = await pipeline_run(stage, namespace, "deleted")
    child = await Made.create(stage.bed, child_of(deleted, "deleted-a", asking()))
    await deleted.lists(child)
    await deleted.delete()


async def _looped(stage: Stage, namespace: str) -> None:
    """A custom task makes runs of its own, as loops do, and has no list for them."""
    parent = await pipeline_run(stage, namespace, "loop")
    loop = child_of(parent, "loop-each", asking(), kind="CustomRun", spec={"customRef": {"kind": "Loop"}})
    custom = await Made.create(stage.bed, loop)
    await parent.lists(custom)
    labels = {PARENT: "loop"}
    for name, marks in (("loop-1", labels), ("loop-2", {})):
        wanted = Wanted(namespace=namespace, name=name, labels=marks, owner=custom.owner)
        await Made.create(stage.bed, wanted)


async def _held(stage: Stage, namespace: str) -> Made:
    """A child of a deleted run that somebody's finalizer holds, as that of Tekton Chains."""
    parent = await Made.create(stage.bed, Wanted(namespace=namespace, kind="PipelineRun", name="gone"))
    held = await Made.create(stage.bed, child_of(parent, "held", asking(), finalizers=["chains.tekton.dev/x"]))
    await parent.lists(held)
    await parent.delete()

    async def probe() -> bool:
        return "deletionTimestamp" in (await stage.bed.request("GET", held.path))["metadata"]

    await polled(probe)
    return held


async def test_only_a_run_for_which_nobody_answers_is_shown_on_its_own_and_after_a_while(
    stage: Stage, namespace: str
) -> None:
    held = await _held(stage, namespace)
    async with stage.controller():
        await _looped(stage, namespace)
        await _answered_for(stage, namespace)
        other = await Made.create(stage.bed, Wanted(namespace=namespace, kind="PipelineRun", name="other"))
        began = time.monotonic()
        alone = [
            Wanted(namespace=namespace, name="forged", owner=NOBODY),
            Wanted(namespace=namespace, name="labelled", labels={PARENT: "other"}),
            child_of(other, "unlisted", asking()),
        ]
        for wanted in alone:
            run = await Made.create(stage.bed, wanted)
            await run.says("True", "Succeeded")
        done = {f"Tekton / {name}": DONE for name in ("forged", "labelled", "unlisted")}
        cancelled = {f"Tekton / {name}": ("completed", "cancelled") for name in ("withdrawn", "deleted")}
        going = {f"Tekton / {name}": SHOWN for name in ("plain", "loop")}
        await until_shown(stage, done | cancelled | going | {"Tekton / other": ("queued", None)})
        assert time.monotonic() - began > PATIENCE
        reads = stage.bed.audit(user=USER, verbs=["get"], resource="taskruns")
        read = {each["objectRef"]["name"] for each in reads if each["objectRef"].get("namespace") == namespace}
        assert not {name for name in read if name.startswith("plain-")}  # listed a moment after they were made
    await held.patch({"metadata": {"finalizers": None}})
