#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""resolver-nsd.py MAILGLASS - `dns resolve` and `dns iterate` over a root, a TLD and leaves that are served by NSD.

Each NSD has a loopback address of its own; all have one port. Asked with dig, drill and kdig. Prints TAP."""
import json
import os
import re
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import servers
import tap
from tap import check, find, run

mailglass = sys.argv[1]
ROOT, TLD, LEAF, OTHER = (f'127.0.0.{i}' for i in (31, 32, 33, 34))

ZONES = {
    ROOT: {'.': f'@ SOA a.root. h.root. 1 2 3 4 60\n@ NS a.root.\na.root. A {ROOT}\n'
                f'test. NS a.nic.test.\na.nic.test. A {TLD}\n'},
    TLD: {'test.': f'@ SOA a.nic h 1 2 3 4 60\n@ NS a.nic\na.nic A {TLD}\n'
                   f'example NS ns.example\nexample NS gone.example\nns.example A {LEAF}\ngone.example A 127.0.0.35\n'
                   f'other NS ns.example\nfar NS ns.other\nlame NS ns.example\n'},
    LEAF: {'example.test.': f'@ SOA ns h 1 2 3 4 60\n@ NS ns\nns A {LEAF}\n@ MX 10 mx\nmx A 192.0.2.25\nwww CNAME web.far.test.\n'
                            + ''.join(f'big TXT "{i:03}{"x" * 250}"\n' for i in range(20))
                            + 'old DNAME new\nx.new A 192.0.2.77\nUpper A 192.0.2.33\na.b.c TXT "deep"\n',
           'other.test.': f'@ SOA ns h 1 2 3 4 60\n@ NS ns.example.test.\nns A {OTHER}\n'},
    OTHER: {'far.test.': '@ SOA ns.other.test. h 1 2 3 4 60\n@ NS ns.other.test.\nweb 300 A 192.0.2.80\nweb AAAA 2001:db8::80\n'},
}
# Name, type; rcode; the records of the answer.
ROWS = [
    ('example.test', 'MX', 'NOERROR', ['example.test. MX 10 mx.example.test.']),
    ('mx.example.test', 'A', 'NOERROR', ['mx.example.test. A 192.0.2.25']),
    ('www.example.test', 'AAAA', 'NOERROR', ['www.example.test. CNAME web.far.test.', 'web.far.test. AAAA 2001:db8::80']),
    ('x.old.example.test', 'A', 'NOERROR', ['old.example.test. DNAME new.example.test.',
                                            'x.old.example.test. CNAME x.new.example.test.', 'x.new.example.test. A 192.0.2.77']),
    ('no.example.test', 'A', 'NXDOMAIN', []),
    ('mx.example.test', 'TXT', 'NOERROR', []),
    ('a.b.c.example.test', 'TXT', 'NOERROR', ['a.b.c.example.test. TXT "deep"']),
    ('b.c.example.test', 'A', 'NOERROR', []),
    ('upper.example.test', 'A', 'NOERROR', ['upper.example.test. A 192.0.2.33']),
    ('www.lame.test', 'A', 'SERVFAIL', []),
    ('nothing', 'A', 'NXDOMAIN', []),
    ('big.example.test', 'TXT', 'NOERROR', 20),
]


def rows_of(text):
    return sorted(' '.join(w[:1] + w[3:]) for w in (line.split() for line in text.splitlines()) if len(w) > 4 and not
                  line_is_comment(w))


def line_is_comment(words):
    return words[0].startswith(';')


def compare(name, done, rcode, wanted):
    got = rows_of(done.out.split('AUTHORITY SECTION')[0])
    good = f'status: {rcode}' in done.out or f'rcode: {rcode}' in done.out
    good = good and (len(got) == wanted if isinstance(wanted, int) else [g.lower() for g in got] == sorted(w.lower() for w in wanted))
    check(good, name, done.out + done.err)


def ask_all(port, words, label):
    for name, kind, rcode, wanted in ROWS:
        compare(f'{label}: {name} {kind}', run('dig', '-p', port, '@127.0.0.1', '+noall', '+comments', '+answer', *words, name, kind), rcode,
                wanted)


def start_resolver(hints, port, *words):
    resolver = tap.Listening(2, mailglass, 'dns', 'resolve', '--listen', '127.0.0.1:0', '--hints', hints, '--port', port, *words)
    check(list(resolver.ports) == ['dns.resolver', 'dns.resolver-tcp'], 'it says where it listens', resolver.lines)
    return resolver


def test_iterate(hints, port):
    done = run(mailglass, 'dns', 'iterate', 'www.example.test', '--hints', hints, '--port', port)
    check(done.code == 0 and f'1  {ROOT}  www.example.test. A' in done.out and 'web.far.test.\t300\tIN\tA\t192.0.2.80' in
          done.out, 'iterate: each step', done.out + done.err)
    done = run(mailglass, 'dns', 'iterate', 'big.example.test', 'TXT', '--hints', hints, '--port', port, '--json', '--minimise')
    steps = [json.loads(line) for line in done.lines]
    check(steps and steps[0]['name'] == 'test.' and any(s.get('tcp') for s in steps[:-1]) and steps[-1]['rcode'] == 'NOERROR' and
          len(steps[-1]['answer']) == 20, 'iterate: JSON, TCP after TC, a shortened name', done.out[:2000] + done.err)
    for words in ([], ['--json', '--minimise']):
        words = ['www.example.test', 'AAAA', '--hints', hints, '--port', port, *words]
        one, other = run(mailglass, 'dns', 'iterate', *words), run(mailglass, 'dns', 'lookup', '--iterate', *words)
        # Of two name servers it is chance which is asked, so that the first step and the end are compared.
        ends = [(out.lines[0], re.sub(r'"queries":\d+', '', out.lines[-1])) for out in (one, other) if out.out]
        check(len(ends) == 2 and ends[0] == ends[1] and one.code == other.code == 0, 'lookup --iterate: the same',
              f'{one.out}\n{other.out}{other.err}')
    check(run(mailglass, 'dns', 'lookup', 'a.test', '--iterate', '--tcp', '--hints', hints).code == 2, 'lookup --iterate: no --tcp')
    check(run(mailglass, 'dns', 'lookup', 'a.test', '--hints', hints).code == 2, 'lookup: no --hints')
    check(run(mailglass, 'dns', 'lookup', 'a.test', '--iterate').code == 2, 'lookup --iterate: hints are wanted')
    done = run(mailglass, 'dns', 'iterate', '192.0.2.25', '--hints', hints, '--port', port)
    check(f'1  {ROOT}  25.2.0.192.in-addr.arpa. PTR' in done.out and 'NXDOMAIN' in done.out, 'iterate: an address', done.out)
    done = run(mailglass, 'dns', 'iterate', 'www.lame.test', '--hints', hints, '--port', port)
    check(done.code == 3 and 'SERVFAIL' in done.out, 'iterate: nobody knows', done.out + done.err)
    check(run(mailglass, 'dns', 'iterate', 'a.test').code == 2, 'iterate: hints are wanted')
    check(run(mailglass, 'dns', 'iterate', 'a..test', '--hints', hints).code == 2, 'iterate: no name')


def main():
    port = tap.free_port(*ZONES)
    for address, zones in ZONES.items():
        servers.start_nsd(address, port, {name: f'$ORIGIN {name}\n$TTL 600\n{records}' for name, records in zones.items()})
    hints = tap.scratch / 'root.hints'
    hints.write_text(f'. 3600 NS a.root.\na.root. 3600 A {ROOT}\n')
    resolver = start_resolver(hints, port)
    ours = resolver.ports['dns.resolver']
    ask_all(ours, [], 'dig')
    ask_all(ours, ['+tcp'], 'dig over TCP, from the cache')
    ask_all(ours, ['+noedns'], 'dig without EDNS')
    if find('drill'):
        compare('drill', run('drill', '-p', ours, '@127.0.0.1', 'example.test', 'MX'), 'NOERROR', ROWS[0][3])
    if find('kdig'):
        done = run('kdig', '-p', ours, '@127.0.0.1', '+noall', '+header', '+answer', 'www.example.test', 'AAAA')
        compare('kdig', done, 'NOERROR', ROWS[2][3])
        done = run('kdig', '-p', ours, '@127.0.0.1', '+tcp', '+keepopen', '+short', 'mx.example.test', 'A', 'big.example.test', 'TXT')
        check('192.0.2.25' in done.out and done.out.count('x' * 250) == 20, 'two questions over one stream', done)
    code, err = resolver.stop()
    check(code == 0, 'it ends cleanly', err)
    ask_all(start_resolver(hints, port, '--minimise').ports['dns.resolver'], [], 'minimised')
    test_iterate(hints, port)


if not find('nsd') or not find('dig'):
    tap.skip_all('nsd and dig are wanted')
tap.main(main)
