"""Builds the book in both languages: docs/site, with en and es.

Run: python3 docs/build.py
It needs mdBook: README.md says how to get it.
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
INDEX = """<!doctype html>
<meta charset="utf-8">
<title>UDP sockets / Sockets UDP</title>
<p><a href="en/introduction.html" hreflang="en">English</a></p>
<p><a href="es/introduction.html" hreflang="es">Español</a></p>
"""


def build():
    """Runs mdbook once for each language."""
    if not shutil.which("mdbook"):
        sys.exit("Error: mdbook is not here; docs/README.md says how to get it")
    python = f'"{sys.executable}" outside.py'
    for settings in {}, SPANISH:
        settings = {"MDBOOK_PREPROCESSOR__OUTSIDE__COMMAND": python, **settings}
        command = ["mdbook", "build", str(DOCS)]
        subprocess.run(command, env={**os.environ, **settings}, check=True)
    (DOCS / "site/index.html").write_text(INDEX, encoding="utf-8")


if __name__ == "__main__":
    build()
