#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""dnssec.py MAILGLASS - `dns resolve --validate` over a root, TLDs and leaves that ldns-signzone has signed, well and badly, and
NSD serves: the same verdicts as unbound's, and delv validates what we hand on. Prints TAP."""
import base64
import json
import os
import re
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import servers
import tap
from tap import check, run
from tap import scratch as here

mailglass = sys.argv[1]
TOOLS = ('nsd', 'dig', 'unbound', 'delv', 'ldns-signzone', 'ldns-keygen', 'ldns-key2ds')
ROOT, TLD, LEAF, UNBOUND, OTHER = (f'127.0.0.{i}' for i in (51, 52, 53, 54, 55))
LEAF_TEXT = '''@ SOA ns h 1 2 3 4 60
@ NS ns
ns A 127.0.0.53
www A 192.0.2.80
*.wild TXT "wild"
a.b.deep TXT "deep"
alias CNAME www
far CNAME www.unsigned.test.
bad CNAME www.flip.test.
old DNAME new
x.new A 192.0.2.77
Upper MX 10 WWW
'''
RSA = ('-b', '2048')
# Leaf zones: key algorithm, how ldns-signzone signs, what is done to the DS in the zone above.
ZONES = {
    'rsasha1.test': ('RSASHA1', (), 'good'),
    'rsasha1n3.test': ('RSASHA1-NSEC3-SHA1', ('-n',), 'good'),
    'rsasha256.test': ('RSASHA256', (), 'good'),
    'rsasha512.test': ('RSASHA512', (), 'good'),
    'p256.test': ('ECDSAP256SHA256', (), 'good'),
    'p384.test': ('ECDSAP384SHA384', (), 'good'),
    'ed25519.test': ('ED25519', (), 'good'),
    'ed448.test': ('ED448', (), 'good'),
    'nsec3.test': ('ECDSAP256SHA256', ('-n', '-s', 'aabb', '-t', '5'), 'good'),
    'iterated.test': ('ECDSAP256SHA256', ('-n', '-t', '200'), 'good'),
    'sha1.test': ('ED25519', (), 'sha1'),
    'sha384.test': ('ED25519', (), 'sha384'),
    'expired.test': ('ED25519', ('-i', '20200101000000', '-e', '20210101000000'), 'good'),
    'future.test': ('ED25519', ('-i', '20900101000000', '-e', '20910101000000'), 'good'),
    'flip.test': ('ED25519', (), 'good'),
    'nosig.test': ('ED25519', (), 'good'),
    'nodenial.test': ('ED25519', (), 'good'),
    'forgedkeys.test': ('ED25519', (), 'good'),
    'wrongds.test': ('ED25519', (), 'wrong'),
    'nods.test': ('ED25519', (), 'none'),
    'algorithm.test': ('ED25519', (), 'algorithm'),
    'digest.test': ('ED25519', (), 'digest'),
    'signed.opt': ('ED25519', (), 'good'),
    'two.test': ('ED25519', (), 'good'),  # its second server has wrong signatures
    'unsigned.test': (None, (), 'none'),
    'below.nsec3.test': (None, (), 'none'),  # the same server as the zone above
    'signed.nsec3.test': ('ED25519', (), 'good'),
    'unsigned.opt': (None, (), 'none'),
}
GOOD = [zone for zone, (algorithm, words, ds) in ZONES.items() if algorithm and ds in ('good', 'sha1', 'sha384') and zone not in (
    'expired.test', 'future.test', 'flip.test', 'nosig.test', 'nodenial.test', 'forgedkeys.test', 'iterated.test', 'two.test')]
SKIPPED = ('rsasha1.test', 'rsasha1n3.test', 'rsasha512.test', 'p384.test', 'ed448.test', 'sha1.test', 'sha384.test')  # by delv: time
SECURE, INSECURE, BOGUS = 'secure', 'insecure', 'bogus'
NAMES = {'www': 'A', 'x.wild': 'TXT', 'no': 'A', 'www ': 'MX', 'b.deep': 'A', 'x.wild ': 'A', 'alias': 'A', 'x.old': 'A', 'upper': 'MX',
         'deep': 'TXT', ' ': 'DNSKEY', '  ': 'SOA', 'far': 'A', 'bad': 'A'}
QUESTIONS = [(f'{name.strip()}.{zone}'.lstrip('.'), kind, INSECURE if name == 'far' else BOGUS if name == 'bad' else SECURE)
             for zone in GOOD for name, kind in NAMES.items()]
QUESTIONS += [(f'{name}.{zone}', kind, BOGUS) for zone in ('expired.test', 'future.test', 'forgedkeys.test', 'wrongds.test')
              for name, kind in (('www', 'A'), ('no', 'A'), ('www', 'MX'), ('far', 'A'))]
QUESTIONS += [(f'{name}.{zone}', kind, INSECURE) for zone in (
    'nods.test', 'algorithm.test', 'digest.test', 'unsigned.test', 'below.nsec3.test', 'unsigned.opt')
    for name, kind in (('www', 'A'), ('no', 'A'), ('www', 'MX'), ('x.wild', 'TXT'))]
QUESTIONS += [
    ('www.flip.test', 'A', BOGUS), ('ns.flip.test', 'A', SECURE), ('no.flip.test', 'A', SECURE), ('alias.flip.test', 'A', BOGUS),
    ('www.nosig.test', 'A', BOGUS), ('ns.nosig.test', 'A', SECURE), ('www.nosig.test', 'MX', SECURE),
    ('no.nodenial.test', 'A', BOGUS), ('www.nodenial.test', 'MX', BOGUS), ('www.nodenial.test', 'A', SECURE),
    ('x.wild.nodenial.test', 'TXT', BOGUS),
    ('www.iterated.test', 'A', SECURE), ('no.iterated.test', 'A', INSECURE), ('www.iterated.test', 'MX', INSECURE),
    ('nothing', 'A', SECURE), ('no.test', 'A', SECURE), ('no.opt', 'A', INSECURE), ('.', 'NS', SECURE), ('test', 'DNSKEY', SECURE),
    ('nods.test', 'DS', SECURE), ('p256.test', 'DS', SECURE), ('unsigned.opt', 'DS', SECURE), ('below.nsec3.test', 'DS', SECURE),
    ('signed.nsec3.test', 'DS', SECURE), ('www.p256.test', 'DS', SECURE), ('www.p256.test', 'NSEC', SECURE),
]


def tool(name, *words):
    done = run(name, *words, cwd=here)
    if done.code != 0:
        raise SystemExit(f'{name} {words}: {done.out}{done.err}')
    return done.out.strip()


# ---- signing ----

def make_key(zone, algorithm):
    return tool('ldns-keygen', '-a', algorithm, '-k', *(RSA if algorithm.startswith('RSA') else ()), zone)


def digest(key, how):
    option = {'sha1': '-1', 'sha384': '-4'}.get(how, '-2')
    owner, *rest = tool('ldns-key2ds', '-n', option, f'{key}.key').split()
    tag, algorithm, kind, value = rest[-4:]
    if how == 'wrong':
        value = f'{int(value[:2], 16) ^ 1:02x}{value[2:]}'
    if how == 'algorithm':
        algorithm = '200'
    if how == 'digest':
        kind = '200'
    return f'{owner} 600 IN DS {tag} {algorithm} {kind} {value}\n'


def sign(zone, text, key, words):
    name = zone if zone != '.' else 'root'
    plain = here / f'{name}.plain'
    plain.write_text(f'$ORIGIN {zone.rstrip(".")}.\n$TTL 600\n{text}')
    tool('ldns-signzone', '-o', zone, '-f', here / f'{name}.signed', *words, plain, key)
    return (here / f'{name}.signed').read_text()


def is_signature(line, name, kind):
    words = line.split()
    return len(words) > 5 and words[0].lower() == f'{name}.' and words[3:5] == ['RRSIG', kind]


def flip(line):
    head, tail = line.rstrip().rsplit(None, 1)
    octets = bytearray(base64.b64decode(tail))
    octets[20] ^= 4
    return f'{head} {base64.b64encode(octets).decode()}'


def spoil(zone, text):
    lines = text.splitlines()
    if zone == 'flip.test':
        lines = [flip(line) if is_signature(line, 'www.flip.test', 'A') else line for line in lines]
    elif zone == 'forgedkeys.test':
        lines = [flip(line) if is_signature(line, zone, 'DNSKEY') else line for line in lines]
    elif zone == 'nosig.test':
        lines = [line for line in lines if not is_signature(line, 'www.nosig.test', 'A')]
    elif zone == 'nodenial.test':
        lines = [line for line in lines if not re.search(r'\sIN\s+(NSEC|RRSIG\s+NSEC)\s', line)]
    return '\n'.join(lines) + '\n'


def make_zones():
    """By server: zone and its text. The root's anchor is written to a file."""
    places = {ROOT: {}, TLD: {}, LEAF: {}, OTHER: {}}
    above = {'test': '', 'opt': '', 'nsec3.test': ''}
    for zone in sorted(ZONES, key=lambda z: -z.count('.')):
        algorithm, words, ds = ZONES[zone]
        parent = zone.split('.', 1)[1]
        text = LEAF_TEXT + above.get(zone, '')
        above[parent] += f'{zone}. NS ns.{zone}.\nns.{zone}. A {LEAF}\n'
        if zone == 'two.test':
            text += f'@ NS other\nother A {OTHER}\n' + ''.join(f'w{i} A 192.0.2.{i}\n' for i in range(8))
            above[parent] += f'{zone}. NS other.{zone}.\nother.{zone}. A {OTHER}\n'
        if algorithm is None:
            places[LEAF][zone] = text
            continue
        key = make_key(zone, algorithm)
        if ds != 'none':
            above[parent] += digest(key, ds)
        places[LEAF][zone] = spoil(zone, sign(zone, text, key, words))
        if zone == 'two.test':
            places[OTHER][zone] = '\n'.join(flip(line) if re.search(r'\sRRSIG\s+A\s', line) else line for line in
                                            places[LEAF][zone].splitlines()) + '\n'
    root = f'. SOA a.root. h.root. 1 2 3 4 60\n. NS a.root.\na.root. A {ROOT}\n'
    for tld, words in (('test', ()), ('opt', ('-n', '-p'))):
        key = make_key(tld, 'ECDSAP256SHA256')
        text = f'@ SOA ns h 1 2 3 4 60\n@ NS ns\nns A {TLD}\n{above[tld]}'
        places[TLD][tld] = sign(tld, text, key, words)
        root += f'{tld}. NS ns.{tld}.\nns.{tld}. A {TLD}\n' + digest(key, 'good')
    key = make_key('.', 'RSASHA256')
    places[ROOT]['.'] = sign('.', root, key, ())
    (here / 'anchor').write_text(digest(key, 'good'))
    (here / 'anchor.key').write_text((here / f'{key}.key').read_text())
    return places


# ---- servers ----

def start_nsd(address, zones, port):
    servers.start_nsd(address, port, {
        name: ('' if 'RRSIG' in records else f'$ORIGIN {name}.\n$TTL 600\n') + records for name, records in zones.items()})


def start_unbound(places, port):
    text = (f'server:\n interface: {UNBOUND}\n port: {port}\n do-daemonize: no\n username: ""\n chroot: ""\n pidfile: ""\n directory: "{here}"\n'
            f' use-syslog: no\n logfile: "{here}/unbound.log"\n do-not-query-localhost: no\n trust-anchor-file: "{here}/anchor"\n'
            f' module-config: "validator iterator"\n num-threads: 1\n access-control: 127.0.0.0/8 allow\n qname-minimisation: no\n'
            f' aggressive-nsec: no\nremote-control:\n control-enable: no\n')
    text = text.replace('remote-control', ' local-zone: "test." nodefault\nremote-control')
    for address, zones in places.items():
        for zone in zones if address != OTHER else ():
            text += f'stub-zone:\n name: "{zone}"\n stub-addr: {address}@{port}\n stub-prime: no\n'
    (here / 'unbound.conf').write_text(text)
    tap.start('unbound', '-d', '-c', here / 'unbound.conf')
    if not tap.wait_until(lambda: servers.answers(UNBOUND, port, 'test')):
        raise SystemExit('unbound does not answer')


def start_resolver(port, *words):
    return tap.Listening(2, mailglass, 'dns', 'resolve', '--listen', '127.0.0.1:0', '--hints', here / 'hints', '--port', port, *words)


# ---- asking ----

def ask(address, port, name, kind, *words):
    words = ['dig', '-p', port, f'@{address}', '+noall', '+comments', '+answer', '+authority', '+dnssec', *words, name, kind]
    for _ in range(5):
        text = run(*words).out
        # Once in 30,000 times dig draws the server's port for itself, and hears its own question.
        if 'query response not set' not in text:
            break
    return text


def verdict(text):
    status = re.search(r'status: (\w+)', text)
    flags = re.search(r'flags: ([^;]*);', text)
    if status is None:
        return 'nothing', ''
    if status[1] == 'SERVFAIL':
        return BOGUS, status[1]
    return (SECURE if ' ad' in ' ' + flags[1] else INSECURE), status[1]


def records(text):
    rows = [line.split() for line in text.splitlines() if line and not line.startswith(';')]
    return sorted(' '.join(w[:1] + w[3:]).lower() for w in rows if len(w) > 4 and w[3] in ('A', 'CNAME', 'DNAME', 'TXT', 'MX', 'SOA', 'DS'))


def test_verdicts(ours, theirs):
    for name, kind, wanted in QUESTIONS:
        one, other = ask('127.0.0.1', ours, name, kind), ask(UNBOUND, theirs, name, kind)
        good = verdict(one) == verdict(other) and verdict(one)[0] == wanted and records(one) == records(other)
        check(good, f'{name} {kind}: {wanted}, as unbound says', f'ours {one}\nunbound {other}')


EDE = {'www.expired.test': 7, 'www.future.test': 8, 'www.flip.test': 6, 'www.nosig.test': 10, 'www.wrongds.test': 9,
       'no.nodenial.test': 12, 'no.iterated.test': 27, 'www.algorithm.test': 1, 'www.digest.test': 2}


def test_other_server(ours):
    """Whichever server is asked first, the answer is the good one's."""
    for i in range(8):
        text = ask('127.0.0.1', ours, f'w{i}.two.test', 'A')
        check(verdict(text)[0] == SECURE and f'192.0.2.{i}' in text, f'w{i}.two.test: what is bogus is asked of another server', text)


def test_replies(ours):
    for name, code in EDE.items():
        for turn in ('first', 'again'):
            check(re.search(rf'EDE: {code}\b', ask('127.0.0.1', ours, name, 'A')), f'{name}: extended error {code}, {turn}')
    text = ask('127.0.0.1', ours, 'www.flip.test', 'A', '+cd')
    check(verdict(text) == (INSECURE, 'NOERROR') and '192.0.2.80' in text, 'CD: what is bogus is told to who wants it', text)
    text = ask('127.0.0.1', ours, 'www.p256.test', 'A', '+nodnssec', '+noad')
    check(verdict(text)[0] == INSECURE and 'RRSIG' not in text, 'no AD and no RRSIG for who does not know them', text)
    text = ask('127.0.0.1', ours, 'www.p256.test', 'A', '+nodnssec', '+ad')
    check(verdict(text)[0] == SECURE and 'RRSIG' not in text, 'AD for who asks with AD', text)
    text = ask('127.0.0.1', ours, 'www.p256.test', 'RRSIG', '+nodnssec')
    check('RRSIG' in text, 'RRSIG for who asks for it', text)
    done = run(mailglass, 'dns', 'lookup', 'www.p256.test', '--dnssec', '--server', f'127.0.0.1:{ours}')
    check(re.search(r'flags:[^;]* ad\b', done.out), 'dns lookup shows ad', done.out + done.err)


def test_delv(port):
    """delv asks for all it needs, and validates by itself: so what we hand on is whole."""
    words = (here / 'anchor.key').read_text().split('DNSKEY', 1)[1].split(';')[0].split()
    (here / 'delv.anchor').write_text(f'trust-anchors {{ . static-key {words[0]} {words[1]} {words[2]} "{"".join(words[3:])}"; }};\n')
    for name, kind, wanted in QUESTIONS:
        if name.split('.', 1)[-1] in SKIPPED or wanted == BOGUS or kind == 'NSEC' or name.startswith('far.') or (wanted == INSECURE and not name.startswith('www')):
            continue
        done = run('delv', '-a', here / 'delv.anchor', '+root=.', '-p', port, '@127.0.0.1', name, kind)
        text = done.out + done.err
        good = 'fully validated' in text if wanted == SECURE else 'unsigned answer' in text or 'fully validated' not in text
        check(good, f'delv: {name} {kind}', text)


def test_iterate(port):
    words = ['--hints', here / 'hints', '--port', port, '--validate', '--trust-anchor', here / 'anchor']
    done = run(mailglass, 'dns', 'iterate', 'www.p256.test', *words)
    check('NOERROR secure (signed)' in done.out and done.code == 0, 'iterate --validate: secure', done.out + done.err)
    done = run(mailglass, 'dns', 'iterate', 'www.expired.test', *words, '--json')
    last = json.loads(done.lines[-1])
    check(last['security'] == 'bogus' and last['why'] == 'expired' and done.code == 3, 'iterate --validate --json: bogus', done.out)
    done = run(mailglass, 'dns', 'iterate', 'www.p256.test', '--hints', here / 'hints', '--port', port, '--validate')
    check(done.code == 3 and 'trust-anchor' in done.err, 'iterate --validate wants an anchor', done.err)
    (here / 'wrong').write_text('. A 192.0.2.1\n. DS 1 2\n')
    done = run(mailglass, 'dns', 'iterate', 'www.p256.test', '--hints', here / 'hints', '--validate', '--trust-anchor', here / 'wrong')
    check(done.code == 3 and 'wrong:1:1: error: a trust anchor is a DS' in done.err and 'wrong:2:' in done.err,
          'an anchor that is none', done.err)


def main():
    places = make_zones()
    (here / 'hints').write_text(f'. 3600 NS a.root.\na.root. 3600 A {ROOT}\n')
    port = tap.free_port(ROOT, TLD, LEAF, OTHER, UNBOUND)
    for address, zones in places.items():
        start_nsd(address, zones, port)
    start_unbound(places, port)
    resolver = start_resolver(port, '--validate', '--trust-anchor', here / 'anchor')
    ours = resolver.ports['dns.resolver']
    test_verdicts(ours, port)
    test_other_server(ours)
    test_replies(ours)
    check(resolver.stop()[0] == 0, 'the resolver ends well')
    resolver = start_resolver(port, '--validate', '--minimise', '--trust-anchor', here / 'anchor.key')
    ours = resolver.ports['dns.resolver']
    test_delv(ours)
    for name, kind, wanted in QUESTIONS:
        text = ask('127.0.0.1', ours, name, kind)
        check(verdict(text)[0] == wanted, f'{name} {kind}: {wanted}, with a shortened name and what is remembered', text)
    check(resolver.stop()[0] == 0, 'the resolver ends well')
    test_iterate(port)


missing = [name for name in TOOLS if not tap.find(name)]
if missing:
    tap.skip_all(f'{", ".join(missing)} not installed')
tap.main(main)
