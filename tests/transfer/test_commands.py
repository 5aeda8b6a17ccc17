"""`nexus export` and `nexus import` as a person runs them, on two data directories."""

import json

import pytest

from tests.serving.processes import nexus
from tests.transfer.conftest import contents

pytestmark = pytest.mark.slow


def test_a_workspace_moves_to_another_data_directory(tmp_path):
    old, new, first, again = (tmp_path / name for name in ("old", "new", "first", "again"))
    assert nexus(old, "seed").returncode == 0
    said = nexus(old, "export", "--workspace", "harbor", "--out", str(first))
    assert said.stdout.startswith(f"Exported harbor to {first}: 9 agents"), said.stderr
    said = nexus(new, "import", str(first))
    assert said.stdout.startswith("Imported harbor: 9 agents"), said.stderr
    assert "nexus agent key mint ada" in said.stdout
    assert nexus(new, "export", "--workspace", "harbor", "--out", str(again)).returncode == 0
    assert contents(again) == contents(first)
    verified = json.loads(nexus(new, "verify", "--json").stdout)
    assert verified["clean"] is True
    refused = nexus(new, "import", str(first), "--json")
    assert refused.returncode == 1
    assert json.loads(refused.stdout)["error"]["code"] == "workspace_not_empty"


def test_a_topic_without_a_file_is_json_where_json_is_asked_for(tmp_path):
    home, out = tmp_path / "home", tmp_path / "topic.md"
    assert nexus(home, "seed").returncode == 0
    words = ("export", "--workspace", "harbor", "--topic", "release-4")
    said = nexus(home, *words, "--json").stdout
    assert json.loads(said)["title"] == "release-4"
    assert nexus(home, *words, "--format", "json").stdout == said
    told = json.loads(nexus(home, *words, "--json", "--out", str(out)).stdout)
    assert told == {"out": str(out), "messages": len(json.loads(said)["posts"])}
    assert out.read_text().startswith("# release-4")


def test_what_cannot_be_done_is_said_in_a_sentence(tmp_path):
    assert "--out" in nexus(tmp_path / "home", "export").stderr
    assert "no such workspace" in nexus(tmp_path / "home", "export", "--out", str(tmp_path / "out")).stderr
    assert "no finished export" in nexus(tmp_path / "home", "import", str(tmp_path)).stderr
    assert "OLD=NEW" in nexus(tmp_path / "home", "import", str(tmp_path), "--rename", "ada").stderr


@pytest.mark.parametrize(
    ("words", "at_fault"),
    [
        (("--redact", "ada"), "--redact"),
        (("--redact", "ada", "--topic", "release-4"), "--redact"),
        (("--redact", "ada", "--conversation", "ada", "boris"), "--redact"),
        (("--redact", "ada", "--incident", "hnd_1", "--topic", "release-4"), "--incident"),
        (("--topic", "release-4", "--incident", "hnd_1"), "--incident"),
        (("--conversation", "ada", "boris", "--topic", "release-4"), "--topic"),
        (("--conversation", "ada", "boris", "--incident", "hnd_1"), "--incident"),
        (("--topic", "", "--incident", "hnd_1"), "--incident"),
    ],
)
def test_what_does_not_go_together_writes_nothing(tmp_path, words, at_fault):
    out = tmp_path / "out"
    refused = nexus(tmp_path / "home", "export", "--workspace", "harbor", "--out", str(out), *words)
    assert refused.returncode == 2, refused.stdout
    assert refused.stderr.startswith(f"nexus: {at_fault} ")
    assert len(refused.stderr.splitlines()) == 2
    assert not out.exists()
