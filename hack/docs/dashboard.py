"""A dashboard for Grafana, made from the questions that people ask: manifests/monitoring/dashboard.json."""

import json
from typing import Any, NamedTuple

_WIDE, _HIGH = 12, 8
_HOUR, _QUARTER = 3600, 900


def _counted(counter: str, window: int = _HOUR, *, matching: str = "") -> str:
    """How often in the last `window` seconds, or so. increase() leaves out with what a counter begins, and one with
    labels begins with 1: one that is younger than the window is taken as it is."""
    name, of = f"tekton_integrations_{counter}", f"tekton_integrations_{counter}_total{matching}"
    return f"({of} and {name}_created > time() - {window}) or increase({of}[{window // 60}m])"


def _quantile(share: float, histogram: str, by: str = "integration") -> str:
    """How much at most, for that share of what was observed in the last five minutes."""
    rates = f"sum by ({by}, le) (rate(tekton_integrations_{histogram}_bucket[5m]))"
    return f"histogram_quantile({share}, {rates})"


def _by_reason(counter: str, matching: str = "") -> str:
    return f"sum by (integration, reason) ({_counted(counter, matching=matching)})"


def _for_each_run(counter: str) -> str:
    """By the runs whose end was shown."""
    ended = _counted("reports", matching='{outcome="accepted", reason="Reported"}')
    return f"sum by (integration) ({_counted(counter)}) / (sum by (integration) ({ended}) > 0)"


class Query(NamedTuple):
    """In PromQL; `legend` may name labels: {{integration}}."""

    text: str
    legend: str


class Panel(NamedTuple):
    """`unit`: one of Grafana's."""

    title: str
    unit: str
    queries: tuple[Query, ...]


PANELS = (
    Panel(
        "How long after its creation is a run first shown?",
        "s",
        (
            Query(_quantile(0.5, "first_report_seconds"), "{{integration}}, half of them"),
            Query(_quantile(0.99, "first_report_seconds"), "{{integration}}, 99 of 100"),
        ),
    ),
    Panel(
        "How long after its end is a run's end shown?",
        "s",
        (
            Query(_quantile(0.5, "report_seconds"), "{{integration}}, half of them"),
            Query(_quantile(0.99, "report_seconds"), "{{integration}}, 99 of 100"),
        ),
    ),
    Panel(
        "What becomes of reports? (an hour)",
        "short",
        (Query(f"sum by (integration, outcome) ({_counted('reports')})", "{{integration}}: {{outcome}}"),),
    ),
    Panel(
        "What was given up, and why? (an hour)",
        "short",
        (Query(_by_reason("reports", '{outcome="given_up"}'), "{{integration}}: {{reason}}"),),
    ),
    Panel(
        "What is tried again, and why? (an hour)",
        "short",
        (Query(_by_reason("reports", '{outcome="retried"}'), "{{integration}}: {{reason}}"),),
    ),
    Panel(
        "Which runs are left out on purpose? (an hour)",
        "short",
        (
            Query(_by_reason("skipped_runs"), "{{integration}}: {{reason}}"),
            Query(_by_reason("suppressed"), "{{integration}}, a Notification: {{reason}}"),
        ),
    ),
    Panel(
        "How much waits?",
        "short",
        (
            Query("sum by (integration) (tekton_integrations_queue_depth)", "{{integration}}: for a worker"),
            Query("sum by (integration) (tekton_integrations_queue_parked)", "{{integration}}: for a quota or a host"),
        ),
    ),
    Panel(
        "How long has the oldest waited for a worker?",
        "s",
        (Query("max by (integration) (tekton_integrations_queue_oldest_seconds)", "{{integration}}"),),
    ),
    Panel(
        "How much of the quota is left, where it is least?",
        "percentunit",
        (Query("min by (integration) (tekton_integrations_quota_left_ratio)", "{{integration}}"),),
    ),
    Panel(
        "How long is a service still to be left alone?",
        "s",
        (
            Query(
                "clamp_min(max by (integration) (tekton_integrations_throttled_until_timestamp_seconds) - time(), 0)",
                "{{integration}}",
            ),
        ),
    ),
    Panel(
        "What does a run cost? (an hour)",
        "short",
        (
            Query(_for_each_run("calls"), "{{integration}}: calls"),
            Query(_for_each_run("record_writes"), "{{integration}}: writes of its record"),
        ),
    ),
    Panel(
        "How long does a worker look at a run?",
        "s",
        (Query(_quantile(0.99, "reconcile_seconds"), "{{integration}}, 99 of 100"),),
    ),
    Panel(
        "What became of what deleted runs had left open? (an hour)",
        "short",
        (Query(f"sum by (integration, outcome) ({_counted('settled')})", "{{integration}}: {{outcome}}"),),
    ),
    Panel(
        "Which pod works what?",
        "short",
        (Query("sum by (integration, pod) (tekton_integrations_lease_held)", "{{integration}}: {{pod}}"),),
    ),
    Panel(
        "Which watches had to be opened again? (15 minutes)",
        "short",
        (Query(f"sum by (kind, cause) ({_counted('watch_restarts', _QUARTER)})", "{{kind}}: {{cause}}"),),
    ),
    Panel(
        "How many objects are cached?",
        "short",
        (
            Query("max by (kind) (tekton_integrations_cached_objects)", "{{kind}}"),
            Query("max(tekton_integrations_settled_records)", "records that are done, by name only"),
        ),
    ),
    Panel(
        "Is the event loop held up?",
        "s",
        (Query(_quantile(0.99, "loop_lag_seconds", by="pod"), "{{pod}}"),),
    ),
    Panel(
        "How many tasks does the event loop keep?",
        "short",
        (Query("max by (pod) (tekton_integrations_asyncio_tasks)", "{{pod}}"),),
    ),
    Panel(
        "How many pieces of memory do Python's objects hold?",
        "short",
        (Query("max by (pod) (tekton_integrations_allocated_blocks)", "{{pod}}"),),
    ),
)


def dashboard() -> str:
    """The whole file."""
    source = {"type": "datasource", "name": "datasource", "label": "Prometheus", "query": "prometheus"}
    content = {
        "uid": "tekton-integrations",
        "title": "Tekton Integrations",
        "tags": ["tekton"],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [source]},
        "panels": [_panel(number, panel) for number, panel in enumerate(PANELS)],
    }
    return json.dumps(content, indent=2) + "\n"


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    row, column = divmod(number, 2)
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "gridPos": {"x": column * _WIDE, "y": row * _HIGH, "w": _WIDE, "h": _HIGH},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + at), "expr": query.text, "legendFormat": query.legend}
            for at, query in enumerate(panel.queries)
        ],
    }
