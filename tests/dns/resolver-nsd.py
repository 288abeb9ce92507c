#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""resolver-nsd.py MAILGLASS - `dns resolve` and `dns iterate` over a root, a TLD and leaves that are served by NSD.

Each NSD has a loopback address of its own; all have one port. Asked with dig, drill and kdig. Prints TAP."""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

mailglass = sys.argv[1]
PATH = os.environ['PATH'] + ':/usr/sbin:/sbin'
nsd, dig, drill, kdig = (shutil.which(name, path=PATH) for name in ('nsd', 'dig', 'drill', 'kdig'))
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
results, processes = [], []


def check(good, name, detail=''):
    results.append((good, name, detail))


def free_port():
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.bind(('127.0.0.1', 0))
            port = udp.getsockname()[1]
            try:
                for address in ZONES:
                    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                        with socket.socket(socket.AF_INET, kind) as other:
                            other.bind((address, port))
            except OSError:
                continue
            return port


def run(*words):
    return subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=60)


def start_nsd(folder, address, zones, port):
    folder.mkdir()
    text = (f'server:\n ip-address: {address}\n port: {port}\n username: ""\n chroot: ""\n zonesdir: "{folder}"\n pidfile: ""\n'
            f' zonelistfile: "{folder}/list"\n xfrdfile: ""\n xfrdir: "{folder}"\n server-count: 1\n hide-version: yes\n'
            f' logfile: "{folder}/log"\n rrl-ratelimit: 0\n rrl-whitelist-ratelimit: 0\nremote-control:\n control-enable: no\n')
    for number, (name, records) in enumerate(zones.items()):
        (folder / f'{number}.zone').write_text(f'$ORIGIN {name}\n$TTL 600\n{records}')
        text += f'zone:\n name: "{name}"\n zonefile: "{number}.zone"\n'
    (folder / 'nsd.conf').write_text(text)
    processes.append(subprocess.Popen([nsd, '-d', '-c', str(folder / 'nsd.conf')], stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL))
    for _ in range(100):
        if 'status: ' in run(dig, '+tries=1', '+time=1', '-p', port, f'@{address}', next(iter(zones)), 'SOA').stdout:
            return
        time.sleep(0.05)
    raise SystemExit(f'NSD does not answer at {address}: {(folder / "log").read_text()}')


def rows_of(text):
    return sorted(' '.join(w[:1] + w[3:]) for w in (line.split() for line in text.splitlines()) if len(w) > 4 and not
                  line_is_comment(w))


def line_is_comment(words):
    return words[0].startswith(';')


def compare(name, done, rcode, wanted):
    got = rows_of(done.stdout.split('AUTHORITY SECTION')[0])
    good = f'status: {rcode}' in done.stdout or f'rcode: {rcode}' in done.stdout
    good = good and (len(got) == wanted if isinstance(wanted, int) else [g.lower() for g in got] == sorted(w.lower() for w in wanted))
    check(good, name, done.stdout + done.stderr)


def ask_all(port, words, label):
    for name, kind, rcode, wanted in ROWS:
        compare(f'{label}: {name} {kind}', run(dig, '-p', port, '@127.0.0.1', '+noall', '+comments', '+answer', *words, name, kind), rcode,
                wanted)


def start_resolver(hints, port, *words):
    process = subprocess.Popen([mailglass, 'dns', 'resolve', '--listen', '127.0.0.1:0', '--hints', hints, '--port', str(port), *words],
                               stdout=subprocess.PIPE, text=True)
    processes.append(process)
    lines = [process.stdout.readline(), process.stdout.readline()]
    check([line.split()[1] for line in lines] == ['dns.resolver', 'dns.resolver-tcp'], 'it says where it listens', lines)
    return int(lines[0].rsplit(':', 1)[1])


def stop(process):
    process.send_signal(signal.SIGINT)
    process.wait(timeout=20)
    return process.returncode


def test_iterate(hints, port):
    done = run(mailglass, 'dns', 'iterate', 'www.example.test', '--hints', hints, '--port', port)
    check(done.returncode == 0 and f'1  {ROOT}  www.example.test. A' in done.stdout and 'web.far.test.\t300\tIN\tA\t192.0.2.80' in
          done.stdout, 'iterate: each step', done.stdout + done.stderr)
    done = run(mailglass, 'dns', 'iterate', 'big.example.test', 'TXT', '--hints', hints, '--port', port, '--json', '--minimise')
    steps = [json.loads(line) for line in done.stdout.splitlines()]
    check(steps and steps[0]['name'] == 'test.' and any(s.get('tcp') for s in steps[:-1]) and steps[-1]['rcode'] == 'NOERROR' and
          len(steps[-1]['answer']) == 20, 'iterate: JSON, TCP after TC, a shortened name', done.stdout[:2000] + done.stderr)
    for words in ([], ['--json', '--minimise']):
        words = ['www.example.test', 'AAAA', '--hints', hints, '--port', port, *words]
        one, other = run(mailglass, 'dns', 'iterate', *words), run(mailglass, 'dns', 'lookup', '--iterate', *words)
        # Of two name servers it is chance which is asked, so that the first step and the end are compared.
        ends = [(out.stdout.splitlines()[0], re.sub(r'"queries":\d+', '', out.stdout.splitlines()[-1])) for out in (one, other) if out.stdout]
        check(len(ends) == 2 and ends[0] == ends[1] and one.returncode == other.returncode == 0, 'lookup --iterate: the same',
              f'{one.stdout}\n{other.stdout}{other.stderr}')
    check(run(mailglass, 'dns', 'lookup', 'a.test', '--iterate', '--tcp', '--hints', hints).returncode == 2, 'lookup --iterate: no --tcp')
    check(run(mailglass, 'dns', 'lookup', 'a.test', '--hints', hints).returncode == 2, 'lookup: no --hints')
    check(run(mailglass, 'dns', 'lookup', 'a.test', '--iterate').returncode == 2, 'lookup --iterate: hints are wanted')
    done = run(mailglass, 'dns', 'iterate', '192.0.2.25', '--hints', hints, '--port', port)
    check(f'1  {ROOT}  25.2.0.192.in-addr.arpa. PTR' in done.stdout and 'NXDOMAIN' in done.stdout, 'iterate: an address', done.stdout)
    done = run(mailglass, 'dns', 'iterate', 'www.lame.test', '--hints', hints, '--port', port)
    check(done.returncode == 3 and 'SERVFAIL' in done.stdout, 'iterate: nobody knows', done.stdout + done.stderr)
    check(run(mailglass, 'dns', 'iterate', 'a.test').returncode == 2, 'iterate: hints are wanted')
    check(run(mailglass, 'dns', 'iterate', 'a..test', '--hints', hints).returncode == 2, 'iterate: no name')


def main(folder):
    port = free_port()
    for number, (address, zones) in enumerate(ZONES.items()):
        start_nsd(folder / str(number), address, zones, port)
    hints = folder / 'root.hints'
    hints.write_text(f'. 3600 NS a.root.\na.root. 3600 A {ROOT}\n')
    ours = start_resolver(hints, port)
    ask_all(ours, [], 'dig')
    ask_all(ours, ['+tcp'], 'dig over TCP, from the cache')
    ask_all(ours, ['+noedns'], 'dig without EDNS')
    if drill:
        done = run(drill, '-p', ours, '@127.0.0.1', 'example.test', 'MX')
        compare('drill', done, 'NOERROR', ROWS[0][3])
    if kdig:
        done = run(kdig, '-p', ours, '@127.0.0.1', '+noall', '+header', '+answer', 'www.example.test', 'AAAA')
        compare('kdig', done, 'NOERROR', ROWS[2][3])
        done = run(kdig, '-p', ours, '@127.0.0.1', '+tcp', '+keepopen', '+short', 'mx.example.test', 'A', 'big.example.test', 'TXT')
        check('192.0.2.25' in done.stdout and done.stdout.count('x' * 250) == 20, 'two questions over one stream', done.stdout)
    check(stop(processes.pop()) == 0, 'it ends cleanly')
    ask_all(start_resolver(hints, port, '--minimise'), [], 'minimised')
    test_iterate(hints, port)


if not nsd or not dig:
    print('1..0 # SKIP nsd and dig are wanted')
    sys.exit(0)
scratch = pathlib.Path(tempfile.mkdtemp(prefix='mailglass-resolver-'))
try:
    main(scratch)
finally:
    for process in processes:
        process.terminate()
        process.wait(timeout=20)
    shutil.rmtree(scratch, ignore_errors=True)
print(f'1..{len(results)}')
for number, (good, name, detail) in enumerate(results, 1):
    print(f'{"ok" if good else "not ok"} {number} - {name}')
    if not good:
        print(''.join(f'# {line}\n' for line in str(detail).splitlines()[:30]), end='')
