#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""replay.py MAILGLASS SOURCE - "dns replay": our scenarios, the shared ones when they are there, and files that are
none. Prints TAP."""
import json
import pathlib
import subprocess
import sys
import tempfile

mailglass, source = sys.argv[1], pathlib.Path(sys.argv[2])
ours = sorted((source / 'tests/dns/scenarios').glob('*.rpl'))
shared = sorted((source / '../shared/suites/dns/resolver').glob('*.rpl'))
KNOWN = {}  # scenario: why it fails

BAD = {  # text: what is complained of
    '': 'no STEP',
    'stub-addr: 192.0.2.1\nCONFIG_END\nSTEP 1 FLY\n': ':3: STEP wants',
    'stub-addr: nobody\nCONFIG_END\n': ':1: "nobody" is no IP address',
    'CONFIG_END\nSTEP 1 QUERY\nENTRY_BEGIN\nSECTION QUESTION\na. IN A\nENTRY_END\n': 'no stub-addr',
    'CONFIG_END\nSTEP 1 QUERY\nENTRY_BEGIN\nREPLY UP\nENTRY_END\n': ':4: REPLY knows no "UP"',
    'CONFIG_END\nSTEP 1 QUERY\nENTRY_BEGIN\nMATCH luck\nENTRY_END\n': ':4: MATCH knows no "luck"',
    'CONFIG_END\nSTEP 1 QUERY\nENTRY_BEGIN\nSECTION ANSWER\na. IN A 1.2.3\nENTRY_END\n': ':5: ',
    'CONFIG_END\nSTEP 1 QUERY\nENTRY_BEGIN\nRAW\nabc\nENTRY_END\n': ':5: RAW wants an even number',
    'CONFIG_END\nSTEP 1 QUERY\nENTRY_BEGIN\n': 'ENTRY_END is missing',
    'CONFIG_END\nRANGE_BEGIN 1\n': ':2: RANGE_BEGIN wants two numbers',
    'CONFIG_END\nENTRY_BEGIN\nENTRY_END\n': ':2: an entry stands in a RANGE or a STEP',
}


def run(*words):
    return subprocess.run([mailglass, 'dns', 'replay', *map(str, words)], capture_output=True, text=True, timeout=100)


tests = []
for path in ours + shared:
    done = run('--json', path)
    last = json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}
    good = done.returncode == 0 and last.get('passed') is True and last['steps'] == last['steps_passed']
    tests.append((path.name, good if path.name not in KNOWN else not good, done.stdout + done.stderr))
with tempfile.TemporaryDirectory() as folder:
    file = pathlib.Path(folder, 'bad.rpl')
    for text, wanted in BAD.items():
        file.write_text(text)
        done = run(file)
        tests.append((f'not read: {wanted}', done.returncode == 3 and wanted in done.stderr, done.stderr))
    file.write_text((source / 'tests/dns/scenarios/chain.rpl').read_text().replace('A 192.0.2.80 ; wanted', 'A 192.0.2.81'))
    line = next(i for i, l in enumerate(file.read_text().splitlines(), 1) if l.startswith('STEP 10'))
    done = run(file)
    tests.append(('a step that fails is named', done.returncode == 1 and f'bad.rpl:{line}: step 10 CHECK_ANSWER: answer' in
                  done.stdout and '192.0.2.81' in done.stdout and '192.0.2.80' in done.stdout, done.stdout))
    done = run('--json', file)
    step = json.loads(done.stdout.splitlines()[0])
    tests.append(('… in JSON, too', step['step'] == 10 and step['line'] == line and not step['passed'], done.stdout))
    done = run('--queries', file)
    tests.append(('queries are printed', '192.0.2.1 www.example. A' in done.stdout or '192.0.2.1 example.' in done.stdout,
                  done.stdout))
    tests.append(('no file: usage', run().returncode == 2, ''))
    tests.append(('no such file', run(pathlib.Path(folder, 'none.rpl')).returncode == 3, ''))

print(f'1..{len(tests)}')
for number, (name, good, text) in enumerate(tests, 1):
    print(f'{"ok" if good else "not ok"} {number} - {name}')
    if not good:
        print(''.join(f'# {line}\n' for line in text.splitlines()[:20]), end='')
