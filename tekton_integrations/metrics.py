"""Every metric, and nowhere else one. No label takes a value that users choose."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

registry = CollectorRegistry()
_PREFIX = "tekton_integrations"
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)

reports = Counter(
    f"{_PREFIX}_reports",
    "Ends of attempts to report a run.",
    ["integration", "outcome", "reason"],
    registry=registry,
)
first_report_seconds = Histogram(
    f"{_PREFIX}_first_report_seconds",
    "From a run's creation to the first acceptance of any of its states.",
    ["integration"],
    buckets=_BUCKETS,
    registry=registry,
)
report_seconds = Histogram(
    f"{_PREFIX}_report_seconds",
    "From a run's end to the acceptance of its final state.",
    ["integration"],
    buckets=_BUCKETS,
    registry=registry,
)
reconcile_seconds = Histogram(
    f"{_PREFIX}_reconcile_seconds",
    "Duration of one reconcile.",
    ["integration"],
    buckets=_BUCKETS,
    registry=registry,
)
skipped_runs = Counter(
    f"{_PREFIX}_skipped_runs",
    "Runs that are not reported on purpose.",
    ["integration", "reason"],
    registry=registry,
)
suppressed = Counter(
    f"{_PREFIX}_suppressed",
    "Runs that a Notification matched and that are not reported because of it.",
    ["integration", "reason"],
    registry=registry,
)
settled = Counter(
    f"{_PREFIX}_settled",
    "Remote objects of deleted runs that were concluded, or could not be.",
    ["integration", "outcome"],
    registry=registry,
)
record_writes = Counter(
    f"{_PREFIX}_record_writes",
    "Writes of IntegrationStatus objects.",
    ["integration", "verb"],
    registry=registry,
)
calls = Counter(f"{_PREFIX}_calls", "Calls to services, whatever came of them.", ["integration"], registry=registry)
queue_depth = Gauge(f"{_PREFIX}_queue_depth", "Names waiting for a worker.", ["integration"], registry=registry)
queue_oldest = Gauge(
    f"{_PREFIX}_queue_oldest_seconds",
    "For how long the name has been due that has waited for a worker longest; 0 when none waits.",
    ["integration"],
    registry=registry,
)
queue_parked = Gauge(
    f"{_PREFIX}_queue_parked",
    "Names waiting for a quota, or for a host that is down.",
    ["integration"],
    registry=registry,
)
throttled_until = Gauge(
    f"{_PREFIX}_throttled_until_timestamp_seconds",
    "When the last block by a service ends, in seconds since the epoch; 0 when there is none.",
    ["integration"],
    registry=registry,
)
quota_left = Gauge(
    f"{_PREFIX}_quota_left_ratio",
    "What is left of a service's own count of calls, where it is least; 1 when no service counts.",
    ["integration"],
    registry=registry,
)
loop_lag = Histogram(
    f"{_PREFIX}_loop_lag_seconds",
    "How late the event loop takes up what is due: high when something holds it up, or the CPU is short.",
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
    registry=registry,
)
asyncio_tasks = Gauge(
    f"{_PREFIX}_asyncio_tasks", "Tasks of the event loop: they come and go with the work.", registry=registry
)
allocated_blocks = Gauge(
    f"{_PREFIX}_allocated_blocks",
    "Pieces of memory that Python's objects hold: unlike the process's memory they go down again.",
    registry=registry,
)
lease_held = Gauge(
    f"{_PREFIX}_lease_held",
    "1 while this process is the one that works the integration.",
    ["integration"],
    registry=registry,
)
settled_records = Gauge(f"{_PREFIX}_settled_records", "Records that say that all is done.", registry=registry)
watch_restarts = Counter(
    f"{_PREFIX}_watch_restarts", "Watches that had to be opened again.", ["kind", "cause"], registry=registry
)
cached_objects = Gauge(f"{_PREFIX}_cached_objects", "Objects in the cache.", ["kind"], registry=registry)


def begin(integration: str) -> None:
    """From now on it is told that it has neither done nor got anything yet."""
    lease_held.labels(integration).set(0)
    for histogram in (first_report_seconds, report_seconds):
        histogram.labels(integration)
