"""Where a workspace is: roots, ids and aliases."""

import hashlib
import os
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bus.errors import InvalidInput
from bus.ids import ALPHABET
from bus.places import alias, find_root, public_id


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder whose own path has no symlink and no repository above it."""
    return Path(os.path.realpath(tmp_path))


def repository(folder: Path) -> Path:
    """Make what marks a repository."""
    (folder / ".git").mkdir(parents=True)
    return folder


def linked(folder: Path, git_folder: Path, written: str = "", common: str = "../..") -> Path:
    """Make a linked worktree whose data git keeps in `git_folder`; its `.git` file says `written`."""
    folder.mkdir(parents=True)
    git_folder.mkdir(parents=True)
    (folder / ".git").write_text(f"gitdir: {written or git_folder}\n")
    (git_folder / "commondir").write_text(f"{common}\n")
    return folder


def test_root_is_the_nearest_folder_with_git(home: Path) -> None:
    outer = repository(home / "outer")
    inner = repository(outer / "vendor" / "inner")
    deep = inner / "src" / "deep"
    deep.mkdir(parents=True)
    assert find_root(str(deep)) == inner
    assert find_root(str(inner)) == inner
    assert find_root(str(outer / "vendor")) == outer


def test_root_of_a_folder_without_git_is_the_folder(home: Path) -> None:
    plain = home / "plain"
    plain.mkdir()
    assert find_root(str(plain)) == plain
    assert find_root(f"{plain}/") == plain
    assert find_root(f"{plain}/../plain/.") == plain


def test_root_is_found_through_symlinks(home: Path) -> None:
    real = repository(home / "real")
    (real / "src").mkdir()
    outside = repository(home / "outside")
    (outside / "link").symlink_to(real / "src")
    assert find_root(str(outside / "link")) == real


@pytest.mark.parametrize("is_relative", [False, True])
def test_linked_worktree_counts_as_its_main_repository(home: Path, is_relative: bool) -> None:
    main = repository(home / "main")
    written = "../main/.git/worktrees/fix" if is_relative else ""
    worktree = linked(home / "fix", main / ".git" / "worktrees" / "fix", written)
    (worktree / "src").mkdir()
    assert find_root(str(worktree / "src")) == main
    assert public_id(find_root(str(worktree))) == public_id(find_root(str(main)))


def test_worktree_inside_its_main_repository_counts_as_it(home: Path) -> None:
    main = repository(home / "main")
    worktree = linked(main / ".worktrees" / "fix", main / ".git" / "worktrees" / "fix")
    assert find_root(str(worktree)) == main


def test_worktree_that_git_has_forgotten_still_counts_as_its_main_repository(home: Path) -> None:
    main = repository(home / "main")
    (home / "fix").mkdir()
    (home / "fix" / ".git").write_text(f"gitdir: {main}/.git/worktrees/fix\n")
    assert find_root(str(home / "fix")) == main


def test_worktree_without_its_main_repository_stands_alone(home: Path) -> None:
    (home / "fix").mkdir()
    (home / "fix" / ".git").write_text("gitdir: /nowhere/.git/worktrees/fix\n")
    assert find_root(str(home / "fix")) == home / "fix"


def test_worktree_of_a_bare_repository_counts_as_the_bare_repository(home: Path) -> None:
    bare = home / "project.git"
    worktree = linked(home / "fix", bare / "worktrees" / "fix")
    assert find_root(str(worktree)) == bare


def test_worktrees_around_a_hidden_bare_repository_count_as_the_folder_that_holds_it(home: Path) -> None:
    project = home / "project"
    worktree = linked(project / "fix", project / ".bare" / "worktrees" / "fix")
    (project / ".git").write_text("gitdir: ./.bare\n")
    assert find_root(str(worktree)) == find_root(str(project)) == project


@pytest.mark.parametrize("place", ["lib", "worktrees/lib"])
def test_submodule_is_a_repository_of_its_own(home: Path, place: str) -> None:
    outer = repository(home / "outer")
    (outer / ".git" / "modules" / place).mkdir(parents=True)
    submodule = outer / place
    submodule.mkdir(parents=True)
    up = "../" * (place.count("/") + 1)
    (submodule / ".git").write_text(f"gitdir: {up}.git/modules/{place}\n")
    assert find_root(str(submodule)) == submodule


def test_worktree_of_a_submodule_counts_as_the_submodule(home: Path) -> None:
    outer = repository(home / "outer")
    module = outer / ".git" / "modules" / "lib"
    worktree = linked(home / "fix", module / "worktrees" / "fix")
    (module / "config").write_text("[core]\n\tworktree = ../../../lib\n")
    (outer / "lib").mkdir()
    (outer / "lib" / ".git").write_text("gitdir: ../.git/modules/lib\n")
    assert find_root(str(worktree)) == outer / "lib"


def test_config_cannot_name_a_folder_that_does_not_belong_to_it(home: Path) -> None:
    victim = repository(home / "victim")
    bare = home / "bare"
    worktree = linked(home / "fix", bare / "worktrees" / "fix")
    (bare / "config").write_text(f"[core]\n\tworktree = {victim}\n")
    assert find_root(str(worktree)) == bare


@pytest.mark.parametrize("content", [b"", b"nonsense", b"gitdir:", b"gitdir: a\0b", b"\xff\xfe", b"gitdir: \xff"])
def test_odd_git_file_still_marks_a_root(home: Path, content: bytes) -> None:
    (home / "src").mkdir()
    (home / ".git").write_bytes(content)
    assert find_root(str(home / "src")) == home


def test_root_of_a_root_is_itself(home: Path) -> None:
    main = repository(home / "main")
    worktree = linked(home / "fix", main / ".git" / "worktrees" / "fix")
    root = find_root(str(worktree))
    assert find_root(str(root)) == root


@pytest.mark.parametrize("path", ["", ".", "src", "./src", "../src", "~", "~/src", "C:\\work"])
def test_relative_path_is_refused_with_the_fix(path: str) -> None:
    with pytest.raises(InvalidInput, match="relative") as refused:
        find_root(path)
    assert refused.value.fix == "Send the absolute path of the repository root."
    assert refused.value.details == {"field": "project_root", "sent": path}


def test_missing_path_is_refused_with_the_reason(home: Path) -> None:
    with pytest.raises(InvalidInput, match="No such file or directory"):
        find_root(str(home / "missing"))


def test_file_is_refused_with_the_fix(home: Path) -> None:
    (home / "app.py").touch()
    with pytest.raises(InvalidInput, match="is a file") as refused:
        find_root(str(home / "app.py"))
    assert refused.value.fix == "Send the folder that holds it."


def test_symlink_that_goes_in_circles_is_refused(home: Path) -> None:
    (home / "a").symlink_to(home / "b")
    (home / "b").symlink_to(home / "a")
    with pytest.raises(InvalidInput, match="not on this machine"):
        find_root(str(home / "a"))


@pytest.mark.parametrize(
    ("path", "sent"),
    [("/a\0b", r"/a\x00b"), ("/\ud800", "/\ufffd"), ("/" + "x" * 9_000, "/" + "x" * 299), ("/\x1b[2J", r"/\x1b[2J")],
)
def test_path_that_no_file_can_have_is_refused_and_shown_safely(path: str, sent: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        find_root(path)
    assert refused.value.details["sent"] == sent


def test_id_is_the_top_of_the_hash_of_the_path() -> None:
    digest = hashlib.sha256(b"/srv/caf\xc3\xa9").digest()
    bits = "".join(f"{byte:08b}" for byte in digest)[:130]
    spelled = "".join(ALPHABET[int(bits[place : place + 5], 2)] for place in range(0, 130, 5))
    assert public_id(Path("/srv/café")) == f"wsp_{spelled}"


def test_id_of_a_path_that_is_not_unicode_is_its_own() -> None:
    odd = [public_id(Path(os.fsdecode(name))) for name in (b"/srv/\xff", b"/srv/\xfe", b"/srv/")]
    assert len(set(odd)) == 3
    assert all(re.fullmatch(f"wsp_[{ALPHABET}]{{26}}", name) for name in odd)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("my-project_2.0", "my-project_2.0"),
        ("My Project (copy)", "My-Project-copy"),
        ("über uns", "uber-uns"),
        (".dotfiles", "dotfiles"),
        ("--force", "force"),
        ("日本語", "workspace"),
        ("…", "workspace"),
        ("x" * 100, "x" * 64),
        ("wsp_wsp_installation", "installation"),
        ("-wsp_", "workspace"),
        ("a\x1b[31m\udcffb", "a-31mb"),
    ],
)
def test_alias_is_a_slug_of_the_folder_name(name: str, slug: str) -> None:
    assert alias(Path("/work") / name) == slug


def test_alias_of_the_file_system_root_is_the_fallback() -> None:
    assert alias(Path("/")) == "workspace"


@settings(deadline=None)
@given(st.text(st.characters(exclude_characters="/\0"), min_size=1))
def test_alias_of_any_folder_is_well_formed(name: str) -> None:
    slug = alias(Path("/work") / name)
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", slug)
    assert not slug.startswith(("wsp_", "-", "."))
