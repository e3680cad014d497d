"""Echo servers compared: which answers how many more requests?

Run: python3 examples/echo_figures.py

For each pair of servers, echo_load runs against one, then the
other, and again, in turn: so whatever else this machine does
meets both. A ratio is taken from each two neighbouring runs;
printed are the median and the smallest and largest ratio.
"""

import argparse
import json
import os
import re
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

# What is compared, and where the servers' lines go.
COMPARED = [
    ("Rust / Python", RELEASE, PYTHON, "none"),
    ("Rust / Python", RELEASE, PYTHON, "pipe"),
    ("Rust / Python", RELEASE, PYTHON, "terminal"),
    ("release / debug", RELEASE, DEBUG, "none"),
    ("buffered / a line each", BUFFERED, RELEASE, "none"),
    ("buffered / a line each", BUFFERED, RELEASE, "pipe"),
    ("buffered / a line each", BUFFERED, RELEASE, "terminal"),
]


def drain(fd):
    """Reads and forgets, as a quick terminal would."""
    try:
        while os.read(fd, 65536):
            pass
    except OSError:
        pass  # So a terminal's end shows on Linux.


def rate(server, output, args):
    """Requests a second that this server answers."""
    ours = None
    if output == "none":
        theirs = os.open(os.devnull, os.O_WRONLY)
    elif output == "pipe":
        ours, theirs = os.pipe()
    else:
        ours, theirs = os.openpty()
    process = subprocess.Popen(
        server + ["--port", "0"],
        stdout=theirs,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(theirs)
    if ours is not None:
        threading.Thread(target=drain, args=[ours]).start()
    try:
        said = process.stderr.readline()
        port = re.search(r":(\d+)$", said.strip()).group(1)
        load = LOAD + ["--port", port, "--window", args.window]
        load += ["--seconds", args.seconds]
        done = subprocess.run(
            load, capture_output=True, check=True
        )
        return json.loads(done.stdout)["rate"]
    finally:
        process.kill()
        process.communicate()


args = argparse.ArgumentParser(allow_abbrev=False)
args.add_argument("--pairs", default=9, type=int)
args.add_argument("--seconds", default="1")
args.add_argument("--window", default="1")
args = args.parse_args()
if not 1 <= args.pairs <= 100:
    sys.exit("Error: --pairs: from 1 to 100")
for build in BUILDS:
    subprocess.run(build, check=True)

print(
    "| compared | lines go to | ratio | from | to | per second |"
)
print("|---|---|---|---|---|---|")
for name, one, other, output in COMPARED:
    if output == "terminal" and not hasattr(os, "openpty"):
        continue  # Windows.
    runs = []
    for _ in range(args.pairs):
        runs.append(
            [rate(x, output, args) for x in (one, other)]
        )
    ratios = sorted(a / b for a, b in runs)
    rates = [statistics.median(column) for column in zip(*runs)]
    row = [name, output, f"{statistics.median(ratios):.2f}"]
    row += [f"{ratios[0]:.2f}", f"{ratios[-1]:.2f}"]
    row += [f"{rates[0]:.0f} and {rates[1]:.0f}"]
    print("| " + " | ".join(row) + " |", flush=True)
