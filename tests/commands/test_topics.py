"""`nexus topic` against a running server, and on the database alone."""

import json
import os
import pty
import subprocess
import sys
from contextlib import contextmanager

import pytest

from tests.serving.processes import environment, nexus

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ask(person):
    """Return a function by which an agent posts JSON to a route."""
    key = person.agent("ann")
    return lambda path, **order: person.server.ask(f"/api/v1/{path}", order, Authorization=f"Bearer {key}")


@pytest.fixture(scope="module")
def topic(ask):
    """Return the id of a topic in which the agent has posted twice."""
    topic = ask("topics", name="api")["topic"]
    ask("topics/join", topic=topic, peer="red")
    metadata = {"ticket": 7}
    question = {"body": "Ready?\nTell me.", "kind": "question", "metadata": metadata}
    sent = ask(f"topics/{topic}/sync", outbox=[question], timeout_seconds=0)["sent"][0]
    answer = {"body": "\x1b[31mYes.", "reply_to": sent["message"]}
    ask(f"topics/{topic}/sync", outbox=[answer], timeout_seconds=0)
    return topic


def test_topics_are_listed_shown_and_found_by_name_and_id(person, topic):
    (row,) = person.json("topic", "list", "--query", "api")["topics"]
    assert (row["topic"], row["name"], row["posts"]) == (topic, "api", 2)
    assert person.nexus("topic", "list", "--query", "api").stdout.splitlines()[1].split()[:3] == [topic, "open", "2"]
    assert person.json("topic", "list", "--state", "closed", "--query", "api") == {"topics": []}
    shown = person.nexus("topic", "show", "api").stdout
    assert f"api ({topic}), open, 2 posts\n" in shown
    assert "red (question)\n       Ready?\n       Tell me.\n" in shown
    assert "\x1b" not in shown
    assert [post["seq"] for post in person.json("topic", "show", topic, "-n", "1")["newest"]] == [2]
    unknown = person.nexus("topic", "show", "no such")
    assert (unknown.returncode, "nexus topic list" in unknown.stderr) == (1, True)
    assert "in the workspace of shop." in unknown.stderr


def test_a_topic_that_is_not_there_is_looked_for_in_the_workspace_that_was_named(person, topic):
    for named in ("shop", "../shop"):
        unknown = person.nexus("topic", "show", "nope", "--workspace", named)
        assert unknown.stderr.splitlines() == [
            f"nexus: There is no topic named 'nope' in the workspace {named}.",
            f"nexus topic list --state all --workspace {named}",
        ]


def test_a_topic_whose_name_looks_like_an_id_is_found_too(person, ask):
    for name in ("top_secret", "top_" + "s" * 80):
        topic = ask("topics", name=name)["topic"]
        assert person.json("topic", "show", name)["topic"] == topic
        assert f"# {name}\n" in person.nexus("topic", "export", name).stdout
    unknown = person.nexus("topic", "show", "top_none")
    assert (unknown.returncode, "nexus topic list" in unknown.stderr) == (1, True)


def test_as_many_posts_are_shown_as_were_asked_for(person, ask):
    topic = ask("topics", name="long")["topic"]
    ask("topics/join", topic=topic)
    for _ in range(6):
        ask(f"topics/{topic}/sync", outbox=[{"body": "x" * 500}] * 50, timeout_seconds=0)

    def shown(*words):
        return [post["seq"] for post in person.json("topic", "show", "long", *words)["newest"]]

    def watched(*words):
        lines = person.nexus("topic", "watch", "long", "--no-follow", "--json", *words).stdout.splitlines()
        return [json.loads(line)["seq"] for line in lines]

    for read in (shown, watched):
        assert read("-n", "250") == [*range(51, 301)]
        assert read("-n", "400") == [*range(1, 301)]
        assert read("-n", "1") == [300]
    assert watched("-n", "0") == []


@pytest.mark.parametrize(
    "words",
    [("show", "api", "-n", "0"), ("show", "api", "-n", "-5"), ("watch", "api", "-n", "-1"), ("list", "--limit", "0")],
)
def test_a_number_of_which_nothing_can_come_is_a_wrong_usage(person, topic, words):
    refused = person.nexus("topic", *words)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "must be a whole number, at least" in refused.stderr


def test_export_writes_markdown_and_json(person, topic, tmp_path):
    file = tmp_path / "api.md"
    assert person.nexus("topic", "export", "api", "-o", str(file)).returncode == 0
    text = file.read_text()
    assert text.startswith(f"# api\n\nTopic `{topic}`, opened ")
    assert "\n## 1. red\n\nquestion, " in text
    assert "\n\nReady?\nTell me.\n" in text
    assert "ticket" not in text
    assert '"ticket": 7' in person.nexus("topic", "export", "api", "--include-metadata").stdout
    found = json.loads(person.nexus("topic", "export", "api", "--format", "json", "--after", "1").stdout)
    assert (found["name"], found["count"], [post["seq"] for post in found["posts"]]) == ("api", 1, [2])
    whole = person.json("topic", "export", "api", "--include-metadata")
    assert whole["posts"][0]["metadata"] == {"ticket": 7}
    assert person.nexus("topic", "export", "api", "-o", str(tmp_path)).returncode == 2


def on_a_terminal(person, *words):
    """Return what a command prints where its output is a terminal."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-P", "-m", "nexus_site.cli", *words]
    with subprocess.Popen(command, cwd=person.shop, env=person.environment, stdout=theirs) as process:
        os.close(theirs)
        said = b""
        try:
            while part := os.read(ours, 65_536):
                said += part
        except OSError:  # the other end is closed
            os.close(ours)
    assert process.returncode == 0
    return said.decode()


def test_an_export_is_what_was_posted_wherever_it_goes_but_a_terminal(person, ask, tmp_path):
    topic, body = ask("topics", name="odd")["topic"], "a\x0cb\x85c\u2028d\r\ne\tf\x1b[31mg\n\nh"
    ask("topics/join", topic=topic)
    ask(f"topics/{topic}/sync", outbox=[{"body": body}], timeout_seconds=0)
    for more in ((), ("--format", "json")):
        with (tmp_path / "a").open("wb") as file:
            command = [sys.executable, "-P", "-m", "nexus_site.cli", "topic", "export", "odd", *more]
            environment = person.environment | {"PYTHONIOENCODING": "latin-1"}
            subprocess.run(command, cwd=person.shop, env=environment, stdout=file, check=True)
        assert person.nexus("topic", "export", "odd", *more, "-o", str(tmp_path / "b")).returncode == 0
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert json.loads((tmp_path / "a").read_text())["posts"][0]["body"] == body
    assert person.nexus("topic", "export", "odd", "-o", str(tmp_path / "b")).returncode == 0
    assert f"\n\n{body}\n" in (tmp_path / "b").read_bytes().decode()
    shown = on_a_terminal(person, "topic", "export", "odd")
    assert r"a\x0cb\x85c\u2028d" + "\r\n" + r"e\tf\x1b[31mg" + "\r\n\r\nh\r\n" in shown


def test_presence_says_who_was_heard(person, topic):
    day = ("--window", "86400")
    (peer,) = person.json("topic", "presence", "api", *day)["peers"]
    assert (peer["peer"], peer["agent"], peer["seq"]) == ("red", "ann", 2)
    assert person.nexus("topic", "presence", "api", *day).stdout.splitlines()[1].split()[:3] == ["red", "ann", "2"]


@contextmanager
def watching(person, *words):
    """Run `nexus topic watch` and give what reads its next line."""
    command = [sys.executable, "-P", "-m", "nexus_site.cli", "topic", "watch", *words]
    process = subprocess.Popen(command, cwd=person.shop, env=person.environment, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_watch_follows_until_the_topic_is_closed(person, ask):
    topic = ask("topics", name="live")["topic"]
    ask("topics/join", topic=topic)
    ask(f"topics/{topic}/sync", outbox=[{"body": "one"}], timeout_seconds=0)
    with watching(person, "live", "--json") as process:
        assert json.loads(process.stdout.readline())["body"] == "one"
        ask(f"topics/{topic}/sync", outbox=[{"body": "two"}, {"body": "three"}], timeout_seconds=0)
        assert [json.loads(process.stdout.readline())["body"] for _ in range(2)] == ["two", "three"]
        assert person.nexus("topic", "close", "live", "--reason", "done").returncode == 0
        assert process.wait(60) == 0
    assert "three" in person.nexus("topic", "watch", topic, "-n", "1").stdout


def test_topics_are_kept(person, ask):
    topic = ask("topics", name="old")["topic"]
    ask("topics/join", topic=topic, peer="lost")
    assert "now called new" in person.nexus("topic", "rename", "old", "new").stdout
    assert "lost is free" in person.nexus("topic", "release", "new", "lost").stdout
    assert person.nexus("topic", "archive", "new").returncode == 1
    assert person.json("topic", "close", "new", "--reason", "done")["close_reason"] == "done"
    assert "closed already" in person.nexus("topic", "close", "new").stdout
    assert person.nexus("topic", "archive", "new").returncode == 0
    assert topic not in person.nexus("topic", "list", "--state", "all").stdout
    assert topic in person.nexus("topic", "list", "--state", "all", "--archived").stdout
    assert person.nexus("topic", "archive", topic, "--undo").returncode == 0
    assert person.nexus("topic", "delete", "new", "--confirm", "old").returncode == 1
    assert "0 posts are gone" in person.nexus("topic", "delete", "new", "--confirm", "new").stdout
    assert person.nexus("topic", "show", topic).returncode == 1


def test_no_server_is_needed(tmp_path):
    home, shop = tmp_path / "home", tmp_path / "shop"
    shop.mkdir()
    made = nexus(home, "agent", "add", "ann", "--json", cwd=shop)
    as_ann = {"cwd": shop, "NEXUS_KEY": json.loads(made.stdout)["key"]}
    topic = json.loads(nexus(home, "call", "topic_create", "name=api", **as_ann).stdout)["topic"]
    nexus(home, "call", "topic_join", f"topic={topic}", **as_ann)
    post = ("call", "topic_sync", f"topic={topic}", "timeout_seconds=0")
    assert nexus(home, *post, 'outbox=[{"body": "one"}]', **as_ann).returncode == 0
    command = [sys.executable, "-P", "-m", "nexus_site.cli", "topic", "watch", "api", "--json"]
    settings = {"cwd": shop, "env": environment(home), "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **settings) as process:
        assert json.loads(process.stdout.readline())["body"] == "one"
        assert nexus(home, *post, 'outbox=[{"body": "two"}]', **as_ann).returncode == 0
        assert json.loads(process.stdout.readline())["body"] == "two"
        assert nexus(home, "topic", "close", "api", cwd=shop).returncode == 0
        assert process.wait(60) == 0
    assert "one" in nexus(home, "topic", "show", "api", cwd=shop).stdout
