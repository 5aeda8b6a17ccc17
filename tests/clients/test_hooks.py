"""What the model is told by the hooks that `nexus connect` writes: the digest at the start, then each thing once.

And where waking is asked for: mail that comes in a turn begins one more, and not two.
"""

import html

import pytest

from tests.clients.programs import claude_code, codex, copilot_cli, gemini_cli
from tests.clients.talks import TALKS

pytestmark = pytest.mark.slow

FREELY = ("--approval-mode", "yolo", "-m", "gemini-2.5-pro")
TRUSTED = ("--dangerously-bypass-hook-trust", "--dangerously-bypass-approvals-and-sandbox", "--skip-git-repo-check")


@pytest.mark.parametrize("harness", TALKS)
def test_its_model_is_told_at_the_start_and_once_at_the_next_prompt(ready, connected, model, write, harness):
    early = write("Early")

    def asked(words: str) -> str:
        """Return the first request that has these words of the user."""
        say(words)
        return next(str(request.texts) for request in model.asked if words in request.texts)

    with TALKS[harness](connected(harness)) as say:
        told = asked("Hello")
        assert told.count(early) == 1
        assert "not from your user" in html.unescape(told)
        meanwhile = write("Meanwhile")
        for words in ("Go on", "And so on"):
            told = asked(words)
            assert (told.count(early), told.count(meanwhile)) == (1, 1)


@pytest.fixture
def writes_once(model, write, monkeypatch):
    """Let bob write while the model thinks about its first answer; return the ids of what he wrote."""
    sent: list[str] = []
    answer = model.answer

    def thinking(request):
        if not sent and "Hello" in request.texts:
            sent.append(write("While you think"))
        return answer(request)

    monkeypatch.setattr(model, "answer", thinking)
    return sent


def check_one_more_turn(model, sent) -> None:
    """Check that what was written in the first turn began a second one, in which it is told once, and no third."""
    asked = [request for request in model.asked if "Hello" in request.texts]
    assert [request.texts.count(sent[0]) for request in asked] == [0, 1]
    assert sum(text.count(sent[0]) for kind, text in asked[1].said if kind == "text") == 1


def test_claude_code_takes_one_more_turn_for_mail(ready, connected, model, writes_once):
    connected("claude-code", "--wake").run(claude_code(), "-p", "Hello")
    check_one_more_turn(model, writes_once)


def test_codex_is_told_at_the_start_and_takes_one_more_turn_for_mail(ready, connected, model, write, writes_once):
    early = write("Early")
    connected("codex", "--wake").run(codex(), "exec", *TRUSTED, "Hello")
    assert model.asked[0].texts.count(early) == 1
    check_one_more_turn(model, writes_once)


def test_gemini_is_told_at_the_start_and_takes_one_more_turn_for_mail(ready, connected, model, write, writes_once):
    early = write("Early")
    connected("gemini", "--wake").run(gemini_cli(), *FREELY, "-p", "Hello")
    told = [request.texts for request in model.asked if early in request.texts]
    assert told[0].count(early) == 1
    check_one_more_turn(model, writes_once)


def test_copilot_is_told_at_the_start_and_takes_one_more_turn_for_mail(ready, connected, model, write, writes_once):
    early = write("Early")
    connected("copilot", "--wake").run(copilot_cli(), "-p", "Hello", "--allow-all-tools")
    assert model.asked[0].texts.count(early) == 1
    check_one_more_turn(model, writes_once)
