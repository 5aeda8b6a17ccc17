"""Names of git remotes: one for every spelling, none that tells a secret or a path."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bus.places import git_remote


def repository(folder: Path, config: str) -> Path:
    """Make a repository with this git config."""
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_bytes(config.encode())
    return folder


@pytest.mark.parametrize(
    "url",
    [
        "git@example.com:Owner/repo.git",
        "git@EXAMPLE.com:Owner/repo.git",
        "example.com:Owner/repo",
        "https://example.com/Owner/repo.git",
        "https://example.com/Owner/repo/",
        "https://user:pw@example.com/Owner/repo",
        "https://user:p%40w@EXAMPLE.com:8443/Owner/repo.git",
        "https://token@example.com/Owner/repo?private_token=x#y",
        "ssh://git@example.com/Owner/repo",
        "ssh://git@example.com:2222/Owner/repo.git/",
        "git+ssh://git@example.com/Owner/repo.git",
        '"https://example.com/Owner/repo.git"',
        "https://example.com/Owner/repo.git # where it lives",
    ],
)
def test_remote_is_named_the_same_however_it_is_written(tmp_path: Path, url: str) -> None:
    repository(tmp_path, f'[core]\n\tbare = false\n[remote "origin"]\n\turl = {url}\n\tfetch = +refs/heads/*\n')
    assert git_remote(tmp_path) == "example.com/Owner/repo"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/srv/git/repo.git",
        "../repo.git",
        "file:///srv/git/repo.git",
        "file://host/repo.git",
        "C:/src/repo",
        "C:\\work\\repo",
        "https://",
        "https://example.com",
        "https://[broken/repo",
        "https://user:p/w@example.com/repo",
        "https://user:1/secret@example.com/repo",
        "user:p@secret@example.com:repo",
        "ext::sh -c whoami",
        "https://example.com/\u202eoper",
        "https://example.com/\x1b[31m",
        "https://example.com/" + "x" * 300,
    ],
)
def test_remote_that_names_nothing_elsewhere_is_empty(tmp_path: Path, url: str) -> None:
    repository(tmp_path, f'[remote "origin"]\n\turl = {url}\n')
    assert git_remote(tmp_path) == ""


def remote(name: str) -> str:
    return f'[remote "{name}"]\n\tfetch = +refs/heads/*\n\turl = git@example.com:o/{name}.git\n'


def test_origin_is_preferred_to_other_remotes(tmp_path: Path) -> None:
    repository(tmp_path, remote("upstream") + remote("origin"))
    assert git_remote(tmp_path) == "example.com/o/origin"


def test_only_remote_is_taken_whatever_its_name(tmp_path: Path) -> None:
    repository(tmp_path, '[remote "empty"]\n\tfetch = +refs/heads/*\n' + remote("upstream"))
    assert git_remote(tmp_path) == "example.com/o/upstream"


def test_several_remotes_without_origin_give_nothing(tmp_path: Path) -> None:
    repository(tmp_path, remote("upstream") + remote("fork"))
    assert git_remote(tmp_path) == ""


@pytest.mark.parametrize(
    "config",
    [
        '\turl = x\n[remote "origin"]\n\turl = git@example.com:o/r.git\n',
        '[remote "origin"]\n\turl\n',
        "[remote]\n\turl = git@example.com:o/r.git\n",
        "%(x)s",
        "\0" * 100,
        "[" * 100,
    ],
)
def test_odd_config_gives_no_remote(tmp_path: Path, config: str) -> None:
    repository(tmp_path, config)
    assert git_remote(tmp_path) == ""


@pytest.mark.parametrize(
    "config",
    [
        '[remote "origin"]\nurl = git@example.com:o/r.git\n\t\tfetch = x\n',
        '[remote "origin"]\r\n\turl = git@example.com:o/r.git\r\n\tfetch = x\r\n',
        '; a comment\n# another\n[Remote   "origin"]\n\n\tURL=git@example.com:o/r.git\n\tprune\n',
        '[alias]\n\tx = "!f() { echo 100%; }; f"\n[remote "origin"]\n\turl = git@example.com:o/r.git\n',
        '[core]\n[core]\n[remote "origin"]\n\turl = git@example.com:o/old.git\n\turl = git@example.com:o/r.git\n',
        '[user]\n\tname = caf\u00e9\n[remote "origin"]\n\turl = git@example.com:o/r.git\n',
    ],
)
def test_config_is_read_as_git_writes_it(tmp_path: Path, config: str) -> None:
    repository(tmp_path, config)
    assert git_remote(tmp_path) == "example.com/o/r"


def test_remote_of_a_folder_without_git_is_empty(tmp_path: Path) -> None:
    assert git_remote(tmp_path) == ""


def test_remote_is_found_where_a_git_file_points(tmp_path: Path) -> None:
    module = tmp_path / ".git" / "modules" / "lib"
    module.mkdir(parents=True)
    (module / "config").write_text(remote("origin"))
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / ".git").write_text("gitdir: ../.git/modules/lib\n")
    assert git_remote(tmp_path / "lib") == "example.com/o/origin"


def test_remote_of_a_bare_repository_is_found(tmp_path: Path) -> None:
    bare = tmp_path / "project.git"
    (bare / "objects").mkdir(parents=True)
    (bare / "HEAD").write_text("ref: refs/heads/main\n")
    (bare / "config").write_text(remote("origin"))
    assert git_remote(bare) == "example.com/o/origin"


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_remote_of_any_config_is_short_and_printable(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = repository(tmp_path_factory.mktemp("any"), "")
    (folder / ".git" / "config").write_bytes(b'[remote "origin"]\n\turl = host.example:' + content)
    name = git_remote(folder)
    assert name == "" or (name.startswith("host.example/") and name.isprintable() and len(name) <= 300)
