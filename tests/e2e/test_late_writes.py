"""Calls that take effect at GitHub after we have given them up: nothing is doubled, nothing is brought back."""

import pytest

from tests.e2e.aftermath import CREATE, LIST, all_settled
from tests.e2e.stage import REPOSITORY, Stage
from tests.fakes.github import LaggingList, LateWrite


async def test_a_write_that_lands_after_the_client_gave_up_is_adopted_not_doubled(stage: Stage, namespace: str) -> None:
    stage.github.faults.add(CREATE, LateWrite(12), times=1)
    stage.github.faults.add(LIST, LaggingList(3), times=None)
    async with stage.controller():
        await stage.player.play("success", namespace=namespace, speed=1)
        record = await stage.until_record(namespace, lambda r: r["status"]["conditions"][0]["reason"] == "MaybeSent")
        assert record["status"]["intent"]["deadline"]
        await stage.reported(namespace, seconds=60)
    checks = stage.github.check_runs(REPOSITORY, "3f786850e387550fdab836ed7e6dc881de23001b")
    assert [check.conclusion for check in checks] == ["success"]


@pytest.mark.long
async def test_a_write_that_lands_after_we_made_another_leaves_one_right_and_one_concluded(
    stage: Stage, namespace: str
) -> None:
    # Later than any client timeout and the quarantine together: two check runs come to be.
    stage.github.faults.add(CREATE, LateWrite(36), times=1)
    async with stage.controller():
        await stage.player.play("success", namespace=namespace, speed=1)
        await all_settled(stage, namespace, 1)
    await stage.github.late_writes()
    checks = stage.checks()
    assert len(checks) == 2
    assert checks[-1].conclusion == "success"
    assert all(check.status == "completed" for check in checks)


@pytest.mark.long
async def test_after_an_update_was_cut_the_check_is_looked_at_once_more(stage: Stage, namespace: str) -> None:
    # Landing late, the cut update could bring "in progress" back over the result.
    stage.github.faults.add("^PATCH /repos/acme/api/check-runs/", LateWrite(6), times=1)
    async with stage.controller():
        await stage.player.play("success", namespace=namespace, speed=1)
        record = await stage.reported(namespace)
        assert record["status"]["verifyTime"]
        await stage.github.late_writes()
        await all_settled(stage, namespace, 1)
    [check] = stage.checks()
    assert (check.conclusion, check.history[-1].body["conclusion"]) == ("success", "success")
