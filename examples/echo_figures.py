"""Echo servers compared: which answers how many more requests?

Run: python3 examples/echo_figures.py

For each pair of servers, echo_load runs against one, then the
other, and again, in turn: so whatever else this machine does
meets both. A ratio is taken from each two neighbouring runs;
printed are the median and the smallest and largest ratio.
The C server is built with cc, where there is one.

--pairs    how many runs of each, 1 to 100 (9)
--seconds  how long each run takes, 1 to 255 (1)
--only     these rows: "C", "Rust", "release", "buffered" or
           "drawn", which go through the noisy link
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import threading

BUILD = ["cargo", "build", "--quiet"]
BUILDS = [
    BUILD + ["-p", "udp-echo"],
    BUILD + ["-p", "udp-echo", "--release"],
    BUILD + ["-p", "examples", "--examples", "--release"],
]
TARGET = os.environ.get("CARGO_TARGET_DIR", "target")
EXE = ".exe" if os.name == "nt" else ""

DEBUG = [f"{TARGET}/debug/server{EXE}"]
RELEASE = [f"{TARGET}/release/server{EXE}"]
EXAMPLES = f"{TARGET}/release/examples"
BUFFERED = [f"{EXAMPLES}/echo_buffered{EXE}"]
LOAD = [f"{EXAMPLES}/echo_load{EXE}", "--json"]
PYTHON = [sys.executable, "crates/udp-echo/python/server.py"]
C = [f"{TARGET}/release/echo_server{EXE}"]
LINK = [f"{EXAMPLES}/noisy_link{EXE}"]
DRAWN = LINK + ["--draw"]
CC = shutil.which("cc")

# What is compared, where the servers' lines go, and how many
# requests are on the way at once.
COMPARED = [
    ("C / Rust", C, RELEASE, "none", "1"),
    ("C / Rust", C, RELEASE, "none", "32"),
    ("C / Rust", C, RELEASE, "pipe", "1"),
    ("C / Rust", C, RELEASE, "pipe", "32"),
    ("Rust / Python", RELEASE, PYTHON, "none", "1"),
    ("Rust / Python", RELEASE, PYTHON, "none", "32"),
    ("Rust / Python", RELEASE, PYTHON, "pipe", "1"),
    ("Rust / Python", RELEASE, PYTHON, "pipe", "32"),
    ("Rust / Python", RELEASE, PYTHON, "terminal", "1"),
    ("release / debug", RELEASE, DEBUG, "none", "1"),
    ("buffered / a line each", BUFFERED, RELEASE, "none", "1"),
    ("buffered / a line each", BUFFERED, RELEASE, "pipe", "1"),
    (
        "buffered / a line each",
        BUFFERED,
        RELEASE,
        "terminal",
        "1",
    ),
    ("drawn / not drawn", DRAWN, LINK, "none", "1"),
    ("drawn / not drawn", DRAWN, LINK, "none", "32"),
    ("drawn / not drawn", DRAWN, LINK, "terminal", "1"),
    ("drawn / not drawn", DRAWN, LINK, "terminal", "32"),
]


def drain(fd):
    """Reads and forgets, as a quick terminal would."""
    try:
        while os.read(fd, 65536):
            pass
    except OSError:
        pass  # So a terminal's end shows on Linux.


def start(command, stdout):
    """A program that listens, and at which port."""
    process = subprocess.Popen(
        command + ["--port", "0"],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
    )
    said = process.stderr.readline().strip()
    return process, re.search(r":(\d+)$", said).group(1)


def rate(program, output, window, seconds):
    """Requests a second that this server answers, or our own
    one behind this link."""
    ours = None
    if output == "none":
        theirs = os.open(os.devnull, os.O_WRONLY)
    elif output == "pipe":
        ours, theirs = os.pipe()
    else:
        ours, theirs = os.openpty()
    started = []
    if program in [LINK, DRAWN]:
        started.append(start(RELEASE, subprocess.DEVNULL))
        program = program + ["--to-port", started[0][1]]
    started.append(start(program, theirs))
    os.close(theirs)
    if ours is not None:
        threading.Thread(target=drain, args=[ours]).start()
    try:
        load = LOAD + ["--port", started[-1][1]]
        load += ["--window", window, "--seconds", seconds]
        done = subprocess.run(load, capture_output=True, check=True)
        return json.loads(done.stdout)["rate"]
    finally:
        for process, _ in started:
            process.kill()
            process.communicate()


p = argparse.ArgumentParser(usage=__doc__, allow_abbrev=False)
p.add_argument("--pairs", default=9, type=int)
p.add_argument("--seconds", default="1")
p.add_argument("--only", default="")
args = p.parse_args()
if not 1 <= args.pairs <= 100:
    sys.exit("Error: --pairs: from 1 to 100")
for build in BUILDS:
    subprocess.run(build, check=True)
if CC:
    source = "examples/echo_server.c"
    subprocess.run([CC, "-O2", "-o", C[0], source], check=True)

print(
    "| compared | on the way | lines go to | ratio | from | to | per second |"
)
print("|---|---|---|---|---|---|---|")
for name, one, other, output, window in COMPARED:
    if output == "terminal" and not hasattr(os, "openpty"):
        continue  # Windows.
    if one == C and not CC or not name.startswith(args.only):
        continue
    runs = []
    for _ in range(args.pairs):
        runs.append(
            [rate(x, output, window, args.seconds) for x in (one, other)]
        )
    ratios = sorted(a / b for a, b in runs)
    rates = [statistics.median(column) for column in zip(*runs)]
    row = [name, window, output]
    row += [f"{statistics.median(ratios):.2f}"]
    row += [f"{ratios[0]:.2f}", f"{ratios[-1]:.2f}"]
    row += [f"{rates[0]:.0f} and {rates[1]:.0f}"]
    print("| " + " | ".join(row) + " |", flush=True)
