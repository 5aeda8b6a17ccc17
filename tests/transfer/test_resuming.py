"""An export that was broken off goes on where it stopped."""

import threading

import pytest

from bus import door, exporting, identity
from bus.exporting import NotYours
from tests.transfer.conftest import contents, lines


class Stop(Exception):
    """The power went."""


@pytest.fixture
def broken_off(harbor, tmp_path, monkeypatch):
    """Return a function that exports until a file was begun, and returns the folder."""
    monkeypatch.setattr("bus.exporting.FLUSH", 50)

    def broken_off(name):
        def stop(table, count):
            if table == name:
                raise Stop

        with pytest.raises(Stop):
            exporting.export(harbor.pk, tmp_path / "part", stop)
        return tmp_path / "part"

    return broken_off


def names(said):
    return {name for name, _ in said}


def go_on(harbor, folder):
    """Export again and return what was written, file by file."""
    said = []
    exporting.export(harbor.pk, folder, lambda name, count: said.append((name, count)))
    return said


@pytest.mark.parametrize("name", ["messages", "events", "handoffs"])
def test_it_ends_with_the_same_files(harbor, out, broken_off, name):
    folder = broken_off(name)
    assert not (folder / "manifest.json").exists()
    go_on(harbor, folder)
    assert contents(folder) == contents(out(harbor))


def test_finished_files_are_kept(harbor, broken_off):
    folder = broken_off("handoffs")
    before = (folder / "messages.jsonl").stat()
    assert names(go_on(harbor, folder)) == {"handoffs", "audience", "path_claims"}
    after = (folder / "messages.jsonl").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_the_log_goes_on_after_its_last_whole_line(harbor, out, broken_off):
    folder = broken_off("events")
    with (folder / "events.jsonl.part").open("ab") as file:
        file.write(b'{"seq":51,"hash":"0')
    said = [count for name, count in go_on(harbor, folder) if name == "events"]
    assert said[0] == 100
    assert contents(folder) == contents(out(harbor))


def test_a_damaged_file_is_written_anew(harbor, out, broken_off):
    folder = broken_off("handoffs")
    with (folder / "messages.jsonl").open("r+b") as file:
        file.write(b"[")
    assert "messages" in names(go_on(harbor, folder))
    assert contents(folder) == contents(out(harbor))


def test_when_more_happened_only_the_log_goes_on(harbor, out, broken_off):
    folder = broken_off("handoffs")
    logged = len(lines(folder, "events"))
    operator = identity.operator("test", workspace="harbor")
    door.run("message_create", operator, {"to": "ada", "subject": "Meanwhile", "body": ""})
    said = go_on(harbor, folder)
    assert [count for name, count in said if name == "events"] == [logged + 1]
    assert lines(folder, "messages")[-1]["subject"] == "Meanwhile"
    assert contents(folder) == contents(out(harbor))


def test_a_finished_export_is_brought_up_to_date(harbor, out):
    folder = out(harbor)
    assert go_on(harbor, folder) == []
    operator = identity.operator("test", workspace="harbor")
    door.run("message_create", operator, {"to": "ada", "subject": "Later", "body": ""})
    go_on(harbor, folder)
    assert contents(folder) == contents(out(harbor))


def test_a_part_that_is_not_the_log_is_written_anew(harbor, out, broken_off):
    folder = broken_off("events")
    part = folder / "events.jsonl.part"
    part.write_bytes(part.read_bytes().replace(b'"hash":"', b'"hash":"f', 50)[:-1] + b"\n")
    go_on(harbor, folder)
    assert contents(folder) == contents(out(harbor))


def test_other_peoples_folders_are_left_alone(harbor, settle, out, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("Years of work.")
    with pytest.raises(NotYours):
        exporting.export(harbor.pk, tmp_path / "mine")
    with pytest.raises(NotYours):
        exporting.export(settle("other").id, out(harbor))
    assert contents(tmp_path / "mine") == {"thesis.txt": b"Years of work."}


def test_the_files_are_for_their_owner_only(harbor, out):
    folder = out(harbor)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_it_is_one_view_and_writers_go_on(harbor, tmp_path):
    """Somebody writes while the export stands still in its middle: it is written, and is not in the export."""
    operator = identity.operator("test", workspace="harbor")
    order = {"to": "ada", "subject": "While you export", "body": ""}

    def write(name, count):
        if name == "agents":
            worker = threading.Thread(target=lambda: door.run("message_create", operator, order))
            worker.start()
            worker.join()

    exporting.export(harbor.pk, tmp_path / "view", write)
    listed = door.run("message_list", operator, {"limit": 1}).messages
    assert [each.subject for each in listed] == ["While you export"]
    assert "While you export" not in {line["subject"] for line in lines(tmp_path / "view", "messages")}
