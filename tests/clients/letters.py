"""The one message that each client sends, and what is to be seen of it."""

import json
import re
import secrets
from typing import Any

from tests.live.servers import Server

CORE = frozenset(
    {
        "agent_list",
        "conversation_read",
        "handoff_claim",
        "handoff_complete",
        "handoff_create",
        "handoff_list",
        "handoff_release",
        "handoff_renew",
        "handoff_verify",
        "help",
        "inbox_ack",
        "inbox_pull",
        "inbox_wait",
        "message_create",
        "whoami",
    }
)


def letter() -> dict[str, str]:
    """Return the arguments of a message to bob that no other test sends."""
    return {"to": "bob", "subject": f"Letter {secrets.token_hex(4)}", "body": "Please look at the parser."}


def answered(text: str) -> Any:
    """Return the JSON that a tool answered, from a text that may have words around it."""
    whole = re.search(r"\{.*\}", text, re.DOTALL)
    assert whole, text
    return json.loads(whole[0])


def check_kept(server: Server, sent: dict[str, str], answer: Any) -> None:
    """Check that a tool's answer names a message which the server keeps as it was sent."""
    message = server.operator().get(f"messages/{answer['message']}")
    assert {name: message[name] for name in sent} == sent
    assert message["from"] == "alice"
    assert [each["agent"] for each in answer["recipients"]] == ["bob"]
