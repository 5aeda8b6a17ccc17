"""What comes from others is exactly what it says it is."""

import hashlib
import json
import re
from pathlib import Path

STATIC = Path(__file__).resolve().parents[2] / "static"
VENDOR = STATIC / "vendor"
LISTED = json.loads((VENDOR / "VENDORED.json").read_text())


def test_every_file_has_its_version_licence_and_hash() -> None:
    for each in LISTED:
        content = (VENDOR / each["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == each["sha256"], each["file"]
        assert each["version"] in each["file"]
        assert each["licence"] in {"0BSD", "ISC", "MIT"}
        assert each["url"].startswith("https://")


def test_no_file_is_unlisted() -> None:
    found = {path.name for path in VENDOR.iterdir()} - {"README.md", "VENDORED.json"}
    assert found == {each["file"] for each in LISTED}


def test_pages_load_nothing_from_elsewhere() -> None:
    root = STATIC.parent
    sources = [*root.glob("templates/**/*.html"), *STATIC.glob("css/*.css"), *STATIC.glob("js/**/*.js")]
    assert sources
    for path in sources:
        text = path.read_text()
        assert not re.search(r"""(?:src|href|url\(|import|from)\s*[=(]?\s*["']?(?:https?:)?//""", text), path


def test_pages_style_and_script_nothing_inline() -> None:
    for path in (STATIC.parent / "templates" / "dashboard").rglob("*.html"):
        text = path.read_text()
        assert not re.search(r"\sstyle\s*=", text), path
        assert not re.search(r"\son[a-z]+\s*=", text), path
        assert not re.search(r"hx-on|\bjs:", text), path
        assert not re.search(r"<script(?![^>]*(?:nonce|src)=)", text), path
