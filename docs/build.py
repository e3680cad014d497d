"""Builds the book in both languages: docs/site/en and docs/site/es.

Run: python3 docs/build.py
It needs mdBook: cargo install mdbook --version ^0.5
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
SPANISH = {
    "MDBOOK_BOOK__SRC": "es",
    "MDBOOK_BOOK__LANGUAGE": "es",
    "MDBOOK_BOOK__TITLE": "Sockets UDP, en Rust y en Python",
    "MDBOOK_BUILD__BUILD_DIR": "site/es",
}


def build(mdbook="mdbook"):
    """Runs `mdbook` once for each language."""
    python = f'"{sys.executable}" outside.py'
    for settings in {}, SPANISH:
        settings = {"MDBOOK_PREPROCESSOR__OUTSIDE__COMMAND": python, **settings}
        command = [mdbook, "build", str(DOCS)]
        subprocess.run(command, env={**os.environ, **settings}, check=True)


if __name__ == "__main__":
    if not shutil.which("mdbook"):
        sys.exit("Error: mdbook is not here; cargo install mdbook")
    build()
