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
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>UDP sockets / Sockets UDP</title>
<style>
body { max-width: 40em; margin: auto; padding: 1em; font-family: sans-serif }
body { line-height: 1.5; color-scheme: light dark }
pre { overflow-x: auto; line-height: 1.2 }
a { display: inline-block; padding: 0.5em 0 }
</style>
<h1>UDP sockets</h1>
<pre>
client                                        server
  |------- "Taller I: Echo sobre UDP" ------------>|
  |&lt;------ "Taller I: Echo sobre UDP" -------------|
</pre>
<p>What happens when two programs talk: the sockets interface, in Python and in
Rust side by side, with exercises and a judge for programs of your own. For
students of networks who have written a little Python, and for their teachers.
<a href="en/introduction.html" hreflang="en">Read it in English</a></p>
<div lang="es">
<h2>Sockets UDP</h2>
<p>Qué pasa cuando dos programas conversan: la interfaz de sockets, en Python y
en Rust lado a lado, con ejercicios y un juez para los programas que escribas.
Para quien estudia redes y ya escribió algo en Python, y para quien da clases.
<a href="es/introduction.html" hreflang="es">Leelo en castellano</a></p>
<p>De un curso universitario argentino. <a
href="es/further-reading.html#de-quién-es-este-taller">De quién es</a></p>
</div>
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
