"""Compares the packets of a capture with those that scapy builds from expressions.

Arguments: the capture, one expression a packet. Exit code 0: equal from the outer IPv4 header on;
1: not, what differs is printed. The identification of the outer header is taken from the packet.
"""
import logging
import sys

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.all import *  # noqa: F401,F403,E402


def main(capture, expressions):
    packets = [packet[IP] for packet in rdpcap(capture)]
    if len(packets) != len(expressions):
        print(f"{len(packets)} packets, expected {len(expressions)}")
        return 1
    failed = 0
    for number, (packet, expression) in enumerate(zip(packets, expressions), 1):
        wanted = eval(expression)
        wanted.id = packet.id
        # Ethernet pads short frames.
        found, wanted = bytes(packet)[: packet.len], bytes(wanted)
        if found != wanted:
            failed = 1
            print(f"packet {number} is   {found.hex(' ', 2)}")
            print(f"  it should be {wanted.hex(' ', 2)}")
            print(f"  it says {IP(found).summary()}; {expression} says {IP(wanted).summary()}")
    return failed


try:
    code = main(sys.argv[1], sys.argv[2:])
except Exception as error:  # whatever it is, it is not a verdict
    print(f"{type(error).__name__}: {error}", file=sys.stderr)
    code = 2
sys.exit(code)
