"""Compares the packets of a capture with those that scapy builds from expressions.

Arguments: the capture, one expression a packet. Exit code 0: equal from the outer IPv4 header on;
1: not, what differs is printed. What the sender may choose as it likes, the identification of the
outer header and the flow label of the inner one, is taken from the packet unless an expression gives it.
"""
import logging
import sys

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.all import *  # noqa: F401,F403,E402


def octets(packet):
    """From the outer IPv4 header on, without the padding of a short Ethernet frame."""
    outer = packet[IP]
    return outer.original[: outer.len]


def built(expression, found):
    wanted, found = eval(expression), IP(found)
    for header, chosen in [(IP, "id"), (IPv6, "fl")]:
        if header in wanted and header in found and chosen not in wanted[header].fields:
            setattr(wanted[header], chosen, getattr(found[header], chosen))
    return bytes(wanted)


def main(capture, expressions):
    packets = [octets(packet) for packet in rdpcap(capture)]
    for number, (found, expression) in enumerate(zip(packets, expressions), 1):
        wanted = built(expression, found)
        if found != wanted:
            # What follows the first difference may only be out of step.
            print(f"packet {number} is   {found.hex(' ', 2)}")
            print(f"  it should be {wanted.hex(' ', 2)}")
            print(f"  it says {IP(found).summary()}; {IP(wanted).summary()} is wanted")
            return 1
    if len(packets) != len(expressions):
        print(f"{len(packets)} packets, expected {len(expressions)}")
        return 1
    return 0


try:
    code = main(sys.argv[1], sys.argv[2:])
except Exception as error:  # whatever it is, it is not a verdict
    print(f"{type(error).__name__}: {error}", file=sys.stderr)
    code = 2
sys.exit(code)
