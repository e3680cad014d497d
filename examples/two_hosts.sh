#!/usr/bin/env bash
# A neighbour for whoever works alone: two hosts, a and b, joined by a cable,
# on one Linux machine. Each is a network namespace; root is needed.
#
#   sudo examples/two_hosts.sh              a shell on a, whose neighbour is b
#   sudo examples/two_hosts.sh 'COMMAND B' 'COMMAND A'
#
# COMMAND B runs on b (10.35.0.2, fd35::2), in the background, and COMMAND A
# on a (10.35.0.1, fd35::1). In the shell, and in the commands, `on_b COMMAND`
# runs a command on b. When A ends, or Ctrl-C comes, all of it is removed.
set -euo pipefail

if [ "$(uname)" != Linux ] || [ "$(id -u)" != 0 ]; then
    echo "Error: two hosts need Linux and root (sudo)" >&2
    exit 1
fi
if [ $# -ne 0 ] && [ $# -ne 2 ]; then
    echo "usage: two_hosts.sh ['COMMAND B' 'COMMAND A']" >&2
    exit 2
fi

# The hosts' names stand in a folder of files. Ours is seen by us alone, and is
# gone with the last of us: also when nobody is left to remove anything.
if [ "${TWO_HOSTS:-}" != $$ ]; then
    export TWO_HOSTS=$$ # The same process goes on.
    exec unshare --mount bash "$0" "$@"
fi
mkdir -p /run/netns
mount -t tmpfs tmpfs /run/netns

remove() {
    trap '' INT TERM HUP
    for host in a b; do
        ip netns pids $host 2>/dev/null | xargs -r kill 2>/dev/null || true
    done
}
trap remove EXIT
trap 'exit 130' INT TERM HUP

ip netns add a
ip netns add b
ip link add cable netns a type veth peer name cable netns b
number=1
for host in a b; do
    ip -n $host addr add "10.35.0.$number/24" dev cable
    ip -n $host addr add "fd35::$number/64" dev cable nodad
    ip -n $host link set lo up
    ip -n $host link set cable up
    number=2
done
# The system notices the cable a moment later: so wait, for two seconds at most.
for host in a b; do
    for _ in {1..100}; do
        ip -n $host -brief link show cable | grep -q ' UP ' && break
        sleep 0.02
    done
done

on_b() { ip netns exec b "$@"; }
export -f on_b
if [ $# -eq 2 ]; then
    ip netns exec b bash -c "$1" &
    ip netns exec a bash -c "$2" <&0 &
    wait $! # Unlike a program in the foreground, it lets a signal through.
else
    echo "you are 10.35.0.1; your neighbour is 10.35.0.2: on_b COMMAND" >&2
    ip netns exec a bash || true
fi
