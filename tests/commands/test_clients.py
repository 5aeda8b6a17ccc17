"""Running a program with its key, opening the dashboard, and the doctor for one client."""

import json
import stat

import pytest

pytestmark = pytest.mark.slow


def states(found):
    return {each["subject"]: (each["state"], each["fix"]) for each in found["findings"]}


def test_run_puts_the_key_into_the_environment_and_nowhere_else(person):
    person.program("codex", 'echo "$NEXUS_KEY"; echo "$@"; tr "\\0" "\\n" < /proc/$$/cmdline')
    ran = person.nexus("run", "codex", "--agent", "carol", "--", "exec", "--json", "-x", "two words")
    key, words, *line = ran.stdout.splitlines()
    path = person.data / "keys" / "carol"
    assert path.read_text().strip() == key
    assert (stat.filemode(path.stat().st_mode), stat.filemode(path.parent.stat().st_mode)) == (
        "-rw-------",
        "drwx------",
    )
    assert words == "exec --json -x two words"
    assert not any(key in each for each in line)
    assert "nexus connect codex" in ran.stderr
    again = person.nexus("run", "generic", "--agent", "carol", "--", "sh", "-c", 'echo "$NEXUS_KEY"')
    assert again.stdout.strip() == key
    me = json.loads(person.nexus("call", "whoami", NEXUS_KEY=key).stdout)
    assert (me["agent"], me["harness"]) == ("carol", "codex")
    assert person.nexus("run", "goose").returncode == 1


def test_open_gives_a_link_that_logs_in_once(person, tmp_path):
    link = person.nexus("open", "--print").stdout.splitlines()[0]
    path = link.removeprefix(person.server.said["url"])
    with person.server.open(path) as first:
        assert first.status == 302
    with person.server.open(path) as second:
        assert second.status == 410
    assert person.nexus("open", DISPLAY="", WAYLAND_DISPLAY="").stdout.startswith(person.server.said["url"])
    person.program("browser", 'echo "$1" > "$HOME/opened"')
    assert person.nexus("open", DISPLAY=":9", BROWSER=f"{person.programs}/browser %s").stdout.startswith("Opened")
    assert "/login/" in (person.home / "opened").read_text()
    away = person.nexus("open", NEXUS_HOME=str(tmp_path))
    assert (away.returncode, "nexus serve" in away.stderr) == (3, True)


def test_doctor_follows_one_client_and_each_fault_has_its_remedy(person):
    before = states(person.json("doctor", "--client", "claude-code"))
    assert before["files"] == ("failed", "nexus connect claude-code --agent claude-code")
    assert before["key"] == before["hook"] == ("failed", "nexus connect claude-code --agent claude-code")

    person.program("claude", "echo 2.1.332")
    assert person.nexus("connect", "claude-code", "--yes").returncode == 0
    found = person.json("doctor", "--client", "claude-code")
    assert {state for subject, (state, _) in states(found).items() if subject != "hook"} == {"ok"}, found
    (hook,) = (each for each in found["findings"] if each["subject"] == "hook")
    assert "start and end took" in hook["text"]  # which is a warning on a slow machine
    assert {"program", "files", "endpoint", "key", "tools", "hook", "send"} <= {
        each["subject"] for each in found["findings"]
    }
    sent = person.json("call", "message_list", "peer=claude-code")["messages"]
    assert {(each["from"], each["subject"]) for each in sent} == {("claude-code", "A test by nexus doctor")}

    (person.data / "keys" / "claude-code").chmod(0o644)
    key_file = person.data / "keys" / "claude-code"
    assert states(person.json("doctor", "--client", "claude-code"))["tools"][0] == "ok"
    loose = person.nexus("doctor", "--client", "claude-code")
    assert (loose.returncode, f"Run: chmod 600 {key_file}" in loose.stdout) == (1, True)
    key_file.write_text("nxs_a_b")
    wrong = states(person.json("doctor", "--client", "claude-code"))["key"]
    assert wrong == ("failed", f"rm {key_file}; nexus connect claude-code --agent claude-code")


def test_doctor_reads_what_stands_in_the_files(person):
    assert person.nexus("connect", "gemini", "--agent", "dan", "--toolsets", "core,inbox", "--yes").returncode == 0
    file, mend = person.home / ".gemini" / "settings.json", "nexus connect gemini --agent dan --toolsets core,inbox"
    text, key = file.read_text(), (person.data / "keys" / "dan").read_text()
    well = person.json("doctor", "--client", "gemini", "--agent", "dan")
    assert well["ok"], well
    assert person.json("doctor", "--client", "gemini")["findings"][1]["text"] == well["findings"][1]["text"]
    for wrong in (text.replace(key, "nxs_a_b"), text.replace("nexus-hook", "gone-hook"), text + "}"):
        assert wrong != text
        file.write_text(wrong)
        found = person.json("doctor", "--client", "gemini", "--agent", "dan")
        assert states(found)["files"] == ("failed", mend)
    refused = person.nexus("connect", "gemini", "--agent", "dan", "--toolsets", "nonsense &x", "--yes")
    assert (refused.returncode, "no toolset named 'nonsense &x'" in refused.stderr) == (2, True)
    assert file.read_text() == text + "}"
