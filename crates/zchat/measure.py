"""How fast is the chat? With and without its window, and beside QUIC.

    cargo build --release -p zchat -p examples --example noisy_link --bins
    python3 -m venv /tmp/aioquic && /tmp/aioquic/bin/pip install aioquic
    /tmp/aioquic/bin/python crates/zchat/measure.py

1,000 lines go one way, through noisy_link on the loopback interface, which
loses a share of the datagrams in each direction: first short lines, of which
many go together, then lines so long that each is a message of its own. The time
is that from "connected" until everything is confirmed: for the chat, until the
client has ended; for QUIC (aioquic; one stream, a write for each line), until
the server has said that all lines are there. Both servers stay. With the long
lines QUIC is measured twice: as it packs them, and with each sent by itself.
Each round runs all of them on a link with the same seed. Prints the medians of
the rounds, for each share: seconds, datagrams both ways, and how many times as
long as QUIC's that is. --slow runs the chat with a window of 1 as well, with
the long lines, which takes minutes. On a busy machine `sudo nice -n -20` before
the command lets all of these go first.

    python3 crates/zchat/measure.py --pairings

1,000 long lines go each way, where 20 % are lost, 5 % damaged, 5 % duplicated
and 20 % reordered: the four pairings of the languages, with a window of 16 and
of 1, once each.

    python3 crates/zchat/measure.py --before FOLDER

20,000 short lines go one way without a link between: with this checkout's
programs and with those of FOLDER, another checkout whose zchat was built, in
turn. Prints the medians and their ratio, in each language.
"""

import argparse
import asyncio
import contextlib
import datetime
import ipaddress
import os
import random
import re
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time

args = argparse.ArgumentParser()
args.add_argument("--rounds", default=5, type=int)
args.add_argument("--lose", default="0,1,5,20", metavar="PERCENT,...")
args.add_argument("--slow", action="store_true", help="window 1 as well")
args.add_argument("--pairings", action="store_true", help="each way")
args.add_argument("--before", metavar="FOLDER", help="another checkout")
args.add_argument("--quic", help=argparse.SUPPRESS)

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
LANGUAGES = "Rust", "Python"
LINES = 1000
LIMIT = 1200  # No run takes longer, in seconds.


def text(lines, alone=False):
    """What is sent: no two lines are the same. alone: each is so long that no
    other fits into its message.
    """
    words = ["hola, como va?"] * lines
    if alone:
        words = [random.Random(n).randbytes(300).hex() for n in range(lines)]
    return "".join(f"message {n}: {line}\n" for n, line in enumerate(words))


class Running:
    """A program; it is ended with the block in which it runs."""

    def __init__(self, *command, **more):
        more.setdefault("stdin", subprocess.DEVNULL)
        self.process = subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, **more
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()

    def said(self, pattern):
        """Waits for a line that matches; gives what is in the parentheses."""
        for line in self.process.stderr:
            found = re.search(pattern, line)
            if found:
                return found[1]
        raise SystemExit(f"{self.process.args}: never said {pattern}")


class Link(Running):
    """A link that is so bad, to the port that a server has got."""

    def __init__(self, port, how):
        noisy_link = os.path.join(HERE, "target/release/examples/noisy_link")
        ports = "--port", "0", "--to-port", port
        super().__init__(noisy_link, *ports, *how, stdout=subprocess.PIPE)

    def datagrams(self):
        """How many came, both ways. The link ends with that."""
        self.process.send_signal(signal.SIGINT)
        table = self.process.communicate()[0]
        there, back = re.search(r"received +(\d+) +(\d+)", table).groups()
        return int(there) + int(back)


def program(checkout, language, name):
    """The command that starts a program of the chat."""
    if language == "Rust":
        return (os.path.join(checkout, "target/release", name),)
    script = os.path.join(checkout, "crates/zchat/python", name + ".py")
    return sys.executable, script


def chat(server, client, words, how=None, each_way=False):
    """The words from the client to the server, through a link if it is said how
    bad, and each_way or not: how long it takes, and how many datagrams.
    """
    here = "--host", "127.0.0.1"
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        paths = [os.path.join(folder, x) for x in ("file", "there", "back")]
        with open(paths[0], "w") as f:
            f.write(words)
        files = [open(path, mode) for path, mode in zip(paths, "rww")]
        file, there, back = map(stack.enter_context, files)

        stdin = file if each_way else subprocess.PIPE
        listen = *server, *here, "--port", "0"
        listen = Running(*listen, stdin=stdin, stdout=there)
        port = stack.enter_context(listen).said(r"listening on .*:(\d+)")
        if how:
            link = stack.enter_context(Link(port, how))
            port = link.said(r":(\d+)")

        stdin = subprocess.PIPE if each_way else file
        call = Running(*client, *here, "--port", port, stdin=stdin, stdout=back)
        client = stack.enter_context(call).process
        call.said("^(connected)")
        began = time.monotonic()
        if each_way:
            client.stdin.write(words)
            client.stdin.flush()
            wait_for(paths[1:], words)  # Or the client would leave before.
        error = client.communicate(timeout=LIMIT)[1]
        took = time.monotonic() - began
        if client.returncode:
            raise SystemExit(f"the client ended with an error: {error}")
        wait_for(paths[1:] if each_way else paths[1:2], words)
        return took, link.datagrams() if how else 0


def wait_for(copies, words):
    """Waits until each of the files is that long; then it must be the words."""
    for path in copies:
        end = time.monotonic() + LIMIT
        while os.path.getsize(path) < len(words) and time.monotonic() < end:
            time.sleep(0.005)
        with open(path) as f:
            if f.read() != words:
                raise SystemExit("the copy is not the file")


def certificate(folder):
    """A certificate for this machine, and its key, as two files."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "here")])
    now = datetime.datetime.now(datetime.timezone.utc)
    here = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    made = made.public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(now).not_valid_after(
        now + datetime.timedelta(days=1)
    )
    made = made.add_extension(x509.SubjectAlternativeName([here]), False)
    encoding = serialization.Encoding.PEM
    files = [os.path.join(folder, x) for x in ("certificate", "key")]
    with open(files[0], "wb") as f:
        f.write(made.sign(key, hashes.SHA256()).public_bytes(encoding))
    with open(files[1], "wb") as f:
        form = serialization.PrivateFormat.PKCS8
        none = serialization.NoEncryption()
        f.write(key.private_bytes(encoding, form, none))
    return files


async def quic_server(folder):
    """Takes a stream to its end, and says that it is there."""
    from aioquic.asyncio import serve
    from aioquic.quic.configuration import QuicConfiguration

    async def take(reader, writer):
        data = (await reader.read()).decode()
        whole = data in (text(LINES), text(LINES, alone=True))
        writer.write(b"all" if whole else b"not all")
        writer.write_eof()

    def start(reader, writer):
        tasks.append(asyncio.ensure_future(take(reader, writer)))

    tasks = []
    configuration = QuicConfiguration(is_client=False)
    configuration.load_cert_chain(*certificate(folder))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    here = "127.0.0.1", port
    await serve(*here, configuration=configuration, stream_handler=start)
    print(f"listening on 127.0.0.1:{port}", file=sys.stderr, flush=True)
    await asyncio.sleep(LIMIT)


async def quic_client(port, words, alone):
    """The time from the handshake's end until the server has everything."""
    from aioquic.asyncio import connect
    from aioquic.quic.configuration import QuicConfiguration

    configuration = QuicConfiguration(verify_mode=ssl.CERT_NONE)
    configuration.idle_timeout = LIMIT
    to = "127.0.0.1", port
    async with connect(*to, configuration=configuration) as client:
        await client.wait_connected()
        began = time.monotonic()
        reader, writer = await client.create_stream()
        for line in words.splitlines(True):
            writer.write(line.encode())
            if alone:
                client.transmit()
                await asyncio.sleep(0)  # What has come is read.
        writer.write_eof()
        if await reader.read() != b"all":
            raise SystemExit("QUIC lost something")
        return time.monotonic() - began


def quic(words, how, alone):
    """As chat(); each line is sent alone, or as QUIC packs them."""
    again = sys.executable, os.path.abspath(__file__)
    with tempfile.TemporaryDirectory() as folder:
        with Running(*again, "--quic", folder) as server:
            port = server.said(r"listening on .*:(\d+)")
            with Link(port, how) as link:
                port = int(link.said(r":(\d+)"))
                took = asyncio.run(quic_client(port, words, alone))
                return took, link.datagrams()


def beside_quic(o):
    for alone in False, True:
        words = text(LINES, alone)
        print(f"{LINES} lines, {len(words)} bytes", flush=True)
        for lose in o.lose.split(","):
            compare(tools(words, alone, o.slow), lose, o.rounds)


def tools(words, alone, slow):
    """What carries the words, by its name. alone: each line by itself."""

    def our(language, *window):
        both = [program(HERE, language, n) for n in ("server", "client")]
        server, client = ((*command, *window) for command in both)
        return lambda how: chat(server, client, words, how)

    all_of_them = {
        "chat": our("Rust"),
        "chat.py": our("Python"),
        "QUIC": lambda how: quic(words, how, alone=False),
    }
    if alone:
        all_of_them["QUIC, lines alone"] = lambda how: quic(words, how, alone)
    if alone and slow:
        all_of_them["W=1"] = our("Rust", "--window", "1")
    return all_of_them


def compare(tools, lose, rounds):
    """Runs each tool on the links that lose so many percent."""
    runs = {tool: [] for tool in tools}
    for seed in range(rounds):
        for tool, run in tools.items():
            how = "--lose", lose, "--seed", str(seed)
            runs[tool].append(run(how))
    print(f"{lose} % lost, {load()}", flush=True)
    middle = {
        tool: [statistics.median(x) for x in zip(*all_of_it)]
        for tool, all_of_it in runs.items()
    }
    for tool, (took, datagrams) in middle.items():
        row = f"  {tool:18} {took:7.3f} s {datagrams:6.0f} datagrams"
        others = [x for x in tools if x.startswith("QUIC") and x != tool]
        for other in ["chat"] if tool == "W=1" else others:
            row += f"  {took / middle[other][0]:.1f} x {other}"
        print(row, flush=True)


def pairings(o):
    how = "--lose", "20", "--corrupt", "5", "--duplicate", "5"
    how = *how, "--reorder", "20", "--seed", "7"
    words = text(LINES, alone=True)
    for window in ("16", "1"):
        total = 0
        for one in LANGUAGES:
            for other in LANGUAGES:
                server = *program(HERE, one, "server"), "--window", window
                client = *program(HERE, other, "client"), "--window", window
                took, _ = chat(server, client, words, how, True)
                total += took
                row = f"W={window:2}  {one} server, {other} client"
                print(f"{row}: {took:.1f} s", flush=True)
        print(f"W={window:2}  all four: {total:.1f} s, {load()}", flush=True)


def before(o):
    words = text(20 * LINES)
    for language in LANGUAGES:
        runs = {HERE: [], o.before: []}
        for _ in range(o.rounds):
            for checkout, times in runs.items():
                names = "server", "client"
                both = [program(checkout, language, name) for name in names]
                times.append(chat(*both, words)[0])
        now, then = (statistics.median(times) for times in runs.values())
        row = f"{language:6}  now {now:.2f} s, before {then:.2f} s"
        print(f"{row}: {now / then:.2f}, {load()}", flush=True)


def load():
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"


if __name__ == "__main__":
    options = args.parse_args()
    if options.quic:
        asyncio.run(quic_server(options.quic))
    elif options.pairings:
        pairings(options)
    elif options.before:
        before(options)
    else:
        beside_quic(options)
