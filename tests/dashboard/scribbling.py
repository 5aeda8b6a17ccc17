"""Mallory writes every payload into every field that takes text, and which columns of the tables hold it then."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from django.apps import apps
from django.db.models import CharField, JSONField, TextField

from tests.dashboard.payloads import PAYLOADS
from tests.live.servers import Rest, Server

__all__ = ["EMPTY", "columns", "scribbled"]

OTHERS = 9  # how many of the replies and the declined and ended handoffs are looked at one by one
SIGNS = ("pwned", "ontoggle", "evil.example", "backup_create")
# Texts that nobody but Nexus writes, or only in a form that means nothing to a page.
EMPTY = {
    "bus_agent.name": "letters, digits, dot, underscore and hyphen",
    "bus_agent.wakes_by": "a word of ours",
    "bus_audience.subject": "an id",
    "bus_checkpoint.state": "ids, names and states",
    "bus_deadline.kind": "a word of ours",
    "bus_delivery.reason": "a word of ours",
    "bus_event.address": "of the connection",
    "bus_event.agent": "a name",
    "bus_event.fleet": "empty yet",
    "bus_event.handoff": "an id",
    "bus_event.message": "an id",
    "bus_event.origin": "a word of ours",
    "bus_event.person": "a login, which only who runs the server makes",
    "bus_event.surface": "a word of ours",
    "bus_event.task": "empty yet",
    "bus_event.topic": "an id",
    "bus_event.type": "a word of ours",
    "bus_key.prefix": "random",
    "bus_message.handoff": "an id",
    "bus_message.public_id": "an id",
    "bus_peer.holder": "an id",
    "bus_session.public_id": "an id",
    "bus_session.surface": "a word of ours",
    "bus_setting.name": "a word of ours",
    "bus_setting.value": "a number",
    "bus_topic.public_id": "an id",
    "bus_workspace.public_id": "a hash",
    "handoffs_handoff.public_id": "an id",
}


def columns(server: Server) -> dict[str, bool]:
    """Return every column of text without choices, and whether a payload is in it."""
    models = [model for room in ("bus", "handoffs") for model in apps.get_app_config(room).get_models()]
    models = [model for model in models if model._meta.managed]  # the index holds texts of other tables
    with closing(sqlite3.connect(f"file:{server.home / 'nexus.sqlite3'}?mode=ro", uri=True)) as database:
        return {
            f"{model._meta.db_table}.{field.column}": _is_written(database, model._meta.db_table, str(field.column))
            for model in models
            for field in model._meta.concrete_fields
            if isinstance(field, CharField | TextField | JSONField) and not field.choices
        }


def _is_written(database: sqlite3.Connection, table: str, column: str) -> bool:
    where = " OR ".join([f'"{column}" LIKE ?'] * len(SIGNS))
    statement = f'SELECT 1 FROM "{table}" WHERE {where} LIMIT 1'
    return database.execute(statement, [f"%{sign}%" for sign in SIGNS]).fetchone() is not None


def scribbled(server: Server) -> Iterator[str]:
    """Let mallory and others write every payload everywhere; yield the ids of what to look at one by one."""
    mallory = server.agent("mallory", harness="codex", capabilities=["review"])
    victim = server.agent("victim", harness="claude-code", capabilities=["review"])
    settler = server.agent("settler", any_workspace=True)
    for number, text in enumerate(PAYLOADS):
        letter, reply = _mail(mallory, victim, text)
        topic = _thread(server, mallory, victim, number, text)
        judged, declined, ended = _work(mallory, victim, text, "error" if number % 2 else "result")
        yield from (letter, judged, topic)
        if number < OTHERS:
            yield (reply, declined, ended)[number % 3]
        _settle(server, settler, number, text)
        server.operator().post("agents/mallory/keys", label=text[:64])


def _mail(mallory: Rest, victim: Rest, text: str) -> Iterator[str]:
    words: dict[str, Any] = {
        "capabilities": ["review", text[:64]],
        "tags": {text[:64]: text[:64]},
        "harness": text[:40],
    }
    words |= {"role": text[:64], "description": text, "idempotency_key": f"profile {text}"[:128]}
    mallory.http.patch("agents/mallory", json=words)
    mallory.post("wake/claim", waiter=text[:64])
    mallory.post("sessions", machine=text[:100], session_ref=text, harness=text[:40])
    said: dict[str, Any] = {"references": [{"kind": "file", "id": text, "label": text}], "metadata": {text: text}}
    letter = mallory.post("messages", to="victim", subject=text, body=text, idempotency_key=text[:128], **said)
    yield letter["message"]
    also = ["mallory", {"role": [text[:64], "x"]}, {"tag": {text[:64]: text[:64]}}]
    answer = {"subject": text, "body": f"> {text}\n\n`{text}`", "reply_to": letter["message"]}
    yield victim.post("messages", to=also, **answer)["message"]


def _thread(server: Server, mallory: Rest, victim: Rest, number: int, text: str) -> str:
    """Open a topic called so and post to it under a name that is so; every other one is closed. Return its id."""
    line = "".join(letter if letter.isprintable() else " " for letter in text).strip() or "x"
    topic = mallory.post("topics", name=line[:200], metadata={text[:64]: text}, mode="new")["topic"]
    mallory.post("topics/join", topic=topic, peer=f"{number} {line}"[:64].strip())
    victim.post("topics/join", topic=topic)
    outgoing = {"body": text, "kind": text[:32], "client_id": f"{number} {text}"[:128], "metadata": {text[:64]: text}}
    sent = mallory.post(f"topics/{topic}/sync", outbox=[outgoing], timeout_seconds=0)["sent"]
    answer = {"body": f"> {text}\n\n`{text}`", "reply_to": sent[0]["message"]}
    victim.post(f"topics/{topic}/sync", outbox=[answer], timeout_seconds=0)
    if number % 2:
        server.operator().post(f"topics/{topic}/close", reason=text[:200])
    return str(topic)


def _work(mallory: Rest, victim: Rest, text: str, outcome: str) -> Iterator[str]:
    selector = {"capability": ["review", text[:64]]}
    job: dict[str, Any] = {"title": text, "body": text, "payload": {text: text}, "acceptance_criteria": [text]}
    glob = f"docs/{_name(text)}/*"
    handoff = mallory.post("handoffs", to=selector, verify_by={"role": [text[:64]]}, paths=[glob], **job)["handoff"]
    epoch = victim.post(f"handoffs/{handoff}/claim")["epoch"]
    victim.post(f"handoffs/{handoff}/renew", epoch=epoch, note=text)
    victim.post(f"handoffs/{handoff}/complete", epoch=epoch, result={text: text})
    mallory.post(f"handoffs/{handoff}/verify", epoch=epoch, verdict="fail", feedback=text)
    yield handoff
    late = {"agent": "victim", "fallback": selector, "fallback_after": 3600}
    other = mallory.post("handoffs", title=text, to=late)["handoff"]
    victim.post(f"handoffs/{other}/reject", reason=text)
    yield other
    third = mallory.post("handoffs", title=text, to="victim")["handoff"]
    epoch = victim.post(f"handoffs/{third}/claim")["epoch"]
    victim.post(f"handoffs/{third}/complete", epoch=epoch, **{outcome: {text: text}})
    yield third
    victim.post("paths", globs=[f"held/{_name(text)}"], reason=text)


def _settle(server: Server, settler: Rest, number: int, text: str) -> None:
    """Found a workspace whose folder and remote are called so."""
    folder = server.project.parent / f"{number} {_name(text)}"
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "config").write_text(f'[remote "origin"]\n\turl = https://host.example/{text}\n')
    settler.post("sessions", project_root=str(folder))


def _name(text: str) -> str:
    """Return a payload as a name in a path."""
    return "".join(" " if letter in "/\\\0" or letter < " " else letter for letter in text)[:70].strip() or "x"
