"""Nexus goes into files as people keep them, and comes out again: every other byte stays."""

import json
import tomllib
from pathlib import Path

import pytest
import yaml

from nexus_site.connect.jsonc import Unreadable, parse
from nexus_site.connect.merging import merged, unmerged
from nexus_site.connect.splice import Edit
from nexus_site.connect.wanted import Part

SERVER = Edit(("mcpServers", "nexus"), {"type": "http", "url": "http://127.0.0.1:8642/mcp"})
HOOKS = tuple(
    Edit(("hooks", event), {"hooks": [{"command": f"nexus-hook {event}"}]}, append=True) for event in ("Start", "Stop")
)
PART = Part(Path("settings.json"), "json", (SERVER, *HOOKS))
OTHER = '{"command": "x", "args": ["//no comment", "a,]}\\""]}'
TEXTS = {
    "nothing": "",
    "blank": "\n\n",
    "empty": "{}",
    "spread empty": "{\n}\n",
    "other": f'{{\n  "mcpServers": {{\n    "other": {OTHER}\n  }}\n}}\n',
    "one line": f'{{"mcpServers": {{"other": {OTHER}}}, "hooks": {{"Stop": [], "Start": [{{"a": 1}}]}}}}',
    "tabs": f'{{\n\t"a": 1,\n\t"mcpServers": {{\n\t\t"other": {OTHER}\n\t}}\n}}',
    "comments": f'// mine\n{{\n  /* a */ "mcpServers": {{ // servers\n    "other": {OTHER}, // last\n  }},\n  // end\n}}\n',
    "comment last": '{\n  "mcpServers": {\n    "other": {} // why\n  }, "a": [1, 2,], /* b */\n}\n',
    "trailing commas": '{\n    "mcpServers": {"other": {},},\n    "hooks": {\n        "Stop": [\n            {"a": 1},\n        ],\n    },\n}\n',
    "odd": '{ "hooks" :\n{"Stop"\n:[ {"a":1}\n ,{"b":2} ]} ,"mcpServers":{ } }',
    "windows": '{\r\n  "mcpServers": {\r\n    "other": {}\r\n  }\r\n}\r\n',
    "mark": '\ufeff{\n  "a": "ä"\n}\n',
    "its own": '{\n  "mcpServers": {\n    "nexus": {"url": "elsewhere"},\n    "other": {}\n  }\n}\n',
}


def value(text: str) -> dict:
    return parse(text).value


def kept(found: dict) -> dict:
    """Return a configuration without what is of Nexus."""
    found.get("mcpServers", {}).pop("nexus", None)
    for event in ("Start", "Stop"):
        hooks = found.get("hooks", {}).get(event)
        if hooks and "nexus-hook" in str(hooks[-1]):
            hooks.pop()
    return found


def pruned(found: dict) -> dict:
    return {key: value for key, each in found.items() if (value := pruned(each) if isinstance(each, dict) else each)}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_what_goes_into_json_comes_out_with_every_byte_as_it_was(text):
    done = merged(PART, text)
    assert value(done.text)["mcpServers"]["nexus"] == SERVER.value
    assert all(hook.value in value(done.text)["hooks"][hook.path[1]] for hook in HOOKS)
    assert unmerged("json", done.text, done.pieces, done.edits) == text


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_everything_else_of_a_json_file_is_still_there_byte_for_byte(text):
    done = merged(PART, text)
    assert [piece.removed for piece in done.pieces if piece.removed] == ['{"url": "elsewhere"}'] * ("nexus" in text)
    assert len(done.text) == len(text) + sum(len(piece.inserted) - len(piece.removed) for piece in done.pieces)
    assert pruned(kept(value(done.text))) == pruned(kept(value(text or "{}") if text.strip() else {}))


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_second_time_changes_nothing(text):
    done = merged(PART, text)
    again = merged(PART, done.text)
    assert (again.text, again.pieces) == (done.text, ())


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_json_file_that_was_written_anew_loses_only_what_is_ours(text):
    done = merged(PART, text)
    found = value(done.text) | {"new": {"kept": [1]}}
    found["hooks"]["Stop"].append({"b": 3})
    left = unmerged("json", json.dumps(found, indent=3), done.pieces, done.edits)
    found["hooks"]["Stop"] = [each for each in found["hooks"]["Stop"] if each != HOOKS[1].value]
    assert "nexus" not in left
    assert pruned(value(left)) == pruned(kept(found))
    assert json.loads(left)


def test_lines_that_were_added_around_ours_stay_as_they_are():
    done = merged(PART, TEXTS["comments"])
    edited = done.text.replace("// mine", "// yours\n// too").replace('"other"', '"another": {},\n    "other"')
    wanted = TEXTS["comments"].replace("// mine", "// yours\n// too").replace('"other"', '"another": {},\n    "other"')
    assert unmerged("json", edited, done.pieces, done.edits) == wanted


@pytest.mark.parametrize("text", ["[]", "{", '{"a" 1}', '{"mcpServers": 3}', "{} x", '{"a": 1 "b": 2}', "[" * 9999])
def test_json_that_cannot_be_understood_is_refused(text):
    with pytest.raises(Unreadable):
        merged(PART, text)


CODEX = Part(Path("config.toml"), "toml", body='[mcp_servers.nexus]\nurl = "u"\n\n[[hooks.Stop]]\ncommand = "c"\n')
TOMLS = ["", "a = 1", "# mine\n[mcp_servers.other]\nurl = 'x' # why\n\n\n[[hooks.Stop]]\ncommand='d'\n", "a = 1\r\n"]


@pytest.mark.parametrize("text", TOMLS)
def test_toml_gets_a_block_at_its_end_and_loses_it_again(text):
    done = merged(CODEX, text)
    assert done.text.startswith(text)
    assert tomllib.loads(done.text)["mcp_servers"]["nexus"] == {"url": "u"}
    assert unmerged("toml", done.text, done.pieces, ()) == text


def test_tables_that_a_program_put_between_ours_stay():
    done = merged(CODEX, TOMLS[2])
    mixed = done.text.replace("# nexus:end", '[hooks.state]\nx = "trusted"\n# nexus:end') + '[projects."/p"]\ny = 1\n'
    left = unmerged("toml", mixed, done.pieces, ())
    assert tomllib.loads(left) == tomllib.loads(TOMLS[2].replace("\n\n\n", "\n") + '[projects."/p"]\ny = 1\n') | {
        "hooks": tomllib.loads(left)["hooks"]
    }
    assert "nexus" not in left
    assert "trusted" in left


@pytest.mark.parametrize("text", ["a = ", "[mcp_servers.nexus]\nurl = 'mine'\n", "mcp_servers = {a = {url = 'x'}}\n"])
def test_toml_that_cannot_take_the_block_is_refused(text):
    with pytest.raises(Unreadable):
        merged(CODEX, text)


GOOSE = Part(Path("config.yaml"), "yaml", body="nexus:\n  type: streamable_http\n  headers:\n    A: b\n")
YAMLS = [
    "",
    "GOOSE_MODEL: x",
    "extensions: {}  # none\nGOOSE_MODEL: x\n",
    "extensions:\n",
    "extensions:\nGOOSE_MODEL: x\n",
    "a: 1\nextensions:\n    # builtin\n    developer:\n        enabled: true\n\nGOOSE_MODEL: x # last\n",
    "extensions:\r\n  developer:\r\n    enabled: true\r\n",
    "---\n# mine\nGOOSE_MODEL: x\n",
    'extensions:\n  "dev": {enabled: true}\n',
    'extensions_off: 1\nGOOSE_MODEL: "extensions: {}"\n',
    "-x: 1\n",
]


@pytest.mark.parametrize("text", YAMLS)
def test_goose_gets_an_extension_and_loses_it_again(text):
    done = merged(GOOSE, text)
    before, after = yaml.safe_load(text) or {}, yaml.safe_load(done.text)
    assert after["extensions"].pop("nexus") == {"type": "streamable_http", "headers": {"A": "b"}}
    assert pruned(after) == pruned(before)
    assert unmerged("yaml", done.text, done.pieces, ()) == text


def test_goose_loses_the_extension_where_the_file_was_written_anew():
    done = merged(GOOSE, YAMLS[5])
    found = yaml.safe_load(done.text)
    left = unmerged("yaml", yaml.safe_dump(found), done.pieces, ())
    assert yaml.safe_load(left) == yaml.safe_load(YAMLS[5])


NO_YAMLS = {
    "one line": "extensions: {a: 1}\n",
    "its own": "extensions:\n  nexus:\n    type: stdio\n",
    "empty flow": "{}\n",
    "flow": "# mine\n{GOOSE_MODEL: x, extensions: {a: {enabled: true}}}\n",
    "flow after a mark": "---\n{GOOSE_MODEL: x}\n",
    "flow on the mark": "--- {GOOSE_MODEL: x}\n",
    "list": "- a\n",
    "list of lists": "[a]\n",
    "quoted whole": '"GOOSE_MODEL": x\n',
    "quoted": 'GOOSE_MODEL: x\n"extensions":\n  a:\n    enabled: true\n',
    "quoted singly": "GOOSE_MODEL: x\n'extensions': {}\n",
    "spaced": "extensions :\n  a:\n    enabled: true\n",
    "unindented list": "extensions:\n- a\nGOOSE_MODEL: x\n",
    "indented list": "extensions:\n\n  # mine\n  - a\n",
    "flow below": "extensions:\n  {a: {enabled: true}}\n",
    "several documents": "GOOSE_MODEL: x\n---\nGOOSE_MODEL: y\n",
    "ended document": "GOOSE_MODEL: x\n...\n",
}


@pytest.mark.parametrize("text", NO_YAMLS.values(), ids=NO_YAMLS)
def test_yaml_that_cannot_take_the_extension_is_refused(text):
    with pytest.raises(Unreadable):
        merged(GOOSE, text)


@pytest.mark.parametrize("text", ["", "# Rules", "# Rules\n\nBe kind.\n"])
def test_the_paragraph_of_agents_md_goes_in_and_out(text):
    part = Part(Path("AGENTS.md"), "markdown", body="## Other agents\n\nCall `whoami`.\n")
    done = merged(part, text)
    assert done.text.startswith(text)
    assert merged(part, done.text).text == done.text
    assert unmerged("markdown", done.text, done.pieces, ()) == text
    edited = done.text.replace("whoami", "help") + "More.\n"
    assert unmerged("markdown", edited, done.pieces, ()).split() == (text + "\nMore.").split()
