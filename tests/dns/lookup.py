#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""lookup.py MAILGLASS SOURCE - the verb "lookup" in a whole network: who is asked, and what comes back. Prints TAP."""
import json
import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import tap
from tap import check

mailglass, source = sys.argv[1:3]

NETWORK = """[network]
format=1
title=Lookup
epoch=2026-03-02T09:00:00Z
plugins=dns

[host alice]
kind=mua
address=192.0.2.10
resolver=resolver
resolver-timeout=2s

[host resolver]
kind=resolver
address=203.0.113.53
hints=root.hints

[host root]
kind=nameserver
address=203.0.113.1
zones=root.zone

[host ns.example]
kind=nameserver
address=198.51.100.53;2001:db8::53
zones=example.zone

[link alice resolver]
delay=10ms

[link resolver root]
delay=10ms

[link resolver ns.example]
delay=10ms

[script]
"""

FILES = {
    'root.hints': '. 3600 NS a.root.\na.root. 3600 A 203.0.113.1\n',
    'root.zone': '$TTL 3600\n@ SOA a.root. h.root. 1 2 3 4 900\n@ NS a.root.\na.root. A 203.0.113.1\n'
                 'example. NS ns.example.\nns.example. A 198.51.100.53\narpa. NS ns.example.\n',
    'example.zone': '$ORIGIN example.\n$TTL 600\n@ SOA ns h 1 2 3 4 60\n@ NS ns\nns A 198.51.100.53\n@ MX 10 mx\n'
                    'mx A 198.51.100.25\n' + ''.join(f'big TXT "{i:03}{"x" * 250}"\n' for i in range(8)),
}

# What alice says; who answers her at last, and what; the state of her engine at its end; her notes hold this.
REFERRAL = '→ ask ns.example (example)'
ROWS = [
    ('example MX', 'resolver', 'MX example = 10 mx.example', 'answered', ''),
    ('EXAMPLE mx at 198.51.100.53', 'ns.example', 'MX EXAMPLE = 10 mx.EXAMPLE', 'answered', ''),
    ('mx.example A at 2001:db8::53', 'ns.example', 'A mx.example = 198.51.100.25', 'answered', ''),
    ('example MX at ns.example', 'ns.example', 'MX example = 10 mx.example', 'answered', ''),
    ('example MX at 203.0.113.1', 'root', REFERRAL, 'answered', ''),
    ('no.example A', 'resolver', 'NXDOMAIN A no.example', 'answered', ''),
    ('198.51.100.25 PTR at 198.51.100.53', 'ns.example', 'REFUSED PTR 25.100.51.198.in-addr.arpa', 'answered', ''),
    ('big.example TXT at 198.51.100.53', 'ns.example', None, 'answered', 'too long for a datagram'),
    ('example MX at 192.0.2.99', None, None, 'unanswered', 'cannot be reached'),
    ('example MX at 192.0.2.10', None, None, 'unanswered', 'cannot be reached'),  # nobody listens on port 53
    ('example MX at nowhere.example', 'resolver', 'NXDOMAIN A nowhere.example', 'unanswered', 'no IP address'),
    ('example MAIL', None, None, 'unanswered', 'no such type'),
    ('a..b A', None, None, 'unanswered', 'cannot be a domain name'),
]
WRONG = ['example', 'example MX at', 'example MX in 192.0.2.53', 'example MX at 192.0.2.53 now']


def run(folder, lines):
    script = ''.join(f'{i + 1}=at {i * 20}s alice lookup {line}\n' for i, line in enumerate(lines))
    (folder / 'network.ini').write_text(NETWORK + script)
    return tap.run(mailglass, 'run', '--json', folder)


def last(rows, wanted):
    found = [row for row in rows if wanted(row)]
    return found[-1] if found else {'from': None, 'summary': None}


def main():
    folder = tap.scratch
    for file, text in FILES.items():
        (folder / file).write_text(text)
    said = run(folder, [row[0] for row in ROWS])
    events = [json.loads(line) for line in said.lines if line.startswith('{"n"')]
    check(said.code == 0, 'the network runs', said)
    for i, (line, who, what, state, note) in enumerate(ROWS):
        mine = [e for e in events if i * 20 <= e['time'] < i * 20 + 20]
        answer = last(mine, lambda e: e['to'] == 'alice' and e['kind'] == 'answer')
        end = last(mine, lambda e: e['kind'] == 'state' and e['summary'].startswith('dns.ask: '))
        notes = ' '.join(e['summary'] for e in mine if e['kind'] == 'note' and e['from'] == 'alice')
        good = (answer['from'] == who and (what is None or answer['summary'] == what) and note in notes and
                (end['summary'] or '').endswith('→ ' + state))
        check(good, f'lookup {line}', f'{answer}\n{end}\n{notes}')
    direct = [e for e in events if 20 <= e['time'] < 40 and e['to'] is not None]
    check(len(direct) == 2, 'a server that is said is asked alone', direct)
    for line in WRONG:
        said = run(folder, [line])
        good = said.code != 0 and 'lookup NAME TYPE [at SERVER]' in said.err
        check(good, f'lookup {line}: told how to write it', said)


tap.main(main)
