#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""attack.py MAILGLASS SOURCE - attacks on the DNS in the networks that are shipped: each succeeds, and each defence
lowers its rate as it should. Prints TAP."""
import json
import os
import pathlib
import re
import shutil
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import tap
from tap import check

mailglass, source = sys.argv[1:3]


def call(*words):
    return tap.run(mailglass, *words)


def network(name, script, settings=()):
    """The path of a copy of a network with another script; settings are (host, key, value)."""
    folder = tap.scratch / f'{name}-{len(list(tap.scratch.iterdir()))}'
    shutil.copytree(pathlib.Path(source, 'networks', name), folder)
    ini = (folder / 'network.ini').read_text()
    ini = ini[:ini.index('[script]')] + '[script]\n'
    for host, key, value in settings:
        head = f'[host {host}]\n'
        begin = ini.index(head) + len(head)
        end = ini.index('\n\n', begin)
        rest = re.sub(rf'(?m)^{key}=.*\n', '', ini[begin:end] + '\n')
        ini = ini[:begin] + f'{key}={value}\n' + rest.rstrip('\n') + ini[end:]
    ini += ''.join(f'{i + 1}={line}\n' for i, line in enumerate(script))
    (folder / 'network.ini').write_text(ini)
    return str(folder)


def rate(path, rule, seeds, *settings):
    words = [word for setting in settings for word in ('--set', setting)]
    result = call('run', path, '--seeds', str(seeds), '--until', f'mailglass.rule == "{rule}"', '--json', *words)
    return json.loads(result.out) if result.code == 0 else {'error': result.err}


def rows(path, *words):
    result = call('run', path, '--json', *words)
    check(result.code == 0 and result.err == '', f'{path} runs', result)
    return result.rows()


TEXTS = {}  # what a rule says: its id
for text in pathlib.Path(source, 'protocols/dns').glob('dns-attack*.c'):
    for rule, pieces in re.findall(r'\{"(dns\.[a-z-]+)",\s*MG_SEVERITY_\w+,[^"N]*(?:"[^"]*"|NULL),\s*N_\(((?:\s*"[^"]*")+)\)',
                                   text.read_text()):
        TEXTS[''.join(re.findall(r'"([^"]*)"', pieces))] = rule


def rules(path, *words):
    """The rules of attackers that were noted, in order."""
    return [TEXTS[row['summary']] for row in rows(path, *words) if row.get('summary') in TEXTS]


# ---- off the path ----

POISON = network('cache-poisoning', ['at 0s mallory poison mx.example.net at resolver with 203.0.113.66'])
WEAK, ID = 'mallory.flood=100', 'resolver.random-id=yes'
found = rate(POISON, 'dns.poisoned', 50)
check(found.get('matched') == 50, 'a resolver that counts its ids is poisoned, always', found)

# 20 races of 200 answers at 1 in 65,536 each: 5.9 of 100.
found = rate(POISON, 'dns.poisoned', 200, ID, 'mallory.flood=200')
check(found.get('low', 1) <= 0.059 <= found.get('high', 0), 'ids by chance: as seldom as the arithmetic says', found)
for defence in ('resolver.random-port=yes', 'resolver.mixed-case=yes'):
    found = rate(POISON, 'dns.poisoned', 50, defence)
    check(found.get('matched') == 0, f'{defence}: never', found)
# The attacker's own queries are a defence's proof, too: it says what it has seen.
for settings, wanted in (([], {'dns.poison-fixed-port', 'dns.poison-counted-id', 'dns.poisoned'}),
                         ([ID, 'resolver.random-port=yes'], {'dns.poison-random-port', 'dns.poison-failed'}),
                         (['resolver.mixed-case=yes'], {'dns.poison-mixed-case', 'dns.poison-failed'})):
    words = [word for setting in settings for word in ('--set', setting)]
    said = set(rules(POISON, *words))
    check(wanted <= said and ('dns.poisoned' in said) == ('dns.poisoned' in wanted), f'the attacker says {wanted}', said)

BLIND = network('cache-poisoning', ['at 0s mallory poison mx.example.net at resolver with 203.0.113.66 tries 3'],
                [('mallory', 'attacker-domain', '0.invalid')])
said = rules(BLIND)
check(said.count('dns.poisoned') == 0 and 'dns.poison-blind' in said, 'who sees no query must guess the port', said)
WRONG = network('cache-poisoning', ['at 0s mallory poison mx.example.net at 203.0.113.99 with 203.0.113.66'])
check('dns.poison-lost' in rules(WRONG), 'nobody is there to be poisoned')

# The mail follows the lie; and once the TTL of the lie is over, the truth.
STOLEN = network('cache-poisoning', ['at 0s mallory poison mx.example.net at resolver with 203.0.113.66',
                                     'at 20s alice send mail/plan.eml to bob@example.net',
                                     'at 25h alice send mail/plan.eml to bob@example.net'])
got = [row['from'] for row in rows(STOLEN) if str(row['summary']).startswith('delivered to')]
check(got == ['mx.mallory.example', 'mx.example.net'], 'mail is stolen until the TTL is over', got)

# ---- on the path ----

SEND = 'alice send mail/holiday.eml to bob@example.net'


def host_that_got(path):
    return [row['from'] for row in rows(path) if str(row['summary']).startswith('delivered to')]


got = host_that_got(network('dns-hijack', [f'at 0s {SEND}']))
check(got == ['mx.example.net'], 'nobody attacks: the mail arrives', got)
SPOOF = network('dns-hijack', ['at 0s router spoof mta.example.com with 203.0.113.66', f'at 1s {SEND}'])
check(host_that_got(SPOOF) == ['trap'], 'who is on the path answers first')
found = rate(SPOOF, 'dns.spoofed', 20)
check(found.get('matched') == 20, 'chance is no defence against who sees the query', found)
AFTER = network('dns-hijack', ['at 0s router spoof mta.example.com with 203.0.113.66',
                               'at 1s alice lookup mx.example.net A', 'at 2s alice lookup mta.example.com MX'])
check('dns.spoofed' not in rules(AFTER), 'only the name and type that are meant')

ROGUE = network('dns-hijack', [f'at 0s {SEND}', 'at 10s alice lookup mx.example.net A'], [('alice', 'resolver', 'rogue')])
check(host_that_got(ROGUE) == ['trap'], "the rogue resolver's lie is believed")
said = rules(ROGUE)
check(said.count('dns.lie') == 1 and said.count('dns.forwarded') == 1, 'it lies about one name only', said)

# ---- leaks ----

TEST = 'at 0s alice leaktest test.example expecting tunnel-resolver'
LOOK = 'at 1s alice lookup mx.example.net A'
WATCH = 'at 0s provider watch'
for resolver, wanted, heard in (('tunnel-resolver', 'dns.no-leak', 0), ('provider-resolver', 'dns.leak', 2)):
    said = rules(network('dns-leak', [WATCH, TEST, LOOK], [('alice', 'resolver', resolver)]))
    check(wanted in said and said.count('dns.overheard') == heard, f'{resolver}: {wanted}, {heard} overheard', said)
said = rules(network('dns-leak', [TEST], [('alice', 'resolver', '203.0.113.200')]))
check('dns.leaktest-failed' in said, 'a test without answer says so', said)

# ---- what holds for all ----

for path in (POISON, STOLEN, SPOOF, ROGUE):
    hashes = {rows(path)[-1]['hash'] for _ in range(2)}
    check(len(hashes) == 1, 'two runs are the same')
check(rows(POISON, '--set', ID)[-1]['hash'] != rows(POISON, '--set', ID, '--seed', '2')[-1]['hash'], 'another seed is another run')

for words, code, says in (
        (['--seeds', '5'], 2, '--count'), (['--count', 'dns'], 2, '--seeds'), (['--seeds', '-1', '--until', 'dns'], 2, '--seeds'),
        (['--seeds', '5', '--until', 'dns', '--filter', 'dns'], 2, '--filter'),
        (['--seeds', '5', '--count', 'and'], 2, '--count'), (['--set', 'resolver'], 2, 'HOST.KEY=VALUE'),
        (['--set', 'resolver.nothing=1'], 2, 'resolver'), (['--set', 'nobody.flood=1'], 2, 'nobody'),
        (['--set', 'root.zones=x'], 2, 'root')):
    result = call('run', POISON, '--quiet', *words)
    check(result.code == code and says in result.err and result.out == '', ' '.join(words), result)
result = call('run', POISON, '--seeds', '4', '--until', 'smtp', '--count', 'dns.flags.response == 1')
check(result.code == 0 and result.out.startswith('4 of 4 '), '--count', result)
result = call('run', POISON, '--seeds', '4', '--until', 'mailglass.kind == "note"', '--count', 'smtp')
check(result.out.startswith('0 of 4 '), '--until ends a run before it counts', result)

tap.plan()
