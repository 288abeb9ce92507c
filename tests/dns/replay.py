#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""replay.py MAILGLASS SOURCE - "dns replay": our scenarios, the shared ones when they are there, and files that are
none. Prints TAP."""
import os
import pathlib
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import tap
from tap import check

mailglass, source = sys.argv[1], pathlib.Path(sys.argv[2])
ours = sorted((source / 'tests/dns/scenarios').glob('*.rpl'))
shared = sorted((source / '../shared/suites/dns/resolver').glob('*.rpl'))
KNOWN = {}  # scenario: why it fails

BAD = {  # text: what is complained of
    '': 'no STEP',
    'stub-addr: 192.0.2.1\nCONFIG_END\nSTEP 1 FLY\n': ':3: STEP knows no "FLY"',
    'stub-addr: 192.0.2.1\nCONFIG_END\nSTEP one QUERY\n': ':3: STEP wants a number',
    'stub-zone:\n name: "example."\n stub-addr: 192.0.2.1\nCONFIG_END\n': ':3: stub-addr of example.: only the root',
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
    return tap.run(mailglass, 'dns', 'replay', *words)


def main():
    for path in ours + shared:
        done = run('--json', path)
        last = done.rows()[-1] if done.out else {}
        good = done.code == 0 and last.get('passed') is True and last['steps'] == last['steps_passed']
        check(good if path.name not in KNOWN else not good, path.name, done)
    file = tap.scratch / 'bad.rpl'
    for text, wanted in BAD.items():
        file.write_text(text)
        done = run(file)
        check(done.code == 3 and wanted in done.err, f'not read: {wanted}', done)
    file.write_text((source / 'tests/dns/scenarios/chain.rpl').read_text().replace('A 192.0.2.80 ; wanted', 'A 192.0.2.81'))
    line = next(i for i, l in enumerate(file.read_text().splitlines(), 1) if l.startswith('STEP 10'))
    done = run(file)
    check(done.code == 1 and f'bad.rpl:{line}: step 10 CHECK_ANSWER: answer' in done.out and '192.0.2.81' in done.out and
          '192.0.2.80' in done.out, 'a step that fails is named', done)
    done = run('--json', file)
    step = done.rows()[0]
    check(step['step'] == 10 and step['line'] == line and not step['passed'], '… in JSON, too', done)
    signed = (source / 'tests/dns/scenarios/signed.rpl').read_text()
    file.write_text('domain-insecure: "."\n' + signed)
    done = run(file)
    check(done.code == 1 and 'not qr rd ra ad' in done.out, 'what is said to be insecure is not checked', done)
    chain = (source / 'tests/dns/scenarios/chain.rpl').read_text()
    file.write_text('dance: yes\n' + chain)
    done = run(file)
    check(done.code == 0 and 'bad.rpl:1: "dance" is not known' in done.err, 'what is not known in the head is said in a line',
          done)
    file.write_text(chain.replace('ENTRY_END\nRANGE_END', 'ENTRY_END\nENTRY_BEGIN\nMANDATORY\nMATCH qname\nREPLY QR\n'
                                  'SECTION QUESTION\nnobody.example. IN A\nENTRY_END\nRANGE_END', 1))
    done = run(file)
    check(done.code == 1 and 'is MANDATORY, but' in done.out, 'what is mandatory must be asked for', done)
    file.write_text(chain)
    done = run('--queries', file)
    check('192.0.2.1 www.example. A' in done.out or '192.0.2.1 example.' in done.out, 'queries are printed', done)
    check(run().code == 2, 'no file: usage')
    check(run(tap.scratch / 'none.rpl').code == 3, 'no such file')


tap.main(main)
