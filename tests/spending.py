"""A quota of which little is left."""

from tekton_integrations import Cost, Quota


def spend(quota: Quota, cost: Cost, left: int = 0) -> None:
    """Until only so many such calls may go."""
    while quota.openings(cost) > left:
        quota.take(cost)
