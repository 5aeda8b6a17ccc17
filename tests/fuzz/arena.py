"""A server to throw things at, the agents that throw them, and names of things that exist there."""

import json
import re
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from typing import Any

from bus.knobs import KNOBS
from tests.live.servers import PATIENCE, Server

__all__ = ["Arena"]

MADE_UP = {
    "message": "msg_0000000000000000000000",
    "handoff": "hnd_0000000000000000000000",
    "topic": "top_0000000000000000000000",
    "session": "ses_0000000000000000000000",
    "workspace": "wsp_00000000000000000000000000",
    "cursor": "cur_AAAA",
    "agent": "nobody",
    "epoch": 77,
}
# Which thing a field of an order names; what an answer says of it is thrown back later.
FIELDS = {
    "after": "cursor",
    "agent": "agent",
    "before": "cursor",
    "capability": "word",
    "cursor": "cursor",
    "epoch": "epoch",
    "handoff": "handoff",
    "inspect": "inspect",
    "key": "key",
    "message": "message",
    "messages": "message",
    "name": "name",
    "next_cursor": "cursor",
    "peer": "peer",
    "project_root": "path",
    "reply_to": "message",
    "session": "session",
    "slug": "slug",
    "subjects": "message",
    "to": "peer",
    "topic": "topic",
    "type": "type",
    "types": "type",
    "verify_by": "peer",
    "workspace": "workspace",
}
LISTS = frozenset({"messages", "subjects", "types"})
LEARNT = ("message", "handoff", "topic", "session", "epoch", "cursor", "next_cursor")
OLDER = {
    "messages": "cursor",
    "handoffs": "cursor",
    "agents": "cursor",
    "sessions": "cursor",
    "inbox/history": "cursor",
    "conversations/victim": "cursor",
    "events": "before",
    "topics": "cursor",
}
KEPT = 16
RECORD = re.compile(r"^(?=\d{4}-\d\d-\d\d [\d:,]+ )", re.MULTILINE)
# Django shows where it refused; a check of health that a busy machine fails is no failure of a request.
REFUSED = re.compile(r" WARNING django\.request: Forbidden | django\.security\.|Service Unavailable: /readyz")


class Arena:
    """A running server with mail and jobs in every state."""

    def __init__(self, server: Server) -> None:
        """Enrol the cast and let it work."""
        self.server = server
        self.operator = server.operator()
        self.alice = server.agent("alice", harness="codex", capabilities=["review"])
        self.bob = server.agent("bob", harness="claude-code", capabilities=["review"])
        self.victim = server.agent("victim")
        self.known: defaultdict[str, deque[Any]] = defaultdict(lambda: deque(maxlen=KEPT))
        for noun, name in MADE_UP.items():
            self.known[noun].append(name)
        self._name()
        self._work()

    def _name(self) -> None:
        """Name what does not change; nobody is told to archive alice, who throws."""
        self.known["agent"] += ["victim", "bob", "operator"]
        self.known["name"] += ["victim", *sorted(KNOBS)]
        self.known["key"].append(self.victim.key.split("_")[1])
        self.known["path"] += [str(self.server.project), "/", "relative", "/nowhere/at/all"]
        self.known["peer"] += ["bob", "victim", "operator", "alice", "broadcast", "human"]
        self.known["slug"] += ["presence", "limits", "retention", "backup", "about"]
        self.known["type"] += ["handoff", "message.created", "presence", "nonsense"]
        self.known["word"] += ["review", "nonsense"]
        self.known["inspect"] += ["agent:bob", "handoff:", "message:", "event:"]

    def _work(self) -> None:
        for number in range(3):
            self.learn(self.alice.post("messages", to="bob", subject=f"Note {number}", body="*Text*", priority=number))
            self.learn(self.bob.post("messages", to="alice", subject=f"Answer {number}", body="`Text`"))
            job: Any = {"title": f"Job {number}", "to": "alice", "paths": [f"src/{number}/**"]}
            if number == 2:
                job |= {"acceptance_criteria": ["It works"], "verify_by": "bob"}
            made = self.bob.post("handoffs", **job)
            self.learn(made)
            self.known["inspect"].append(f"handoff:{made['handoff']}")
            if number:
                self.learn(self.alice.post(f"handoffs/{made['handoff']}/claim"))
        for name in ("api", "closed"):
            topic = self.alice.post("topics", name=name)["topic"]
            for each in (self.alice, self.bob):
                self.learn(each.post("topics/join", topic=topic))
            outbox = [{"body": "*Text*", "client_id": "one"}, {"body": "Text"}]
            self.learn(self.bob.post(f"topics/{topic}/sync", outbox=outbox, timeout_seconds=0))
        self.alice.post(f"topics/{topic}/close")
        for answer in (self.alice.get("whoami"), self.alice.get("messages", limit=1), self.alice.get("events")):
            self.learn(answer)
        self.learn(self.alice.post("sessions", project_root=str(self.server.project)))
        self.known["inspect"].append(f"message:{self.known['message'][-1]}")
        self.known["workspace"] += [self.alice.get("whoami")["workspace"], self.server.project.name, "all"]

    def learn(self, answer: Any) -> None:
        """Remember what an answer names."""
        for noun, value in _named(answer):
            if value not in self.known[noun]:
                self.known[noun].append(value)

    def name(self, field: str, number: int) -> Any:
        """Return a thing that a field may name: one that exists or existed, or one that never did."""
        names = self.known[FIELDS[field]]
        chosen = names[number % len(names)]
        return [chosen] if field in LISTS else chosen

    @property
    def log(self) -> str:
        """Return what the server has said."""
        return (self.server.home.parent / f"{self.server.home.name}.log").read_text(errors="replace")

    def check(self) -> None:
        """Assert that the server is well: it answers, its log is whole, and nothing failed inside."""
        for record in RECORD.split(self.log):
            said = record.partition("\n")[0]
            is_bad = "Traceback" in record or re.search(r" (ERROR|CRITICAL) ", said)
            assert not is_bad or REFUSED.search(said), record[:6000]
        assert self.alice.get("whoami")["agent"] == "alice"
        self._read_everything()
        self._wait_for("/readyz")
        verified = self.server.command("verify")
        assert verified.returncode == 0, verified.stdout + verified.stderr

    def _read_everything(self) -> None:
        """Read every list to its end: nothing that was taken may be in the way of those who read it."""
        for who in (self.alice, self.bob, self.operator):
            for path, older in OLDER.items():
                query: dict[str, Any] = {"limit": 100}
                while True:
                    answer = who.http.get(path, params=query)
                    assert answer.status_code == 200, answer.text[:2000]
                    if "next_cursor" not in answer.json():
                        break
                    query[older] = answer.json()["next_cursor"]

    def _wait_for(self, path: str) -> None:
        """Wait until a probe says that all is well: the cluster may just have begun."""
        end = time.monotonic() + PATIENCE
        while (found := self.operator.http.get(self.server.url + path)).status_code != 200:
            assert time.monotonic() < end, found.text


def _named(answer: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(answer, Mapping):
        for name in LEARNT:
            if isinstance(answer.get(name), str | int):
                yield FIELDS[name], answer[name]
        answer = answer.values()
    if not isinstance(answer, str | bytes) and hasattr(answer, "__iter__"):
        for each in answer:
            yield from _named(each)


def shaped(answer: Any) -> dict[str, Any]:
    """Assert that an answer is the one error shape, and return what is in it."""
    error: dict[str, Any] = answer["error"]
    assert set(error) - {"retry_after"} == {"code", "message", "details", "hint"}, json.dumps(answer)[:2000]
    assert error["message"], error
    assert error["hint"], error
    assert error["code"] != "internal", error
    return error
