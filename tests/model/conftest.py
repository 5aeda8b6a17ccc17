"""A stage that really commits."""

from datetime import timedelta

import pytest

from bus import clock
from bus.models import Agent
from tests.model.stage import AGENTS, Stage


@pytest.fixture
def stage(committed, enrol, operator, tmp_path):
    """Four agents that are heard all the time, and the operator."""
    callers = {name: enrol(name, capabilities=sorted(able)) for name, able in AGENTS.items()}
    Agent.objects.update(connected_until=clock.now() + timedelta(days=99))
    folder = tmp_path / "begin"
    folder.mkdir()
    return Stage(callers, operator, folder)
