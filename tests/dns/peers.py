#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""peers.py MAILGLASS GROUP - the same zones, the same questions, asked of `mailglass dns serve` and of servers that others wrote.

GROUP is nsd, knot, tools or unbound. Servers run on loopback from a folder that is removed at the end, and are stopped by their id.
Zones are unsigned, signed with NSEC, and signed with NSEC3. Prints TAP."""
import itertools
import os
import random
import re
import socket
import struct
import sys
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import servers
import tap
from tap import check, free_port, run, scratch, skip, start
from tap import find as tool

mailglass, group = sys.argv[1:3]
ours_running = []


# ---- messages ----

TYPES = {'A': 1, 'NS': 2, 'CNAME': 5, 'SOA': 6, 'PTR': 12, 'MX': 15, 'TXT': 16, 'AAAA': 28, 'SRV': 33, 'DNAME': 39, 'DS': 43, 'RRSIG': 46,
         'NSEC': 47, 'DNSKEY': 48, 'NSEC3': 50, 'NSEC3PARAM': 51, 'HTTPS': 65, 'ANY': 255, 'TYPE65280': 65280}
NAMES = {number: name for name, number in TYPES.items()}
COMPRESSED = {2: 'n', 5: 'n', 6: 'nnb', 12: 'n', 15: '2n', 39: 'n', 33: '6n'}


def wire(name):
    return b''.join(bytes([len(label)]) + label.encode() for label in name.split('.') if label) + b'\0'


def query(name, kind, do=False, payload=1232, ident=0x4242, flags=0):
    opt = b'\0' + struct.pack('>HHIH', 41, payload, 0x8000 if do else 0, 0) if payload else b''
    return struct.pack('>HHHHHH', ident, flags, 1, 0, 0, 1 if payload else 0) + wire(name) + struct.pack('>HH', TYPES[kind], 1) + opt


def read_name(data, at):
    labels, end = [], None
    while True:
        octet = data[at]
        if octet >= 0xc0:
            end = end if end is not None else at + 2
            at = (octet & 0x3f) << 8 | data[at + 1]
        elif octet == 0:
            return '.'.join(labels) + '.', end if end is not None else at + 1
        else:
            labels.append(data[at + 1:at + 1 + octet].decode('latin-1').lower())
            at += 1 + octet


def read_data(data, kind, at, length):
    out, end = [], at + length
    for part in COMPRESSED.get(kind, 'b'):
        if part == 'n':
            name, at = read_name(data, at)
            out.append(name)
        else:
            to = end if part == 'b' else at + int(part)
            out.append(data[at:to].hex())
            at = to
    return ' '.join(out)


def read(data):
    """(rcode, aa, tc, three sorted sections)"""
    ident, flags, questions, *counts = struct.unpack('>HHHHHH', data[:12])
    at, sections = 12, []
    for _ in range(questions):
        at = read_name(data, at)[1] + 4
    for count in counts:
        rows = []
        for _ in range(count):
            name, at = read_name(data, at)
            kind, _class, ttl, length = struct.unpack('>HHIH', data[at:at + 10])
            at += 10
            if kind != 41:
                rows.append(f'{name} {ttl} {NAMES.get(kind, kind)} {read_data(data, kind, at, length)}')
            at += length
        sections.append(sorted(set(rows)))
    assert at == len(data), 'octets are left over'
    return flags & 15, flags >> 10 & 1, flags >> 9 & 1, sections


def ask(port, packet, tcp=False):
    for _ in range(3):
        try:
            if not tcp:
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                    udp.settimeout(2)
                    udp.connect(('127.0.0.1', port))
                    udp.send(packet)
                    return udp.recv(65535)
            with socket.create_connection(('127.0.0.1', port), 2) as stream:
                stream.sendall(struct.pack('>H', len(packet)) + packet)
                file = stream.makefile('rb')
                return file.read(struct.unpack('>H', file.read(2))[0])
        except (OSError, struct.error):
            time.sleep(0.1)
    return None


# ---- zones ----

NET = '''$TTL 3600
$ORIGIN example.net.
@ SOA ns1 hostmaster 5 7200 900 1209600 300
@ NS ns1
@ NS ns2.example.org.
ns1 A 192.0.2.1
ns1 AAAA 2001:db8::1
@ MX 10 mx1
@ MX 20 mx2.example.org.
@ TXT "v=spf1 mx -all" "second"
@ A 192.0.2.80
mx1 A 192.0.2.25
www CNAME web
web A 192.0.2.80
web 60 AAAA 2001:db8::80
chain1 CNAME chain2
chain2 CNAME chain3
chain3 CNAME web
broken CNAME nowhere
out CNAME www.example.org.
far CNAME www.example.com.
wildalias CNAME x.wild
cutalias CNAME host.sub
*.wild A 192.0.2.99
*.wild MX 5 mx1
x.y.wild TXT "here"
*.cw CNAME web
a.b.c TXT "deep"
_imaps._tcp SRV 0 1 993 mx1
sub NS ns.sub
sub NS ns1.example.org.
ns.sub A 192.0.2.53
ns.sub AAAA 2001:db8::53
sub DS 12345 8 2 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
insecure NS ns.insecure
ns.insecure A 192.0.2.54
sibling NS ns.sub
sibling NS ns.insecure
noglue NS ns1.example.org.
old DNAME new
x.new A 192.0.2.77
svc HTTPS 1 . alpn="h2"
unknown TYPE65280 \\# 3 abcdef
'''
ORG = '$TTL 600\n$ORIGIN example.org.\n@ SOA ns1 hostmaster 9 7200 900 1209600 60\n@ NS ns1\nns1 A 192.0.2.2\nns2 A 192.0.2.3\n' \
      'mx2 A 192.0.2.26\nwww A 192.0.2.81\n@ MX 0 .\n' + \
      ''.join(f'big TXT "{i}: a text that makes the answer too long"\n' for i in range(60))
ASKED = '''@ ns1 mx1 www web chain1 broken out far nowhere x.wild wildalias cutalias wild y.wild z.y.wild q.z.wild *.wild k.cw c b.c a.b.c z.b.c
_tcp _imaps._tcp sub host.sub ns.sub insecure a.insecure sibling a.sibling noglue a.noglue old x.old y.old svc unknown aaaa zzzz'''.split()
KINDS = ['A', 'AAAA', 'MX', 'TXT', 'NS', 'SOA', 'CNAME', 'SRV', 'DS', 'DNAME', 'HTTPS', 'NSEC', 'DNSKEY', 'ANY', 'TYPE65280']


def sign(zone, *options):
    """(path) The zone of `zone`'s text, signed; None without the tools."""
    if not tool('ldns-keygen') or not tool('ldns-signzone'):
        return None
    folder = scratch / f'sign{len(list(scratch.iterdir()))}'
    folder.mkdir()
    (folder / 'zone').write_text(zone)
    key = run(tool('ldns-keygen'), '-a', 'ECDSAP256SHA256', 'example.net', cwd=folder).out.strip()
    done = run(tool('ldns-signzone'), *options, '-i', '20200101', '-e', '20400101', 'zone', key, cwd=folder)
    check(done.code == 0, f'a zone is signed {" ".join(options)}', done.err)
    return folder / 'zone.signed'


def zones():
    """name → (net, org)"""
    org = scratch / 'example.org.zone'
    org.write_text(ORG)
    plain = scratch / 'example.net.zone'
    plain.write_text(NET)
    out = {'plain': (plain, org)}
    for name, options in (('nsec', ()), ('nsec3', ('-n', '-t', '3', '-s', 'abcd')), ('opt-out', ('-n', '-p', '-t', '1'))):
        path = sign(NET, *options)
        if path:
            out[name] = (path, org)
    return out


# ---- servers ----

def serve(files, *options):
    """The port of `mailglass dns serve`."""
    words = [w for f in files for w in ('--zone', f)]
    ours_running.append(tap.Listening(2, mailglass, 'dns', 'serve', *words, *options, '--listen', f'127.0.0.1:{free_port()}'))
    return list(ours_running[-1].ports.values())[-1]


def wait(port):
    def answers():
        reply = ask(port, query('example.net', 'SOA', flags=0x100))  # a resolver answers only who wants recursion
        return reply and reply[3] & 15 == 0
    return tap.wait_until(answers)


def folder_for(name):
    folder = scratch / f'{name}{len(list(scratch.iterdir()))}'
    folder.mkdir()
    return folder


def nsd(net, org):
    port = free_port()
    servers.start_nsd('127.0.0.1', port, {'example.net': net, 'example.org': org}, ' provide-xfr: 127.0.0.1 NOKEY\n')
    return port


def knot(net, org):
    folder, port = folder_for('knot'), free_port()
    (folder / 'knot.conf').write_text(f'''server:
  listen: 127.0.0.1@{port}
  rundir: "{folder}"
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
database:
  storage: "{folder}"
acl:
  - id: all
    address: 127.0.0.1
    action: transfer
zone:
  - domain: example.net
    file: "{net}"
    semantic-checks: off
    zonefile-load: whole
    acl: all
  - domain: example.org
    file: "{org}"
''')
    start(tool('knotd'), '-c', folder / 'knot.conf')
    return port


def comparable(message, do):
    """What must be the same: of positive answers the answer (and proofs), of others all that others go on with."""
    rcode, aa, tc, (answer, authority, additional) = message
    positive = rcode == 0 and answer
    referral = not aa and rcode == 0 and not answer
    if tc:
        return rcode, aa, tc
    if positive:
        authority = [r for r in authority if ' NS ' not in r and not r.split()[2:4] == ['RRSIG', ''] and not
                     (r.split()[2] == 'RRSIG' and r.split()[3].startswith('0002'))]
    glue = [r for r in additional if r.split()[2] in ('A', 'AAAA')] if referral else None
    return rcode, aa, tc, answer, authority, glue


def compare(peer, serve_peer):
    total = 0
    for name, files in zones().items():
        ours, theirs = serve(files), serve_peer(*files)
        if not check(wait(ours) and wait(theirs), f'{name}: both answer'):
            continue
        different, asked = [], 0
        for label, kind, do in itertools.product(ASKED, KINDS, (False, True)):
            if (kind in ('NSEC', 'DNSKEY') or do) and name == 'plain':
                continue
            full = 'example.net' if label == '@' else label + '.example.net'
            packet = query(full, kind, do)
            # Knot says more to ANY, follows no alias to another zone, and none for NSEC; NSD proves half of what is not behind a
            # DNAME, and more than it must when a wildcard itself is asked for.
            if peer == 'knot' and (kind in ('ANY', 'NSEC') or label == 'out') or peer == 'nsd' and do and label in ('y.old', '*.wild'):
                continue
            a, b = (read(ask(port, packet, kind == 'ANY')) for port in (ours, theirs))
            asked += 1
            if comparable(a, do) != comparable(b, do):
                different.append(f'{full} {kind} {"DO" if do else ""}\n ours   {comparable(a, do)}\n theirs {comparable(b, do)}')
        for full, kind in itertools.product(('example.org', 'www.example.org', 'big.example.org', 'a.example.org', 'example.com', '.'), KINDS):
            packet = query(full, kind, payload=0)
            a, b = (read(ask(port, packet)) for port in (ours, theirs))
            asked += 1
            if kind != 'ANY' and comparable(a, False) != comparable(b, False):
                different.append(f'{full} {kind}\n ours   {comparable(a, False)}\n theirs {comparable(b, False)}')
        total += asked
        check(not different, f'{name}: {asked} questions, the same answers as {peer}', f'{len(different)} differ\n' + '\n'.join(different[:12]))
    check(total > 300, f'{total} questions were asked')


# ---- programs that ask ----

def records(text):
    return sorted({re.sub(r'\s+', ' ', line.split(' ;{')[0].strip()).lower() for line in text.splitlines() if line.strip() and line[0] != ';'})


def test_tools():
    everything = zones()
    net, org = everything.get('nsec', everything['plain'])
    port = serve((net, org), '--transfer', '127.0.0.0/8', '--nsid', 'our-server', '--cookie-secret', 'e5e973e5a6b2a43f48e7dc849e37bfcf')
    wanted = records(run(mailglass, 'dns', 'zone', net, '--origin', 'example.net').out)
    check(len(wanted) > 40, 'the zone is printed', len(wanted))
    for name, words in (('dig', ('@127.0.0.1', '-p', port)), ('kdig', ('@127.0.0.1', '-p', port)), ('drill', ('@127.0.0.1', '-p', port))):
        if not tool(name):
            skip(f'{name} asks', f'{name} is not installed')
            continue
        order = (lambda n, t: (n, f'@127.0.0.1', '-p', port, t)) if name == 'drill' else (lambda n, t: (*words, n, t))
        got = run(tool(name), *order('example.net', 'MX')).out
        check('NOERROR' in got and 'mx1.example.net.' in got, f'{name} reads an answer', got)
        got = run(tool(name), *order('nowhere.example.net', 'MX')).out
        check('NXDOMAIN' in got and 'SOA' in got, f'{name} reads NXDOMAIN', got)
        got = run(tool(name), *order('big.example.org', 'TXT'), *(('-t',) if name == 'drill' else ())).out
        check(got.count('a text that makes the answer too long') == 60, f'{name} asks again over TCP', got[:600])
        got = records(run(tool(name), *order('example.net', 'AXFR')).out)
        squeeze = lambda rows: sorted(r.replace('"', '').replace(' ', '') for r in rows)
        check(squeeze(got) == squeeze(wanted), f'{name} has the whole zone',
              [x for x in squeeze(got) if x not in squeeze(wanted)][:3] + [x for x in squeeze(wanted) if x not in squeeze(got)][:3])
    if tool('dig'):
        got = run('dig', '@127.0.0.1', '-p', port, 'example.net', 'MX', '+nsid', '+subnet=192.0.2.0/24').out
        check('(good)' in got and 'our-server' in got and '192.0.2.0/24/0' in got, 'dig finds cookie, NSID and subnet good', got)
        got = run('dig', '@127.0.0.1', '-p', port, 'example.com').out
        check('EDE: 20 (Not Authoritative)' in got and 'REFUSED' in got, 'dig reads the extended error', got)
        got = run('dig', '@127.0.0.1', '-p', port, 'example.net', '+opcode=notify').out
        check('NOTIMP' in got, 'NOTIFY is not implemented', got)
        got = run('dig', '@127.0.0.1', '-p', port, 'example.net', 'IXFR=5', '+noall', '+answer').out
        check(len(records(got)) == 1, 'IXFR with the newest serial: the SOA alone', got)
        got = run('dig', '@127.0.0.1', '-p', port, 'example.net', 'IXFR=4', '+noall', '+answer').out
        check(len(records(got)) == len(wanted), 'IXFR with an older one: the whole zone', len(records(got)))
        closed = serve((net, org))
        got = run('dig', '@127.0.0.1', '-p', closed, 'example.net', 'AXFR').out
        check('Transfer failed' in got, 'without --transfer nobody has the zone', got)
    careful = serve((net, org), '--cookies', 'required')
    got = run(mailglass, 'dns', 'lookup', 'example.net', 'MX', '--server', f'127.0.0.1:{careful}').out
    check('NOERROR' in got and 'mx1.example.net.' in got and '(UDP)' in got, 'BADCOOKIE: we ask again with the cookie', got)
    got = run(mailglass, 'dns', 'lookup', 'example.net', 'MX', '--no-cookie', '--server', f'127.0.0.1:{careful}').out
    check('NOERROR' in got and '(TCP)' in got, '… and over TCP without one', got)
    if tool('dig'):
        got = run('dig', '@127.0.0.1', '-p', careful, 'example.net', 'MX').out
        check('BADCOOKIE, retrying' in got and 'NOERROR' in got and '(UDP)' in got, 'dig, too', got)
        got = run('dig', '@127.0.0.1', '-p', careful, '+nocookie', 'example.net', 'MX').out
        check('NOERROR' in got and '(TCP)' in got, '… and over TCP without one', got)


def test_unbound():
    """A resolver that validates takes our signed zones for good."""
    if not tool('unbound') or not tool('dig') or not tool('ldns-key2ds'):
        return skip('unbound validates our answers', 'unbound, dig or ldnsutils is not installed')
    for name, (net, org) in zones().items():
        folder, port, at = folder_for('unbound'), free_port(), serve((net, org))
        anchor = ''
        if name != 'plain':
            key = next(net.parent.glob('*.key')).read_text()
            (folder / 'anchor').write_text(key)
            anchor = f' trust-anchor-file: "{folder}/anchor"\n'
        modules = 'validator iterator' if anchor else 'iterator'
        (folder / 'unbound.conf').write_text(f'''server:
 interface: 127.0.0.1@{port}
 directory: "{folder}"
 pidfile: "{folder}/pid"
 username: ""
 chroot: ""
 use-syslog: no
 logfile: "{folder}/log"
 do-not-query-localhost: no
 module-config: "{modules}"
 val-override-date: "20250101000000"
{anchor} local-zone: "example.net." nodefault
remote-control:
 control-enable: no
stub-zone:
 name: example.net
 stub-addr: 127.0.0.1@{at}
stub-zone:
 name: example.org
 stub-addr: 127.0.0.1@{at}
''')
        start(tool('unbound'), '-d', '-c', folder / 'unbound.conf')
        wait(port)
        bad = []
        for label, kind, rcode in (('@', 'MX', 'NOERROR'), ('www', 'A', 'NOERROR'), ('x.wild', 'A', 'NOERROR'), ('nowhere', 'A', 'NXDOMAIN'),
                                   ('web', 'TXT', 'NOERROR'), ('x.wild', 'TXT', 'NOERROR'), ('b.c', 'A', 'NOERROR'), ('z.b.c', 'A', 'NXDOMAIN'),
                                   ('x.old', 'A', 'NOERROR'), ('k.cw', 'A', 'NOERROR'), ('insecure', 'DS', 'NOERROR'), ('sub', 'DS', 'NOERROR'),
                                   ('zzzz', 'A', 'NXDOMAIN'), ('chain1', 'AAAA', 'NOERROR')):
            full = 'example.net' if label == '@' else label + '.example.net'
            got = run('dig', '@127.0.0.1', '-p', port, full, kind, '+dnssec').out
            flags = re.search(r'flags: ([a-z ]*);', got)
            secure = flags and 'ad' in flags[1].split()
            exempt = name == 'opt-out' and (label == 'insecure' or rcode == 'NXDOMAIN' or label in ('x.wild', 'k.cw'))
            if f'status: {rcode}' not in got or (anchor and not secure and not exempt):
                bad.append((full, kind, got))
        check(not bad, f'{name}: unbound over our server' + (' validates' if anchor else ''), bad[:2])


def main():
    if group in ('nsd', 'knot'):
        if tool('nsd' if group == 'nsd' else 'knotd'):
            compare(group, nsd if group == 'nsd' else knot)
        else:
            skip(f'{group} answers the same', f'{group} is not installed')
    elif group == 'tools':
        test_tools()
    else:
        test_unbound()
    codes = [listening.stop() for listening in ours_running]
    check(all(code == 0 for code, _ in codes), 'our servers ended well', codes)


tap.main(main)
