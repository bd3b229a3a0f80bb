"""Settings for random tests: a busy machine is no failure."""

from hypothesis import HealthCheck, settings

calmly = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
