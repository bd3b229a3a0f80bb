"""A dashboard for Grafana, made from the questions that people ask: manifests/monitoring/dashboard.json."""

import json
from typing import Any, NamedTuple

_WIDE, _HIGH = 12, 8
_REPORTS = "tekton_integrations_reports_total"
_LATE = "sum by (integration, le) (rate(tekton_integrations_report_seconds_bucket[5m]))"


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
        "How long after its end is a run's end shown?",
        "s",
        (
            Query(f"histogram_quantile(0.5, {_LATE})", "{{integration}}, half of them"),
            Query(f"histogram_quantile(0.99, {_LATE})", "{{integration}}, 99 of 100"),
        ),
    ),
    Panel(
        "What becomes of reports?",
        "ops",
        (Query(f"sum by (integration, outcome) (rate({_REPORTS}[5m]))", "{{integration}}: {{outcome}}"),),
    ),
    Panel(
        "What was given up, and why? (an hour)",
        "short",
        (
            Query(
                f'sum by (integration, reason) (increase({_REPORTS}{{outcome="given_up"}}[1h]))',
                "{{integration}}: {{reason}}",
            ),
        ),
    ),
    Panel(
        "What is tried again, and why? (an hour)",
        "short",
        (
            Query(
                f'sum by (integration, reason) (increase({_REPORTS}{{outcome="retried"}}[1h]))',
                "{{integration}}: {{reason}}",
            ),
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
        "How many calls does a run cost?",
        "short",
        (
            Query(
                "sum by (integration) (rate(tekton_integrations_calls_total[15m])) / "
                f'sum by (integration) (rate({_REPORTS}{{outcome="accepted", reason="Reported"}}[15m]))',
                "{{integration}}",
            ),
        ),
    ),
    Panel(
        "Which pod works what?",
        "short",
        (Query("sum by (integration, pod) (tekton_integrations_lease_held)", "{{integration}}: {{pod}}"),),
    ),
    Panel(
        "Which watches had to be opened again? (15 minutes)",
        "short",
        (
            Query(
                "sum by (kind, cause) (increase(tekton_integrations_watch_restarts_total[15m]))", "{{kind}}: {{cause}}"
            ),
        ),
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
        (
            Query(
                "histogram_quantile(0.99, sum by (pod, le) (rate(tekton_integrations_loop_lag_seconds_bucket[5m])))",
                "{{pod}}",
            ),
        ),
    ),
    Panel(
        "Which runs are left out on purpose? (an hour)",
        "short",
        (
            Query(
                "sum by (integration, reason) (increase(tekton_integrations_skipped_runs_total[1h]))",
                "{{integration}}: {{reason}}",
            ),
            Query(
                "sum by (integration, reason) (increase(tekton_integrations_suppressed_total[1h]))",
                "{{integration}}, a Notification: {{reason}}",
            ),
        ),
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
