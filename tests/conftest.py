"""The cast: alice (codex, present), bob (claude, can review), carol (stale), mallory (elsewhere) and the operator.

Tests that use it are rolled back; those that also use `committed` really commit, so that the writer lane, reader threads
and the tail can be used.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from sqlite3 import connect
from typing import Any

import pytest
from django.db import connections
from django.test.utils import setup_databases, teardown_databases

from bus import clock, deadlines, door, identity, pairs, people, presence
from bus.directory import WorkspaceEntry, directory
from bus.errors import Refusal
from bus.identity import Caller
from bus.models import Agent
from bus.schemas.base import Answer
from bus.writer import lane
from tests import profiles  # noqa: F401
from tests.figures import figures

SURFACE = "test"
STALE_FOR = timedelta(minutes=10)


STARTED = datetime.now(UTC).isoformat(timespec="seconds")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures of this run."""
    measured = figures(STARTED)
    if measured:
        terminalreporter.section("figures")
    for each in measured:
        terminalreporter.write_line(f"{each.promise:<4} {each.what}: {each.value}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Roll back every test that uses the cast, unless it uses `committed`; give it both databases."""
    for item in items:
        names = set(getattr(item, "fixturenames", ()))
        if names & {"db", "store"} and "committed" not in names and item.get_closest_marker("django_db") is None:
            item.add_marker(pytest.mark.django_db(databases=["default", "queue"]))


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_modify_db_settings: None, django_db_blocker: Any
) -> Iterator[None]:
    """Make both databases by their migrations, once a run."""
    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False, serialized_aliases=set())
    yield
    with django_db_blocker.unblock():
        lane.close()
        teardown_databases(made, verbosity=0)


@pytest.fixture(scope="session")
def pristine(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with copies of the databases as the migrations leave them."""
    folder = tmp_path_factory.mktemp("pristine")
    with django_db_blocker.unblock():
        for alias in connections:
            _copy(_file(alias), folder / alias)
    return folder


@pytest.fixture
def committed(pristine: Path, django_db_blocker: Any) -> Iterator[None]:
    """Commit for real; the databases are put back afterwards."""
    with django_db_blocker.unblock():
        yield
        lane.run(lambda: None)
        connections.close_all()
        for alias in connections:
            _copy(pristine / alias, _file(alias))


def _file(alias: str) -> Path:
    return Path(connections[alias].settings_dict["NAME"])


def _copy(source: Path, target: Path) -> None:
    """Put one database in the place of another, also where threads have it open."""
    with closing(connect(source)) as old, closing(connect(target)) as new:
        old.backup(new)


@pytest.fixture
def store(request: pytest.FixtureRequest) -> None:
    """Use the database, rolled back or committed as the test asks."""
    if "committed" in request.fixturenames:
        request.getfixturevalue("committed")


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    """Forget between tests what a process remembers between calls."""
    _forget()
    yield
    _forget()


def _forget() -> None:
    directory.forget_all()
    for memory in (deadlines._noted, presence._seen, presence._written, presence._held, pairs._sent, pairs._told):
        memory.clear()


@pytest.fixture
def settle(store: None, tmp_path: Path) -> Callable[[str], WorkspaceEntry]:
    """Return a function that makes a repository and its workspace."""

    def settle(name: str) -> WorkspaceEntry:
        root = tmp_path / name
        (root / ".git").mkdir(parents=True)
        row = door.run_work(lambda: people.create_workspace(identity.system(SURFACE), str(root)))
        return directory.workspace_by_id(row.pk)

    return settle


@pytest.fixture
def workspace(settle: Callable[[str], WorkspaceEntry]) -> WorkspaceEntry:
    """The workspace `atlas`, where everybody but mallory works."""
    return settle("atlas")


@pytest.fixture
def operator(workspace: WorkspaceEntry) -> Caller:
    """The person at the loopback, looking at `atlas`."""
    return identity.operator(SURFACE)


@pytest.fixture
def keys() -> dict[str, str]:
    """The text of each agent's first key, by name, for tests that come through a surface."""
    return {}


@pytest.fixture
def behind() -> Callable[[str], Caller]:
    """Return a function that returns the caller behind the text of a key."""

    def behind(text: str) -> Caller:
        key = directory.key(text)
        assert key is not None, "the key opens nothing"
        return identity.from_key(key, SURFACE)

    return behind


@pytest.fixture
def enrol(
    operator: Caller, workspace: WorkspaceEntry, keys: dict[str, str], behind: Callable[[str], Caller]
) -> Callable[..., Caller]:
    """Return a function that enrols an agent, last heard `quiet` ago, and returns it as a caller."""

    def enrol(
        name: str, home: WorkspaceEntry = workspace, *, quiet: timedelta | None = timedelta(0), **profile: Any
    ) -> Caller:
        created = door.run("agent_create", operator, {"name": name, "workspace": home.public_id, **profile})
        keys[name] = created.key
        if quiet is not None:
            heard = clock.now() - quiet
            state = presence.of(heard, None, clock.now())
            Agent.objects.filter(name=name).update(last_seen_at=heard, presence=state)
        return behind(created.key)

    return enrol


@pytest.fixture
def alice(enrol: Callable[..., Caller]) -> Caller:
    """A present agent in Codex."""
    return enrol("alice", harness="codex")


@pytest.fixture
def bob(enrol: Callable[..., Caller]) -> Caller:
    """A present agent in Claude Code that can review."""
    return enrol("bob", harness="claude-code", capabilities=["review"])


@pytest.fixture
def carol(enrol: Callable[..., Caller]) -> Caller:
    """An agent that was not heard for ten minutes."""
    return enrol("carol", quiet=STALE_FOR)


@pytest.fixture
def mallory(enrol: Callable[..., Caller], settle: Callable[[str], WorkspaceEntry]) -> Caller:
    """A present agent of another workspace."""
    return enrol("mallory", settle("elsewhere"))


def _fresh(caller: Caller) -> Caller:
    """Return the caller as a surface would make it for its next call; a later `now` stays."""
    now = max(caller.now, clock.now())
    if caller.key is None:
        return replace(caller, agent=directory.agent(caller.agent.id), now=now)
    session = caller.session.public_id if caller.session else ""
    return replace(identity.from_key(caller.key, caller.surface, caller.address, session=session), now=now)


@pytest.fixture
def do(store: None) -> Callable[..., Any]:
    """Return a function that makes one call through the door and returns its answer."""

    def do(name: str, caller: Caller, /, **arguments: Any) -> Any:
        return door.run(name, _fresh(caller), arguments)

    return do


@pytest.fixture
def attempt(do: Callable[..., Any]) -> Callable[..., Any]:
    """Return `do` for calls that may be refused: it returns the refusal instead of raising it."""

    def attempt(name: str, caller: Caller, /, **arguments: Any) -> Any:
        try:
            return do(name, caller, **arguments)
        except Refusal as refusal:
            return refusal

    return attempt


@pytest.fixture
def later() -> Callable[[Caller, float], Caller]:
    """Return a function that moves a caller's clock on."""

    def later(caller: Caller, seconds: float) -> Caller:
        return replace(caller, now=max(caller.now, clock.now()) + timedelta(seconds=seconds))

    return later


@pytest.fixture
def assert_refused() -> Callable[..., dict[str, Any]]:
    """Return a function that asserts the one error shape with a code, and returns what is in it."""

    def assert_refused(answer: Any, code: str) -> dict[str, Any]:
        assert not isinstance(answer, Answer), f"expected {code}, got {answer.json_text()}"
        shape = answer.shape() if isinstance(answer, Refusal) else answer
        error: dict[str, Any] = shape["error"]
        assert error["code"] == code, error
        assert error["message"]
        assert error["hint"]
        assert set(error) - {"retry_after"} == {"code", "message", "details", "hint"}
        return error

    return assert_refused
