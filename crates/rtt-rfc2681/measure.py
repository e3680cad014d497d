"""How far from the truth is a measured RTT? Ours, ping's and irtt's.

    cargo build --release -p rtt-rfc2681
    sudo python3 crates/rtt-rfc2681/measure.py

Linux only, as root; needs ip, ethtool, tcpdump and ping; irtt if installed.
Makes two networks of its own, and between them a bridge that holds each frame
for 5 ms (--hold; a third one, in which this program runs again):

    client --- [tcpdump] --- bridge --- [tcpdump] --- reflector

The truth is what the captures say, which the kernel stamps: from the request
to the reply at the client's side, minus the time inside the reflector. That
time is told by the reflector itself, for "client": then the error (how far a
measured RTT is from the truth) is the client's alone. For "whole" it is what
the capture at the reflector's side says: then the error is both programs'. Ping
has no such time; it is 0 for "client".

Every round runs all programs, one after the other, each time in another order;
first on an idle machine, then with one busy process for each core. Prints the
median and the 99th percentile of the errors, in microseconds, and by how much
ours is better; the last line is over all rounds.
"""

import argparse
import heapq
import json
import os
import re
import select
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

CLIENT, REFLECTOR = "10.81.26.1", "10.81.26.2"
HERE = os.path.abspath(__file__)

args = argparse.ArgumentParser()
args.add_argument("--rounds", default=10, type=int)
args.add_argument("--count", default=100, type=int)
args.add_argument("--interval", default=0.04, type=float)
args.add_argument("--programs", default="target/release", metavar="FOLDER")
args.add_argument("--hold", default=5.0, type=float, metavar="MS")
args.add_argument("--bridge", action="store_true", help=argparse.SUPPRESS)


def bridge(hold):
    """Passes on what comes in at one end to the other one, hold ms later."""
    ends = [socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3) for _ in "ab"]
    for end, name in zip(ends, ["to-client", "to-reflector"]):
        end.bind((name, 3))  # 3 = all protocols, in network byte order.
    other = {ends[0]: ends[1], ends[1]: ends[0]}
    print("ready", flush=True)
    waiting, number = [], 0
    while True:
        left = waiting[0][0] - time.monotonic() if waiting else 1
        for end in select.select(ends, [], [], max(left, 0))[0]:
            frame, address = end.recvfrom(65536)
            if address[2] != socket.PACKET_OUTGOING:
                number += 1
                due = time.monotonic() + hold / 1000
                heapq.heappush(waiting, (due, number, frame, other[end]))
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, frame, end = heapq.heappop(waiting)
            end.send(frame)


def run(*command, **more):
    return subprocess.run(command, check=True, **more)


class Network:
    """The two networks, the bridge between them, and what runs in them."""

    def __init__(self, folder, hold):
        self.names = ["client", "reflector", "bridge"]
        self.folder, self.hold, self.running = folder, str(hold), []

    def __enter__(self):
        a, b, middle = self.names
        for name in self.names:
            run("ip", "netns", "add", name)
        for name, end, address in (
            (a, "to-client", CLIENT),
            (b, "to-reflector", REFLECTOR),
        ):
            ip = "ip", "-n", middle, "link"
            peer = "type", "veth", "peer", "name", "eth", "netns", name
            run(*ip, "add", end, *peer)
            run(*ip, "set", end, "up")
            run("ip", "-n", name, "addr", "add", address + "/24", "dev", "eth")
            run("ip", "-n", name, "link", "set", "eth", "up")
            run("ip", "-n", name, "link", "set", "lo", "up")
            # The bridge passes on bytes: so every checksum must be written.
            off = "ethtool", "-K", "eth", "tx", "off"
            run("ip", "netns", "exec", name, *off, stdout=subprocess.DEVNULL)
        again = sys.executable, HERE, "--bridge", "--hold", self.hold
        self.start(middle, "ready", *again)
        # So that no probe waits for an address (ARP).
        ping = "ping", "-c", "1", REFLECTOR
        run("ip", "netns", "exec", a, *ping, stdout=subprocess.DEVNULL)
        self.capture()
        return self

    def __exit__(self, *_):
        for process in self.running:
            process.terminate()
            process.wait()
        for name in self.names:
            subprocess.run(["ip", "netns", "del", name])

    def start(self, name, ready, *command):
        """Starts a program, and waits until it says that it is ready."""
        process = subprocess.Popen(
            ["ip", "netns", "exec", name, *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.running.append(process)
        said = ""
        for line in process.stdout:
            said += line
            if ready in line:
                return process
        raise SystemExit(f"{command[0]} does not start: {said}")

    def capture(self):
        self.captures = []
        for name in self.names[:2]:
            file = os.path.join(self.folder, name)
            options = "-i", "eth", "-w", file, "-U", "-s", "128", "-n"
            more = "--immediate-mode", "--time-stamp-precision=nano"
            what = "icmp", "or", "udp"
            tcpdump = "tcpdump", "-Z", "root", *options, *more, *what
            self.start(name, "listening on", *tcpdump)
            self.captures.append(file)

    def wire(self, key):
        """All that was captured, by key(packet): what went out and came in.

        A list of the times at the two places, in seconds: the request's and
        the reply's at the client's side, then at the reflector's.
        """
        seen = {}
        for place, file in enumerate(self.captures):
            with open(file, "rb") as f:
                data = f.read()
            at = 24
            while at + 16 <= len(data):
                s, ns, length, _ = struct.unpack_from("=IIII", data, at)
                packet = data[at + 16 + 14 : at + 16 + length]  # From IP on.
                at += 16 + length
                back = packet[12:16] == socket.inet_aton(REFLECTOR)
                found = key(packet, back, place)
                if found is not None:
                    times = seen.setdefault(found, [None] * 4)
                    if times[2 * place + back] is None:
                        times[2 * place + back] = s * 10**9 + ns
        return seen


def error(rtt, times, inside):
    """The two errors of rtt; inside is the reflector's own word. Seconds."""
    request, reply, came, went = times
    wire = (reply - request) / 1e9
    return rtt - (wire - inside), rtt - (wire - (went - came) / 1e9)


def ours(network, o):
    """Measures with our client; the errors in seconds."""
    a, b, _ = network.names
    server = os.path.join(o.programs, "server")
    client = os.path.join(o.programs, "client")
    here = "--host", REFLECTOR
    process = network.start(b, "listening on", server, *here)
    file = os.path.join(network.folder, "json")
    how = "--count", str(o.count), "--interval", str(o.interval), "--quiet"
    began = time.time_ns()
    into = "ip", "netns", "exec", a
    run(*into, client, *here, *how, "--json", file, stdout=subprocess.DEVNULL)
    process.terminate()
    process.wait()
    wait_for_captures()

    inside = {}

    def key(packet, back, place):
        port = struct.unpack_from("!HH", packet, 20)[0 if back else 1]
        if packet[9] == 17 and port == 3501:
            at = 28 + (24 if back else 0)
            found = packet[at : at + 12]  # Sequence number and time sent.
            if back:
                t3, t2 = struct.unpack_from("!Q4xQ", packet, 32)
                inside[found] = (t3 - t2) / 2**32
            return found

    seen = network.wire(key)
    with open(file) as f:
        probes = json.load(f)["probes"]
    errors = {}
    since = (began // 10**9 + 2208988800) << 32
    for found, times in seen.items():
        seq, sent = struct.unpack("!LQ", found)
        if sent >= since and None not in times:
            rtt = probes[seq]["rtt_s"]
            errors[seq] = error(rtt, times, inside[found])
    return list(errors.values())


def ping(network, o):
    a = network.names[0]
    how = "-n", "-i", str(o.interval), "-c", str(o.count), REFLECTOR
    began = time.time_ns()
    out = run(
        *("ip", "netns", "exec", a, "ping", *how),
        capture_output=True,
        text=True,
    ).stdout
    wait_for_captures()

    def key(packet, back, place):
        if packet[9] == 1 and packet[20] in (0, 8):
            return struct.unpack_from("!HH", packet, 24)

    seen = network.wire(key)
    rtts = re.findall(r"icmp_seq=(\d+) .*time=([\d.]+) ms", out)
    rtts = {int(seq): float(ms) / 1000 for seq, ms in rtts}
    return [
        error(rtts[seq], times, 0)
        for (_, seq), times in seen.items()
        if None not in times and times[0] > began and seq in rtts
    ]


def irtt(network, o):
    a, b, _ = network.names
    listen = "irtt", "server", "-b", REFLECTOR + ":2112"
    process = network.start(b, "starting", *listen)
    file = os.path.join(network.folder, "irtt.json")
    ms = o.interval * 1000
    how = "-i", f"{ms:g}ms", "-d", f"{ms * o.count:g}ms", "-o", file, "-Q"
    began = time.time_ns()
    # A server that is not yet there: irtt asks again, up to four times.
    into = "ip", "netns", "exec", a
    run(*into, "irtt", "client", *how, REFLECTOR, stdout=subprocess.DEVNULL)
    process.send_signal(signal.SIGTERM)
    process.wait()
    wait_for_captures()

    def key(packet, back, place):
        # Of the flags, 1 opens a session, 4 closes it; the number is at 12.
        ports = struct.unpack_from("!HH", packet, 20)
        if packet[9] == 17 and 2112 in ports and not packet[31] & 5:
            return ports[not back], struct.unpack_from("<L", packet, 40)[0]

    seen = network.wire(key)
    with open(file) as f:
        trips = {trip["seqno"]: trip for trip in json.load(f)["round_trips"]}
    errors = []
    for (_, number), times in seen.items():
        if None in times or times[0] < began:
            continue
        trip = trips[number]
        stamps = trip["timestamps"]["server"]
        came, went = (stamps[x]["monotonic"] for x in ("receive", "send"))
        rtt, inside = trip["delay"]["rtt"] / 1e9, (went - came) / 1e9
        errors.append(error(rtt, times, inside))
    return errors


def wait_for_captures():
    time.sleep(0.3)


def row(errors):
    errors = sorted(abs(error) * 1e6 for error in errors)
    p99 = errors[-(-99 * len(errors) // 100) - 1]
    return statistics.median(errors), p99


def main(o):
    tools = {"ours": ours, "ping": ping, "irtt": irtt}
    if not shutil.which("irtt"):
        del tools["irtt"]
    for load in "idle", "busy":
        everything = {tool: [] for tool in tools}
        busy = []
        if load == "busy":
            loop = [sys.executable, "-c", "while True: pass"]
            busy = [subprocess.Popen(loop) for _ in range(os.cpu_count())]
        try:
            for number in range(o.rounds):
                first = number % len(tools)
                order = (list(tools) * 2)[first : first + len(tools)]
                with tempfile.TemporaryDirectory() as folder:
                    with Network(folder, o.hold) as network:
                        for tool in order:
                            errors = tools[tool](network, o)
                            if len(errors) < o.count / 2:
                                raise SystemExit(f"{tool}: {len(errors)}")
                            everything[tool].append(errors)
                last = {tool: runs[-1] for tool, runs in everything.items()}
                say(f"{load} {number + 1:2}", last)
            total = {tool: sum(runs, []) for tool, runs in everything.items()}
            say(load + " all", total)
        finally:
            for process in busy:
                process.kill()
                process.wait()


def say(name, errors):
    for kind, what in enumerate(["client", "whole"]):
        rows = {tool: row([e[kind] for e in es]) for tool, es in errors.items()}
        text = f"{name:8} {what:6}"
        for tool, (middle, high) in rows.items():
            text += f"  {tool} {middle:.0f} p99 {high:.0f}"
        for tool in list(rows)[1:]:
            ratios = [b / a for a, b in zip(rows["ours"], rows[tool])]
            text += f"  {tool}/ours {ratios[0]:.1f} p99 {ratios[1]:.1f}"
        print(text, flush=True)


def alone():
    """Begins again as the first process of a world of its own.

    When that process ends, the system ends all others there, and the networks,
    whose names nobody else sees, are gone with them.
    """
    new = "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"
    again = sys.executable, HERE, *sys.argv[1:]
    os.execvp("unshare", ["unshare", *new, *again])


if __name__ == "__main__":
    options = args.parse_args()
    if options.bridge:
        bridge(options.hold)
    elif os.getpid() != 1:
        alone()
    else:
        os.makedirs("/run/netns", exist_ok=True)
        run("mount", "-t", "tmpfs", "tmpfs", "/run/netns")
        main(options)
