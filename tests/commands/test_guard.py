"""The git hook: what another agent holds is not committed, what was there goes on, and nobody is held up without Nexus."""

import os

import pytest

pytestmark = pytest.mark.slow

OWN = "#!/bin/sh\necho own hook >> own.log\n"


@pytest.fixture(scope="module")
def keys(person):
    """Return the keys of alice, who commits, and of bob, who holds what is under src."""
    found = {name: person.agent(name) for name in ("alice", "bob")}
    order = {"globs": ["src/**"], "reason": "parser"}
    held = person.server.ask("/api/v1/paths", order, Authorization=f"Bearer {found['bob']}")
    assert "error" not in held, held
    return found


def stage(person, name, text="x"):
    path = person.shop / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    assert person.git("add", name).returncode == 0


def test_guard_refuses_what_another_holds_and_keeps_the_hook_that_was_there(person, keys):
    hooks = person.shop / ".git" / "hooks"
    (hooks / "pre-commit").write_text(OWN)
    (hooks / "pre-commit").chmod(0o755)
    for _ in range(2):  # a second time changes nothing
        assert person.json("guard", "install")["before"] == str(hooks / "pre-commit.before-nexus")

    stage(person, "free.txt")
    assert person.git("commit", "-qm", "free", NEXUS_KEY=keys["alice"]).returncode == 0
    stage(person, "src/app.py")
    refused = person.git("commit", "-qm", "held", NEXUS_KEY=keys["alice"])
    assert refused.returncode == 1
    assert "src/app.py  bob holds src/**" in refused.stderr + refused.stdout
    assert ": parser" in refused.stderr + refused.stdout
    assert person.git("commit", "-qm", "nobody says who commits").returncode == 1
    assert person.git("commit", "-qm", "bob's own", NEXUS_KEY=keys["bob"]).returncode == 0
    assert (person.shop / "own.log").read_text().count("own hook") == 4

    assert person.nexus("guard", "uninstall").returncode == 0
    assert (hooks / "pre-commit").read_text() == OWN
    assert not (hooks / "pre-commit.before-nexus").exists()
    assert "no guard" in person.nexus("guard", "uninstall").stdout


def test_guard_knows_the_agent_of_the_program_that_runs_it(person, keys):
    (person.data / "keys").mkdir(mode=0o700, exist_ok=True)
    (person.data / "keys" / "bob").write_text(keys["bob"])
    stage(person, "src/more.py")
    assert [each["glob"] for each in person.json("guard", "check")["held"]] == ["src/more.py"]
    assert person.json("guard", "check", "--agent", "bob")["held"] == []
    assert person.nexus("connect", "claude-code", "--agent", "bob", "--yes").returncode == 0
    assert person.json("guard", "check", CLAUDECODE="1")["held"] == []
    assert person.git("reset", "-q").returncode == 0


def test_guard_lets_commits_pass_where_nexus_is_away(person, keys, tmp_path):
    assert person.nexus("guard", "install").returncode == 0
    none, nowhere = {"NEXUS_HOME": str(tmp_path / "none")}, {"NEXUS_URL": "http://127.0.0.1:9"}
    for number, more in enumerate((none, nowhere, {"NEXUS_KEY": "nxs_a_b"})):
        stage(person, f"away-{number}.txt")
        passed = person.git("commit", "-qm", "away", **more)
        assert (passed.returncode, passed.stderr.count("are not checked: ")) == (0, 1), passed.stderr
    assert not (tmp_path / "none").exists()
    outside = person.nexus("guard", "install", GIT_DIR=str(tmp_path))
    assert (outside.returncode, "no git repository" in outside.stderr) == (2, True)


def test_a_name_that_cannot_be_asked_about_lets_no_other_file_pass(person, keys):
    odd = ["back\\slash.txt", "two\nlines.txt", "a**b.txt", "/".join(["d" * 90] * 4), os.fsdecode(b"\xff.txt")]
    for name in odd:
        (person.shop / name).parent.mkdir(parents=True, exist_ok=True)
        (person.shop / name).write_text("x")
    person.git("add", "--", *odd)
    stage(person, "src/beside.py")
    found = person.json("guard", "check", NEXUS_KEY=keys["alice"])
    assert [each["glob"] for each in found["held"]] == ["src/beside.py"], found
    assert len(found["skipped"]) == len(odd)
    refused = person.nexus("guard", "check", NEXUS_KEY=keys["alice"])
    assert (refused.returncode, refused.stderr.count("nexus: not checked: ")) == (1, len(found["skipped"]))
    assert "two\\nlines.txt: A path glob holds no control characters." in refused.stderr
    assert person.git("reset", "-q").returncode == 0
