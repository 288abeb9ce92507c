#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""tshark.py MAILGLASS NETWORK… - what we write, Wireshark's own reader takes without a complaint, and
names as we do. Prints TAP."""
import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import tap
from tap import check, run

mailglass, networks = sys.argv[1], sys.argv[2:]
COMPARED = ['smtp.req.command', 'smtp.req.parameter', 'smtp.response.code', 'pop.request.command',
            'pop.response.indicator', 'dns.id', 'dns.qry.name', 'dns.flags.rcode', 'dns.count.answers', 'dns.a',
            'dns.mx.mail_exchange', 'dns.ns']


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


def compare(network):
    name = os.path.basename(network)
    path = tap.scratch / (name + '.pcapng')
    ran = run(mailglass, 'run', network, '--json', '--trace', path)
    check(ran.code == 0, f'{name}: runs', ran.err)
    rows = ran.rows()
    read = tshark(path, '-V')
    check(read.code == 0 and read.out.count('\nFrame ') > 20, f'{name}: tshark reads it', read.err)
    words = ('Malformed', 'incorrect, should be', 'Bad checksum', 'previous segment', "wasn't captured", 'Out-Of-Order',
             'Unreassembled')
    bad = [line for line in read.lines if any(word in line for word in words) and 'Expert Info (Chat' not in line]
    check(not bad, f'{name}: nothing malformed, no bad checksum, no lost segment', '\n'.join(bad))
    loud = tshark(path, '-Y', '_ws.expert.severity >= "Warning"', '-T', 'fields', '-e', 'frame.number', '-e', '_ws.expert.message')
    check(loud.out == '', f'{name}: no expert warning', loud.out + loud.err)
    sums = run('capinfos', '-c', path)
    packets = rows[-1]['packets']
    check(str(packets) in sums.out, f'{name}: capinfos counts our {packets} packets', sums.out + sums.err)
    for field in COMPARED:
        theirs = tshark(path, '-T', 'fields', '-E', 'occurrence=a', '-E', 'aggregator=|', '-e', field)
        values = [v for line in theirs.lines if line for v in line.split('|')]
        mine = ours(rows, field)
        if field == 'dns.id':
            mine = [f'0x{int(v):04x}' for v in mine]
        check(mine == values if not field.startswith('smtp.response') else sorted(mine) == sorted(values),
              f'{name}: {field}: {len(values)} values as tshark says', f'ours:   {mine}\ntshark: {values}')


if tap.find('tshark') is None:
    tap.skip_all('tshark is not installed')
tap.main(*(lambda network=network: compare(network) for network in networks))
