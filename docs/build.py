"""Builds the book in both languages: docs/site, with en and es.

Run: python3 docs/build.py
It needs mdBook, and for the two labs a compiler for WebAssembly, or they stay
pictures: README.md says how to get both.
"""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import unicodedata
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
:root { line-height: 1.5; background: Canvas; color-scheme: light dark }
img { max-width: 100%; height: auto }
a { display: inline-block; padding: 0.5em 0 }
</style>
<h1>UDP sockets</h1>
<img src="echo-ladder.svg" alt="The client sends a text to the server, which
sends it back">
<p>What happens when two programs talk: the sockets interface, in Python and in
Rust side by side, with exercises and a judge for programs of your own. For
students of networks who have written a little Python, and for their teachers.
<a href="en/introduction.html" hreflang="en">Read it in English</a></p>
<div lang="es">
<h2>Sockets UDP</h2>
<img src="echo-ladder.es.svg" alt="El cliente le manda un texto al servidor, que
se lo devuelve">
<p>Qué pasa cuando dos programas conversan: la interfaz de sockets, en Python y
en Rust lado a lado, con ejercicios y un juez para los programas que escribas.
Para quien estudia redes y ya escribió algo en Python, y para quien da clases.
<a href="es/introduction.html" hreflang="es">Leelo en castellano</a></p>
<p>De un curso universitario argentino. <a
href="es/further-reading.html#de-quién-es-este-taller">De quién es</a></p>
</div>
"""


# What mdBook itself says, in Spanish.
WORDS = {
    ">Auto<": ">Automático<",
    ">Light<": ">Claro<",
    "Change theme": "Cambiar el tema",
    "Copied!": "¡Copiado!",
    "Copy to clipboard": "Copiar",
    "Document not found (404)": "No existe esta página (404)",
    "Next chapter": "Capítulo siguiente",
    "No search results for \\'": "No hay resultados para \\'",
    "Page navigation": "Navegación",
    "Previous chapter": "Capítulo anterior",
    "Print this book": "Imprimir el libro",
    "Search (`/`)": "Buscar (`/`)",
    "Search this book ...": "Buscar en el libro ...",
    "Skip to the text": "Ir al texto",
    "Table of contents": "Índice",
    "Themes": "Temas",
    "This URL is invalid, sorry. Please use the navigation bar or search to "
    "continue.": "La dirección no es válida. Seguí por el índice, o buscá.",
    "Toggle Searchbar": "Mostrar u ocultar la búsqueda",
    "Toggle Table of Contents": "Mostrar u ocultar el índice",
    "search result for": "resultado para",
    "search results for": "resultados para",
}
SKIP = '<body>\n<a class="skip" href="#text">Skip to the text</a>'
QUERY = "searchindex.search(searchterm,"
# Where an arrow key turns no page of mdBook's: nor does it where code scrolls.
TYPED = "/^(?:input|select|textarea)$/"
PLAIN = 'normalize("NFD").replace(/[\\u0300-\\u036f]/g, "")'


def plain(text):
    """The text without its accents."""
    parts = unicodedata.normalize("NFD", text)
    return "".join(c for c in parts if not unicodedata.combining(c))


def joined(one, two):
    """Two branches of the search index as one, with a and á in one place."""
    both = {}
    for key, value in [*one.items(), *two.items()]:
        if key in ("docs", "df"):
            continue
        both[plain(key)] = joined(both.get(plain(key), {}), value)
    docs = {**one.get("docs", {}), **two.get("docs", {})}
    return {**both, "docs": docs, "df": len(docs)}


def fold(index):
    """The search index as text, so that nucleo finds núcleo."""
    before, rest = index.split("JSON.parse('", 1)
    text, after = rest.rsplit("')", 1)
    text = text.replace("\\'", "'").replace("\\\\", "\\")
    search = json.loads(text)
    for field in search["index"]["index"].values():
        field["root"] = joined(field["root"], {})
    text = json.dumps(search, ensure_ascii=False, separators=(",", ":"))
    text = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"{before}JSON.parse('{text}'){after}"


# What a table is, for who hears it, where the style sheet makes cards of it.
ROLES = {
    "<table": '<table class="cards" role="table"',
    "<thead": '<thead role="rowgroup"',
    "<tbody": '<tbody role="rowgroup"',
    "<tr": '<tr role="row"',
    "<th>": '<th role="columnheader">',
}


def cards(table):
    """A table of three columns or more, so marked that a telephone can show each
    row as a card: every cell has the head of its column with it."""
    cells = re.findall("<th>(.*?)</th>", table[0], re.S)
    heads = [
        re.sub("<[^>]*>", "", cell).replace('"', "&quot;") for cell in cells
    ]
    if len(heads) < 3:
        return table[0]
    rows = []
    for row in table[0].split("<tr>"):
        start, *cells = row.split("<td")
        named = [
            f'<td role="cell" data-head="{name}"{cell}'
            for name, cell in zip(heads, cells)
        ]
        rows.append(start + "".join(named))
    text = "<tr>".join(rows)
    for tag, with_role in ROLES.items():
        text = text.replace(tag, with_role)
    return text


def reachable(text):
    """A page on which the keyboard reaches all that scrolls, and the text at
    once; a telephone shows its tables whole."""
    label = '<label id="mdbook-sidebar-toggle"'
    text = text.replace(label, label + ' role="button"')
    # It scrolls where it does not fit.
    text = re.sub(
        r'<code class="(language-(text|drawing))',
        r'<code tabindex="0" class="\1',
        text,
    )
    text = re.sub("<table>.*?</table>", cards, text, flags=re.S)
    text = text.replace("<main>", '<main id="text" tabindex="-1">')
    return text.replace("<body>", SKIP, 1)


def sideways(text):
    """A page of twins, which is printed in landscape."""
    style = "<style>@page { size: A4 landscape; }</style></head>"
    return text.replace("</head>", style, 1)


def changed(text, old, new):
    """A text of mdBook's with `new` for `old`."""
    if old not in text:
        sys.exit("Error: mdBook is not the one of docs/README.md")
    return text.replace(old, new)


def mend(site, words):
    """Gives a built book the words of its language, and makes all of it
    reachable."""
    for file in sorted(site.rglob("*")):
        if file.suffix not in (".html", ".js"):
            continue
        text = file.read_text(encoding="utf-8")
        new = reachable(text) if file.suffix == ".html" else text
        if 'class="twin' in new and file.name != "print.html":
            new = sideways(new)
        for english, spanish in words.items():
            if file.suffix == ".html" or file.name.startswith(
                ("book-", "searcher-")
            ):
                new = new.replace(english, spanish)
        if file.name.startswith("book-"):
            new = changed(new, TYPED, TYPED.replace("input", "code|input"))
        if words and file.name.startswith("searcher-"):
            term = f"searchindex.search(searchterm.{PLAIN},"
            new = changed(new, QUERY, term)
        if words and file.name.startswith("searchindex-"):
            new = fold(text)
        if new != text:
            file.write_text(new, encoding="utf-8")


# Small before fast; what cannot happen is told nobody.
FLAGS = "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Cstrip=symbols"
LABS = ["lab.html", "udp-header.html"]


def compiler():
    """A rustc for WebAssembly: its environment, and cargo's arguments."""
    for rustc in filter(None, [shutil.which("rustc"), "/usr/bin/rustc"]):
        asked = [rustc, "--print", "sysroot"]
        try:
            answer = subprocess.run(asked, capture_output=True, cwd=DOCS.anchor)
        except OSError:
            continue
        rustlib = Path(answer.stdout.decode().strip()) / "lib/rustlib"
        own = list(rustlib.glob("*/bin/rust-lld*"))
        if not own and not shutil.which("wasm-ld"):
            continue
        tools = {"RUSTC": rustc}
        if not own:  # Debian's has the linker in a package of its own.
            name = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER"
            tools[name] = "wasm-ld"
        if (rustlib / "src/rust/library/std").exists():
            # Its std is built as small as the lab.
            tools.update(RUSTC_BOOTSTRAP="1", RUSTFLAGS=FLAGS)
            small = "-Zbuild-std-features=optimize_for_size"
            return tools, ["-Zbuild-std=std,panic_abort", small]
        if (rustlib / "wasm32-unknown-unknown").exists():
            return tools, []
    return None


def missing(why):
    """The labs' pages have pictures instead; .ci/run wants the labs."""
    if os.environ.get("WORKSHOP_PEERS") == "1":
        sys.exit(f"Error: {why}")
    print(f"skipped: {why}; the labs stay pictures")


def labs():
    """Builds docs/lab for the browser, and puts it into its pages."""
    found = compiler()
    if not found or not shutil.which("cargo"):
        return missing("there is no compiler for WebAssembly (README.md)")
    tools, more = found
    target = os.environ.get("CARGO_TARGET_DIR", DOCS.parent / "target")
    target = Path(target).resolve() / "wasm"
    kind = "wasm32-unknown-unknown"
    command = ["cargo", "rustc", "-p", "lab", "--lib", "--crate-type=cdylib"]
    command += ["--profile=lab", f"--target={kind}", f"--target-dir={target}"]
    command += more
    command += [f"--manifest-path={DOCS.parent / 'Cargo.toml'}"]
    settings = {**os.environ, **tools}
    command += ["--", "-Clink-arg=--compress-relocations"]
    # From elsewhere: what std needs is not among the packages of a copy that was
    # handed out, and its .cargo/config.toml allows no others.
    if subprocess.run(command, env=settings, cwd=DOCS.anchor).returncode:
        return missing("cargo has not built the labs")
    code = (target / kind / "lab/lab.wasm").read_bytes()
    print(f"the lab: {len(code)} bytes")
    script = (DOCS / "lab/lab.js").read_text(encoding="utf-8")
    script += f'\nstart("{base64.b64encode(code).decode()}");\n'
    for language in "en", "es":
        site = DOCS / "site" / language
        (site / "lab.js").write_text(script, encoding="utf-8")
        for page in LABS:
            text = (site / page).read_text(encoding="utf-8")
            text = text.replace(
                "</body>", '<script src="lab.js"></script></body>'
            )
            (site / page).write_text(text, encoding="utf-8")


def build():
    """Runs mdbook once for each language."""
    if not shutil.which("mdbook"):
        sys.exit("Error: mdbook is not here; docs/README.md says how to get it")
    python = f'"{sys.executable}" outside.py'
    for settings in {}, SPANISH:
        settings = {"MDBOOK_PREPROCESSOR__OUTSIDE__COMMAND": python, **settings}
        command = ["mdbook", "build", str(DOCS)]
        if subprocess.run(command, env={**os.environ, **settings}).returncode:
            sys.exit("Error: mdbook has not built the book")
    mend(DOCS / "site/en", {})
    mend(DOCS / "site/es", WORDS)
    labs()
    (DOCS / "site/index.html").write_text(INDEX, encoding="utf-8")
    for picture in (DOCS / "material").glob("echo-ladder*.svg"):
        shutil.copy(picture, DOCS / "site")


if __name__ == "__main__":
    build()
