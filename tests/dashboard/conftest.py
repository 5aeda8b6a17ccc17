"""A real server with two agents at work, and a browser that looks at it."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from tests.dashboard.browser import Eyes, chromium
from tests.dashboard.threads import said
from tests.dashboard.topics import say, sitting, thread  # noqa: F401
from tests.live.servers import Rest, Server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("dashboard") / "home").start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def ann(served: Server) -> Rest:
    """An agent that uses Codex."""
    return served.agent("ann", harness="codex", role="implementer", capabilities=["code"])


@pytest.fixture(scope="module")
def ben(served: Server) -> Rest:
    """An agent that uses Claude Code."""
    return served.agent("ben", harness="claude-code", role="reviewer", capabilities=["review"])


@pytest.fixture
def eyes(browser: Browser, served: Server) -> Iterator[Eyes]:
    """A window that must have nothing to complain of at the end."""
    eyes = Eyes(browser, served.url)
    yield eyes
    problems = eyes.problems()
    eyes.close()
    assert problems == []


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on which seven agents seem to have worked for a hundred minutes."""
    server = Server(tmp_path_factory.mktemp("seeded") / "home")
    assert server.command("seed").returncode == 0
    yield server.start()
    server.close()


@pytest.fixture
def window(browser: Browser, seeded: Server) -> Iterator[Eyes]:
    """A window on the seeded server that must have nothing to complain of at the end."""
    eyes = Eyes(browser, seeded.url)
    yield eyes
    problems = eyes.problems()
    eyes.close()
    assert problems == []


@pytest.fixture
def opened(ann: Rest, ben: Rest) -> Callable[..., str]:
    """Return a function that opens a topic of ann and ben with some posts of ann."""

    def opened(name: str, count: int = 0) -> str:
        topic: str = ann.post("topics", name=name)["topic"]
        for each in (ann, ben):
            each.post("topics/join", topic=topic)
        for start in range(1, count + 1, 10):
            said(ann, topic, *(f"Post {number} of {name}." for number in range(start, min(count, start + 9) + 1)))
        return topic

    return opened
