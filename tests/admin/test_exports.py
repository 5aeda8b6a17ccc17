"""Exports: what is chosen or all that matches, named as agents know it, without secrets and without formulas."""

import csv
import io
import json

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import AsyncClient
from django.urls import reverse

from bus.admin import exports
from bus.models import Agent, Event, Key, Message, StoredAnswer
from handoffs.models import Handoff
from tests.admin.crowd import NEXUS, crowd


@pytest.fixture
async def export(committed):
    """Return a function that exports a list as dana and returns the answer and its text."""
    await sync_to_async(crowd)(0, 3, text="=1+1", word="word")
    client = AsyncClient()
    await client.aforce_login(await sync_to_async(User.objects.create_superuser)("dana"))

    async def export(model, form, query="", **chosen):
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        rows = [str(pk) async for pk in model.objects.values_list("pk", flat=True)]
        sent = {"action": f"export_{form}", "_selected_action": rows[:1], "index": "0", **chosen}
        answer = await client.post(f"{url}{query}", sent)
        assert answer.status_code == 200
        return answer, b"".join([part async for part in answer.streaming_content]).decode()

    return export


async def test_messages_are_exported_as_json_lines(export, monkeypatch):
    monkeypatch.setattr(exports, "CHUNK", 2)
    answer, text = await export(Message, "jsonl", select_across="1")
    lines = [json.loads(line) for line in text.splitlines()]
    assert answer["Content-Type"] == "application/x-ndjson; charset=utf-8"
    assert 'filename="nexus-message-' in answer["Content-Disposition"]
    assert [line["sender"] for line in lines] == ["word2", "word1", "word0"]
    assert lines[0]["workspace"] == "wsp_2"
    assert lines[0]["to"] == ["=1+1"]
    assert "id" not in lines[0]


async def test_a_table_has_no_cell_that_a_spreadsheet_computes(export):
    _, text = await export(Handoff, "csv", select_across="1")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 3
    assert rows[0]["title"] == "'=1+1"
    assert rows[0]["creator"] == "word2"
    assert json.loads(rows[0]["payload"]) == {"=1+1": "=1+1"}
    assert not [value for row in rows for value in row.values() if value.startswith(("=", "+", "-", "@"))]


async def test_only_what_was_chosen_or_matches_is_exported(export):
    _, one = await export(Event, "jsonl")
    assert len(one.splitlines()) == 1
    _, found = await export(Agent, "jsonl", "?q=word1", select_across="1")
    assert [json.loads(line)["name"] for line in found.splitlines()] == ["word1"]


async def test_the_log_is_exported_with_its_chain(export):
    _, text = await export(Event, "jsonl", select_across="1")
    line = json.loads(text.splitlines()[0])
    assert (line["seq"], line["hash"], line["actor"]) == (1, "00" * 32, "word2")


@pytest.mark.parametrize("model", [Key, StoredAnswer])
async def test_hashes_of_keys_and_stored_answers_are_not_exported(export, model):
    for form in ("jsonl", "csv"):
        _, text = await export(model, form, select_across="1")
        assert "01" * 32 not in text
        assert "answer" not in text


@pytest.mark.parametrize("model", NEXUS, ids=lambda model: model._meta.label)
def test_every_table_names_what_its_rows_refer_to(model):
    sources = exports.columns(model)
    relations = {field.name for field in model._meta.concrete_fields if field.is_relation}
    assert all("__" in sources[name] for name in relations)
    assert not {"id", "secret_hash"} & set(sources)
