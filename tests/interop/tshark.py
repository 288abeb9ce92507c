#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""tshark.py MAILGLASS NETWORK… - what we write, Wireshark's own reader takes without a complaint, and
names as we do. Prints TAP."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

mailglass, networks = sys.argv[1], sys.argv[2:]
scratch = tempfile.mkdtemp(prefix='mailglass-tshark-')
n = failures = 0
COMPARED = ['smtp.req.command', 'smtp.req.parameter', 'smtp.response.code', 'pop.request.command',
            'pop.response.indicator', 'dns.id', 'dns.qry.name', 'dns.flags.rcode', 'dns.count.answers', 'dns.a',
            'dns.mx.mail_exchange', 'dns.ns']


def check(ok, name, detail=''):
    global n, failures
    n += 1
    failures += not ok
    print(('ok' if ok else 'not ok'), n, '-', name)
    if not ok:
        print('\n'.join('# ' + line for line in str(detail).splitlines()[:40]))


def run(*words):
    return subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL)


def tshark(path, *words):
    return run('tshark', '-n', '-r', path, '-d', 'tcp.port==24,smtp', '-o', 'tcp.check_checksum:TRUE', '-o',
               'ip.check_checksum:TRUE', '-o', 'udp.check_checksum:TRUE', *words)


def ours(rows, field):
    values = []
    for row in rows:
        value = row.get('fields', {}).get(field)
        if value is not None and row.get('kind') != 'note':
            values += value if isinstance(value, list) else [value]
    return [str(v) for v in values]


if shutil.which('tshark') is None:
    print('1..0 # skipped: tshark is not here')
    sys.exit(0)
try:
    for network in networks:
        name = os.path.basename(network)
        path = os.path.join(scratch, name + '.pcapng')
        ran = run(mailglass, 'run', network, '--json', '--trace', path)
        check(ran.returncode == 0, f'{name}: runs', ran.stderr)
        rows = [json.loads(line) for line in ran.stdout.splitlines()]
        read = tshark(path, '-V')
        check(read.returncode == 0 and read.stdout.count('\nFrame ') > 20, f'{name}: tshark reads it', read.stderr)
        words = ('Malformed', 'incorrect, should be', 'Bad checksum', 'previous segment', "wasn't captured", 'Out-Of-Order',
                 'Unreassembled')
        bad = [line for line in read.stdout.splitlines() if any(word in line for word in words) and 'Expert Info (Chat' not in line]
        check(not bad, f'{name}: nothing malformed, no bad checksum, no lost segment', '\n'.join(bad))
        loud = tshark(path, '-Y', '_ws.expert.severity >= "Warning"', '-T', 'fields', '-e', 'frame.number', '-e', '_ws.expert.message')
        check(loud.stdout == '', f'{name}: no expert warning', loud.stdout + loud.stderr)
        sums = run('capinfos', '-c', path)
        packets = rows[-1]['packets']
        check(str(packets) in sums.stdout, f'{name}: capinfos counts our {packets} packets', sums.stdout + sums.stderr)
        for field in COMPARED:
            theirs = tshark(path, '-T', 'fields', '-E', 'occurrence=a', '-E', 'aggregator=|', '-e', field)
            values = [v for line in theirs.stdout.splitlines() if line for v in line.split('|')]
            mine = ours(rows, field)
            if field == 'dns.id':
                mine = [f'0x{int(v):04x}' for v in mine]
            check(mine == values if not field.startswith('smtp.response') else sorted(mine) == sorted(values),
                  f'{name}: {field}: {len(values)} values as tshark says', f'ours:   {mine}\ntshark: {values}')
finally:
    shutil.rmtree(scratch)
print(f'1..{n}')
sys.exit(failures > 0)
