"""The official conformance suite finds nothing wrong: with the transport, under a fixture, and with Nexus itself."""

import sys

import pytest

from tests.conformance import suite

pytestmark = pytest.mark.slow

HANDSHAKE, MODERN = "2025-11-25", "2026-07-28"
# What the suite can see of Nexus itself; the other scenarios call tools, resources and prompts of a fixture.
OURS = {
    HANDSHAKE: [
        "dns-rebinding-protection",
        "ping",
        "server-initialize",
        "server-session-lifecycle",
        "server-sse-multiple-streams",
        "tools-list",
    ],
    MODERN: [
        "caching",
        "dns-rebinding-protection",
        "http-header-validation",
        "input-required-result-unsupported-methods",
        "resources-list",
        "sep-2164-resource-not-found",
        "server-sse-multiple-streams",
        "server-stateless",
        "tools-list",
    ],
}
# In these scenarios the checks that ask for a tool of the fixture, or for lists that Nexus does not have.
NOT_OURS = {
    HANDSHAKE: set(),
    MODERN: {
        "server-stateless: sep-2575-missing-capability-http-400",
        "server-stateless: sep-2575-server-rejects-undeclared-capability",
    },
}


@pytest.fixture
def say(capsys):
    """Return a function that prints a line whatever is captured."""

    def say(line: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{line}\n")

    return say


@pytest.mark.parametrize("requirements", [HANDSHAKE, MODERN])
def test_transport_meets_every_requirement(tmp_path, say, requirements):
    with suite.serving("fixture", tmp_path) as url:
        found = suite.run(url, requirements, tmp_path / "results")
    say(f"{requirements}, transport: {found.summary(*found.scored)}")
    assert len(found.scored) >= 30
    assert set(found.scored) <= found.checks.keys(), found.output
    assert found.wanting(*found.scored) == {}
    assert [scenario for scenario in found.scored if not found.passed(scenario)] == []
    assert found.code == 0, found.output


@pytest.mark.parametrize("requirements", [HANDSHAKE, MODERN])
def test_nexus_meets_what_applies_to_it(tmp_path, say, requirements):
    with suite.serving("nexus", tmp_path) as url:
        found = suite.run(url, requirements, tmp_path / "results")
    say(f"{requirements}, Nexus: {found.summary(*OURS[requirements])}")
    fine = suite.FINE | {"SKIPPED"}  # what Nexus does not advertise is skipped
    assert found.wanting(*OURS[requirements], fine=fine).keys() == NOT_OURS[requirements]
    assert [scenario for scenario in OURS[requirements] if not found.passed(scenario)] == []
