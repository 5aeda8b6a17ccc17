"""What an import refuses, and that a refused one leaves nothing behind."""

import hashlib
import json
import shutil

import pytest

from bus import door, identity, places
from bus.carried import BrokenLog
from bus.errors import InvalidInput
from bus.importing import AlreadyHere, Broken, NamesTaken, NotEmpty, NotExported
from bus.models import Agent, Event, Membership, Message, Workspace
from bus.transfer import Unfit
from bus.verifier import verify
from tests.transfer.conftest import contents, lines


@pytest.fixture
def exported(harbor, out, elsewhere):
    """An export of `harbor`, and another installation to bring it to."""
    folder = out(harbor)
    elsewhere()
    return folder


@pytest.fixture
def forge(exported):
    """Return a function that changes lines of a file and gives the manifest the new hash."""

    def forge(name, change):
        path = exported / f"{name}.jsonl"
        changed = [change(line) for line in lines(exported, name)]
        path.write_text("".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in changed if line))
        manifest = json.loads((exported / "manifest.json").read_text())
        for file in manifest["files"]:
            if file["name"] == path.name:
                file |= {"bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        (exported / "manifest.json").write_text(json.dumps(manifest))

    return forge


def nothing_came():
    return not Workspace.objects.filter(alias="harbor").exists() and not Agent.objects.filter(name="ada").exists()


def enrol(settle, name, where="other"):
    place = settle(where)
    door.run("agent_create", identity.operator("test"), {"name": name, "workspace": place.public_id})
    return place


def test_a_changed_file_is_refused_before_anything_is_written(exported, bring):
    path = exported / "messages.jsonl"
    path.write_bytes(path.read_bytes().replace(b"booking", b"looting", 1))
    with pytest.raises(Broken, match=r"messages\.jsonl"):
        bring(exported)
    path.unlink()
    with pytest.raises(Broken, match="cannot be read"):
        bring(exported)
    assert nothing_came()


def test_an_unfinished_export_is_refused(exported, bring, tmp_path):
    (exported / "manifest.json").rename(exported / "manifest.json.part")
    for folder in (exported, tmp_path / "nowhere"):
        with pytest.raises(NotExported):
            bring(folder)


def test_an_export_of_a_newer_nexus_is_refused(exported, bring):
    manifest = json.loads((exported / "manifest.json").read_text())
    for more in ({"version": 2}, {"files": [*manifest["files"], manifest["files"][0] | {"name": "plans.jsonl"}]}):
        (exported / "manifest.json").write_text(json.dumps(manifest | more))
        with pytest.raises(NotExported, match="newer"):
            bring(exported)


def test_an_event_that_was_changed_breaks_the_chain(exported, bring, forge):
    forge("events", lambda line: line | {"actor": "boris"} if line["type"] == "handoff.completed" else line)
    with pytest.raises(BrokenLog):
        bring(exported)
    assert nothing_came()
    assert not Message.objects.exists()


def test_an_event_that_is_missing_breaks_the_chain(exported, bring, forge):
    forge("events", lambda line: None if line["seq"] == 40 else line)
    with pytest.raises(BrokenLog, match="41"):
        bring(exported)


def test_a_log_whose_end_is_missing_is_refused(exported, bring, forge):
    last = lines(exported, "events")[-1]["seq"]
    forge("events", lambda line: None if line["seq"] == last else line)
    with pytest.raises(BrokenLog, match="does not end"):
        bring(exported)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("messages", {"kind": "shout"}),
        ("messages", {"priority": "high"}),
        ("messages", {"sent_at": "yesterday"}),
        ("messages", {"subject": "x" * 201}),
        ("messages", {"reply_to": "msg_nobody"}),
        ("messages", {"sender": "nobody"}),
        ("messages", {"subject": None}),
        ("messages", {"id": 7}),
        ("messages", {"public_id": ["list"]}),
        ("deliveries", {"lane": "delivered", "lease_until": None}),
        ("handoffs", {"state": "lost"}),
        ("agents", {"kind": 3}),
        ("events", {"payload": None}),
    ],
)
def test_a_line_that_does_not_fit_is_refused_whole(exported, bring, forge, name, change):
    forge(name, lambda line: line if line.get("name") in ("operator", "system") else line | change)
    with pytest.raises((Unfit, BrokenLog, InvalidInput)):
        bring(exported)
    assert nothing_came()


def test_a_workspace_where_somebody_worked_is_refused(exported, bring):
    bring(exported)
    for alias in ("", "other"):
        with pytest.raises(NotEmpty, match="harbor") as refused:
            bring(exported, alias=alias)
        assert "another alias does not help: name the path of a folder" in refused.value.fix


def test_a_workspace_of_that_alias_where_somebody_worked_is_refused(exported, bring, settle):
    enrol(settle, "zoe", "yard")
    with pytest.raises(NotEmpty, match="yard") as refused:
        bring(exported, alias="yard")
    assert "an alias that is free" in refused.value.fix


@pytest.mark.parametrize("alias", ["a b", "any", "wsp_x", "x" * 65])
def test_a_name_that_no_workspace_can_have_is_not_the_fault_of_the_export(exported, bring, alias):
    with pytest.raises(InvalidInput, match="No workspace can be called") as refused:
        bring(exported, alias=alias)
    assert refused.value.code == "invalid_input"
    assert "path" in refused.value.fix
    assert nothing_came()


def test_a_workspace_where_nobody_worked_is_filled(exported, bring, settle, out):
    place = settle("harbor-2")
    bring(exported, alias=place.alias)
    row = Workspace.objects.get(alias="harbor-2")
    assert (row.pk, row.path) == (place.id, place.path)
    again = contents(out(row))
    assert {name: text for name, text in again.items() if name != "manifest.json"} == {
        name: text for name, text in contents(exported).items() if name != "manifest.json"
    }
    report = verify()
    assert report.is_clean, report.problems


def test_a_folder_of_this_machine_becomes_its_place(exported, bring, tmp_path):
    root = tmp_path / "moved"
    (root / ".git").mkdir(parents=True)
    arrived = bring(exported, place=places.at(str(root)))
    assert arrived.alias == "moved"
    assert Workspace.objects.get(alias="moved").path == str(root)
    report = verify()
    assert report.is_clean, report.problems


def test_an_alias_that_is_taken_is_refused(exported, bring, settle):
    enrol(settle, "zoe", "somewhere/harbor")
    with pytest.raises(NotEmpty, match="taken"):
        bring(exported)
    assert bring(exported, alias="old-harbor").alias == "old-harbor"


def test_names_that_others_have_are_refused_by_name(exported, bring, settle):
    enrol(settle, "ada")
    enrol(settle, "Boris", "third")
    with pytest.raises(NamesTaken) as refused:
        bring(exported)
    assert refused.value.details == {"agents": ["ada", "boris"]}
    assert not Workspace.objects.filter(alias="harbor").exists()


def test_a_renamed_agent_has_its_new_name_everywhere(exported, bring, settle, out):
    enrol(settle, "ada")
    arrived = bring(exported, renames={"ada": "ada-2"})
    assert "ada-2" in arrived.agents
    ada = Agent.objects.get(name="ada")
    assert not Event.objects.filter(workspace__alias="harbor", actor=ada).exists()
    assert not Event.objects.filter(workspace__alias="harbor", agent="ada").exists()
    assert not Membership.objects.filter(workspace__alias="harbor", agent=ada).exists()
    assert Message.objects.filter(sender__name="ada-2").exists()
    report = verify()
    assert report.is_clean, report.problems
    there, here = lines(exported, "events"), lines(out(Workspace.objects.get(alias="harbor")), "events")
    assert [line["type"] for line in here] == [line["type"] for line in there]
    assert here[-1]["hash"] != there[-1]["hash"]


def test_the_same_agent_is_the_one_here(exported, bring, settle):
    place = enrol(settle, "ada")
    arrived = bring(exported, same=frozenset({"ada"}))
    assert "ada" not in arrived.agents
    ada = Agent.objects.get(name="ada")
    assert ada.home_id == place.id
    assert {each.workspace.alias for each in ada.memberships.all()} == {"other", "harbor"}
    report = verify()
    assert report.is_clean, report.problems


def test_an_agent_of_two_workspaces_that_come_one_after_the_other_is_one(harbor, settle, out, elsewhere, bring):
    second = settle("second")
    door.run("session_open", _ada(), {"project_root": second.path})
    folders = [out(harbor), out(Workspace.objects.get(pk=second.id))]
    elsewhere()
    for folder in folders:
        bring(folder)
    assert {each.workspace.alias for each in Membership.objects.filter(agent__name="ada")} == {"harbor", "second"}
    report = verify()
    assert report.is_clean, report.problems


def _ada():
    from bus.directory import directory

    operator = identity.operator("test", workspace="harbor")
    key = door.run("key_mint", operator, {"agent": "ada", "any_workspace": True}).key
    return identity.from_key(directory.key(key), "test")


@pytest.mark.parametrize(
    "wanted",
    [
        {"renames": {"nobody": "ada"}},
        {"renames": {"ada": "boris"}},
        {"renames": {"ada": "broadcast"}},
        {"renames": {"ada": "two words"}},
        {"same": frozenset({"nobody"})},
        {"alias": "wsp_mine"},
        {"alias": "a b"},
    ],
)
def test_wishes_that_cannot_be_are_refused(exported, bring, wanted):
    with pytest.raises(InvalidInput):
        bring(exported, **wanted)
    assert nothing_came()


def test_ids_that_are_here_already_are_refused(exported, bring, tmp_path):
    bring(exported)
    copy = tmp_path / "copy"
    shutil.copytree(exported, copy)
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["workspace"] |= {"id": "wsp_" + "0" * 26, "alias": "copy"}
    (copy / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(AlreadyHere):
        bring(copy)
    assert not Workspace.objects.filter(alias="copy").exists()
