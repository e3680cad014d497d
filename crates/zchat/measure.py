"""How fast is the chat? With and without its window, and beside QUIC.

    cargo build --release -p zchat -p examples --example noisy_link --bins
    python3 -m venv /tmp/aioquic && /tmp/aioquic/bin/pip install aioquic
    /tmp/aioquic/bin/python crates/zchat/measure.py

1,000 lines go one way, through noisy_link on the loopback interface, which
loses a share of the datagrams in each direction. The time is that from
"connected" until everything is confirmed: for the chat, until the client has
ended; for QUIC (aioquic; one stream, a write for each line), until the server
has said that all lines are there. Each round runs all of them on a link with
the same seed. Prints the median of the rounds in seconds, for each share, and
how many times as long as QUIC's that is. --slow runs the chat with a window of
1 as well, which takes minutes.
"""

import argparse
import asyncio
import datetime
import ipaddress
import os
import re
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time

args = argparse.ArgumentParser()
args.add_argument("--rounds", default=5, type=int)
args.add_argument("--lines", default=1000, type=int)
args.add_argument("--lose", default="0,1,5,20", metavar="PERCENT,...")
args.add_argument("--programs", default="target/release", metavar="FOLDER")
args.add_argument("--slow", action="store_true", help="window 1 as well")
args.add_argument("--quic", help=argparse.SUPPRESS)

PYTHON = os.path.join(os.path.dirname(os.path.abspath(__file__)), "python")
LIMIT = 1200  # No run takes longer, in seconds.


def text(lines):
    """What is sent: no two lines are the same."""
    return "".join(f"message {n}: hola, como va?\n" for n in range(lines))


class Running:
    """A program; it is ended with the block in which it runs."""

    def __init__(self, *command, **more):
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            command, stderr=pipe, text=True, stdin=subprocess.DEVNULL, **more
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


def link(o, lose, seed, port):
    """A bad link to the port, which the system has given to a server."""
    noisy_link = os.path.join(o.programs, "examples", "noisy_link")
    how = "--port", "0", "--to-port", port
    more = "--lose", str(lose), "--seed", str(seed)
    return Running(noisy_link, *how, *more, stdout=subprocess.DEVNULL)


def chat(window, language):
    """How the chat is measured with this window."""

    def program(o, name):
        if language == "Rust":
            return (os.path.join(o.programs, name),)
        return sys.executable, os.path.join(PYTHON, name + ".py")

    def run(o, lose, seed, folder):
        file, copy = (os.path.join(folder, x) for x in ("file", "copy"))
        with open(file, "w") as f:
            f.write(text(o.lines))
        how = "--host", "127.0.0.1", "--window", str(window)
        listen = *program(o, "server"), *how, "--port", "0"
        with open(copy, "w") as out, Running(*listen, stdout=out) as server:
            port = server.said(r"listening on .*:(\d+)")
            with link(o, lose, seed, port) as relay, open(file) as lines:
                port = relay.said(r":(\d+)")
                call = *program(o, "client"), *how, "--port", port
                client = subprocess.Popen(
                    call, stdin=lines, stderr=subprocess.PIPE, text=True
                )
                for line in client.stderr:
                    if line.startswith("connected"):
                        break
                began = time.monotonic()
                rest = client.communicate(timeout=LIMIT)[1]
                took = time.monotonic() - began
                if client.returncode:
                    raise SystemExit(f"the client ended with an error: {rest}")
        with open(copy) as f:
            if f.read() != text(o.lines):
                raise SystemExit("the copy is not the file")
        return took

    return run


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


async def quic_server(lines, folder):
    """Takes a stream to its end, and says that it is there."""
    from aioquic.asyncio import serve
    from aioquic.quic.configuration import QuicConfiguration

    async def take(reader, writer):
        data = await reader.read()
        writer.write(b"all" if data.decode() == text(lines) else b"not all")
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


async def quic_client(lines, port):
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
        for line in text(lines).splitlines(True):
            writer.write(line.encode())
        writer.write_eof()
        if await reader.read() != b"all":
            raise SystemExit("QUIC lost something")
        return time.monotonic() - began


def quic(o, lose, seed, folder):
    again = sys.executable, os.path.abspath(__file__)
    how = "--lines", str(o.lines), "--quic", folder
    with Running(*again, *how) as server:
        port = server.said(r"listening on .*:(\d+)")
        with link(o, lose, seed, port) as relay:
            port = int(relay.said(r":(\d+)"))
            return asyncio.run(quic_client(o.lines, port))


def main(o):
    tools = {
        "chat": chat(16, "Rust"),
        "chat.py": chat(16, "Python"),
        "W=1": chat(1, "Rust"),
        "QUIC": quic,
    }
    if not o.slow:
        del tools["W=1"]
    for lose in o.lose.split(","):
        times = {tool: [] for tool in tools}
        for seed in range(o.rounds):
            for tool, run in tools.items():
                with tempfile.TemporaryDirectory() as folder:
                    times[tool].append(run(o, lose, seed, folder))
        middle = {tool: statistics.median(x) for tool, x in times.items()}
        row = f"{lose:>3} % lost"
        for tool, took in middle.items():
            row += f"  {tool} {took:.2f} s"
            if tool != "QUIC":
                row += f" ({took / middle['QUIC']:.1f})"
        print(row, flush=True)


if __name__ == "__main__":
    options = args.parse_args()
    if options.quic:
        asyncio.run(quic_server(options.lines, options.quic))
    else:
        main(options)
