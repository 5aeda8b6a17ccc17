"""How many examples a test takes of what the profile allows."""

from hypothesis import HealthCheck, settings

__all__ = ["part"]

UNMINDED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much]


def part(of: float) -> settings:
    """Return settings for a share of the profile's examples: there are many operations, and a server behind them."""
    return settings(max_examples=max(1, int(settings().max_examples * of)), suppress_health_check=UNMINDED)
