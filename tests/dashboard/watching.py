"""Asking the graph's addresses as the page does, and comparing what they answer."""

import json
import subprocess
from pathlib import Path
from typing import Any

from django.test import Client

Facts = dict[str, Any]
FOLD = Path("static/js/graph/fold.js").read_text("utf-8")
DRIVER = """
import { readFileSync } from "node:fs";
const [state, pages] = JSON.parse(readFileSync(0, "utf-8"));
const states = [];
let now = state;
for (const page of pages) states.push((now = foldAll(now, page)));
console.log(JSON.stringify(states));
"""


class Watcher:
    """The operator at the loopback, who asks for the graph."""

    def __init__(self) -> None:
        self.client = Client(HTTP_HOST="127.0.0.1", REMOTE_ADDR="127.0.0.1")

    def ask(self, what: str, *, status: int = 200, **query: Any) -> Facts:
        answer = self.client.get(f"/live/{what}", query)
        assert answer.status_code == status, answer.content
        return dict(answer.json())

    def state(self, **query: Any) -> Facts:
        return self.ask("state", **query)

    def pages(self, after: str, limit: int = 40, **query: Any) -> list[Facts]:
        """Return what follows a cursor, page by page, to the end of the log."""
        found = [self.ask("events", after=after, limit=limit, **query)]
        while found[-1]["more"]:
            found.append(self.ask("events", after=found[-1]["cursor"], limit=limit, **query))
        return found


def seen(state: Facts) -> Facts:
    """Return what a state says of the past as of the present; when agents were heard is told of the present only."""
    agents = [{name: value for name, value in each.items() if name != "seen_at"} for each in state["agents"]]
    return {"agents": agents, "work": state["work"], "edges": state["edges"]}


def folded(state: Facts, pages: list[list[Facts]]) -> list[Facts]:
    """Return the states that the page's own script folds from pages of events, one after each."""
    script = FOLD + DRIVER
    told = json.dumps([state, pages])
    command = ["node", "--input-type=module", "--eval", script]
    done = subprocess.run(command, input=told, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


def shown(state: Facts) -> Facts:
    """Return what folding must bring about: who is here with what, work in hand, and what is unread on each edge."""
    work = [{name: value for name, value in each.items() if name != "eligible"} for each in state["work"]]
    return {
        "agents": {each["name"]: (each["presence"], each["unread"], each["held"]) for each in state["agents"]},
        "work": {each["handoff"]: each for each in work},
        "edges": {(each["from"], each["to"]): each["unread"] for each in state["edges"] if each["unread"]},
    }
