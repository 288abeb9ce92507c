#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""weeks.py MAILGLASS - servers that run for weeks: after many queries they have no more memory than after some."""
import pathlib
import re
import socket
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import tap  # noqa: E402

QUERIES, EARLY, BURST = 200000, 60000, 50
GROWTH = 6  # MB; one that keeps everything grows by 50 from EARLY to QUERIES
QUESTION = b'\0\0\0\1\0\0\0\0\0\0\2ns\7example\3net\0\0\1\0\1'


def answered(port, queries, begin):
    """How many of these are answered; what is lost is asked once more."""
    done = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.connect(('127.0.0.1', port))
        udp.settimeout(1)
        for at in range(begin, begin + queries, BURST):
            waiting = {i & 0xffff for i in range(at, min(at + BURST, begin + queries))}
            for _ in range(3):
                for number in waiting:
                    udp.send(number.to_bytes(2, 'big') + QUESTION)
                try:
                    while waiting:
                        reply = udp.recv(512)
                        if int.from_bytes(reply[:2], 'big') in waiting:
                            waiting.remove(int.from_bytes(reply[:2], 'big'))
                            done += 1
                except OSError:
                    continue
                break
    return done


def memory(process):
    status = pathlib.Path(f'/proc/{process.pid}/status').read_text()
    return int(re.search(r'VmRSS:\s+(\d+)', status)[1]) / 1024


def count_packets(path):
    octets, at, n = path.read_bytes(), 0, 0
    while at < len(octets):
        kind, length = struct.unpack_from('=II', octets, at)
        n, at = n + (kind == 6), at + length
    return n


def test_serve(*words):
    name = ' '.join(['dns serve', *words[:1]])
    server = tap.Listening(2, mailglass, 'dns', 'serve', '--zone', zone, '--listen', '127.0.0.1:0', *words)
    port = server.ports['dns.server']
    done = answered(port, EARLY, 0)
    early = memory(server.process)
    done += answered(port, QUERIES - EARLY, EARLY)
    late = memory(server.process)
    tap.check(done == QUERIES, f'{name} answers {QUERIES:,} queries', done)
    tap.check(late - early < GROWTH, f'{name} has no more memory after {QUERIES:,} than after {EARLY:,}', f'{early:.1f} MB, {late:.1f} MB')
    code, err = server.stop()
    tap.check(code == 0, f'{name} ends', err)


mailglass = sys.argv[1]
tap.ignore_leaks()
# What is freed is given back at once, as it is where nobody looks for mistakes.
tap.environment['ASAN_OPTIONS'] += ':quarantine_size_mb=1'
zone = tap.scratch / 'example.net.zone'
zone.write_text('$ORIGIN example.net.\n@ 3600 SOA ns h 1 2 3 4 600\n@ 3600 NS ns\nns 3600 A 192.0.2.53\n')
test_serve()
capture = tap.scratch / 'weeks.pcapng'
test_serve('--trace', str(capture))
tap.check(count_packets(capture) >= 2 * QUERIES, 'every query and answer is in the file', count_packets(capture))
tap.plan()
