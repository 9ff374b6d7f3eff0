#!/usr/bin/env python3
"""Stand-in for the usual way to act on DHCP leases: a Python tap that starts a shell hook for every ACK.

Written for the measurements from a description of such taps. It reads every packet of an interface (needs
CAP_NET_RAW), and says `listening` once it does. When its standard input is closed it does what has come by then, and
prints how many ACKs it saw, and the CPU time of itself and of all its hooks, as JSON.
"""

import argparse
import json
import os
import resource
import select
import socket
import struct
import subprocess
import sys

COOKIE = b"\x63\x82\x53\x63"


def options(data):
    """Yields DHCP options (RFC 2132) as code and value."""
    at = 0
    while at < len(data) and data[at] != 255:
        if data[at] == 0:
            at += 1
            continue
        if at + 1 >= len(data):
            return
        length = data[at + 1]
        yield data[at], data[at + 2 : at + 2 + length]
        at += 2 + length


def ack(frame):
    """MAC, address and host name of a DHCP ACK in an Ethernet frame; None for anything else."""
    if len(frame) < 14 + 20 + 8 + 240 or frame[12:14] != b"\x08\x00" or frame[23] != 17:
        return None
    udp = 14 + (frame[14] & 15) * 4
    source, target = struct.unpack_from("!HH", frame, udp)
    if source != 67 or target not in (67, 68):
        return None
    bootp = frame[udp + 8 :]
    if bootp[236:240] != COOKIE:
        return None
    found = dict(options(bootp[240:]))
    if found.get(53) != b"\x05":
        return None
    mac = ":".join(f"{octet:02X}" for octet in bootp[28:34])
    return mac, socket.inet_ntoa(bootp[16:20]), found.get(12, b"").decode("ascii", "replace")


def packets(name):
    """Every packet of an interface, until standard input is closed and nothing more is waiting."""
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(3))
    tap.bind((name, 0))
    print("listening", flush=True)
    told = [tap, sys.stdin]
    while True:
        ready, _, _ = select.select(told, [], [])
        if tap in ready:
            yield tap.recv(65535)
        elif sys.stdin in ready:
            return


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--netbox", required=True, help="http://host:port")
    parser.add_argument("--interface", required=True)
    given = parser.parse_args()
    hook = os.path.join(os.path.dirname(os.path.abspath(__file__)), "hook.sh")
    acks = 0
    for frame in packets(given.interface):
        if lease := ack(frame):
            acks += 1
            subprocess.run(["bash", hook, given.netbox, *lease], check=False)
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(json.dumps({"acks": acks, "cpu_ms": sum(u.ru_utime + u.ru_stime for u in used) * 1000}))


if __name__ == "__main__":
    main()
