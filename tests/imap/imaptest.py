#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""imaptest.py MAILGLASS|dovecot [SCRIPT…] - imaptest's scripts (../shared/suites/imap) against our IMAP server, behind a door, or Dovecot.

That Dovecot passes them says that they are read and compared as imaptest does. A script is skipped if the server lacks a capability
that its header names. Before that, what the format says of matching is tried without a server. Prints TAP."""
import os
import pathlib
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'smtp'))
import dovecot
import runner
import script
import served
import tap
from tap import check, scratch, skip

USER, PASSWORD = 'ann@mail.example.net', 'sesame-7Qx'
DOOR = 'imap.server@mail.example.net'
HOST = f'''[host mail.example.net]
kind=mda
address=192.0.2.1
domains=mail.example.net
mailboxes={USER}:{PASSWORD}
auth=yes
auth-clear=yes
engines=imap.server:143
'''

# (expected, got, whether they match), in the order of the format's description
MATCHES = '''\
1 fetch (uid $uid1)|1 FETCH (UID 5)|y
1 fetch (uid $ flags $)|1 FETCH (FLAGS (\\Seen) UID 5)|y
1 fetch (uid 5)|2 FETCH (UID 5)|n
1 fetch (uid 5 flags (\\seen))|1 FETCH (FLAGS (\\Recent \\Seen) UID 5)|y
1 fetch (flags (\\seen))|1 FETCH (FLAGS (\\Seen \\Flagged))|n
1 fetch (flags (\\seen \\flagged))|1 FETCH (FLAGS (\\Flagged \\Seen))|y
1 fetch (flags ($!extra))|1 FETCH (FLAGS (\\Seen \\Flagged) UID 4)|y
1 fetch (flags ($!unordered $!ban=\\seen \\flagged))|1 FETCH (FLAGS (\\Flagged \\Seen))|n
1 fetch (flags ($!unordered $!ban=\\seen \\flagged))|1 FETCH (FLAGS (\\Draft \\Flagged))|y
1 fetch (flags ($!unordered $!noextra \\seen))|1 FETCH (FLAGS (\\Seen \\Recent))|n
1 fetch (flags ($!ordered \\seen \\flagged))|1 FETCH (FLAGS (\\Flagged \\Seen))|n
1 fetch ($!unordered=2 $!noextra uid 1)|1 FETCH (UID 1 FLAGS ())|n
1 fetch ($!unordered=2 $!noextra $!ignore=flags uid 1)|1 FETCH (FLAGS () UID 1)|y
1 fetch (uid flags)|1 FETCH (FLAGS UID)|n
1 fetch (body[header.fields (from)] $x)|1 FETCH (UID 2 BODY[HEADER.FIELDS ("FROM")] {2}\r\nab)|y
1 fetch (body[text]<0> "b")|1 FETCH (BODY[TEXT]<0> {1}\r\nb)|y
1 fetch (body[text]<0> "b")|1 FETCH (BODY[TEXT] b)|n
list () "/" $$mailbox|LIST (\\HasNoChildren) "/" "$mailbox"|y
list () "/" ${case:INBOX/Inbox}|LIST () "/" INBOX/Inbox|y
list () "/" %{case:INBOX/Inbox}|LIST () "/" inbox/Inbox|n
list (\\noselect) "/" a|LIST () "/" a|n
status a (messages 2 unseen 0)|STATUS "a" (UNSEEN 0 RECENT 1 MESSAGES 2)|y
status a (messages 0 unseen 2)|STATUS "a" (UNSEEN 0 MESSAGES 2)|n
search 1 2|SEARCH 1 2 3|n
search 1 2|SEARCH 2 1|n
ok [uidnext $n]|OK [UIDNEXT 5] the next|y
ok [uidnext 4]|OK [UIDNEXT 5] the next|n
bye|BYE until then|y
$a $a|b B|y
$a $a|b c|n
thread (1)(2 (3)(4))|THREAD (1)(2 (3)(4))|y
thread (1)(2 (3 4))|THREAD (1)(2 (3)(4))|n
x (childinfo (subscribed))|X ("CHILDINFO" ("SUBSCRIBED"))|y
x nil|X "NIL"|n
x $sep|X NIL|y
$2 expunge|1 EXPUNGE|y
$1 expunge|1 EXPUNGE|n
'''
MODSEQS = (('2 5', True), ('2 6', True), ('10 13', True), ('10 100', True), ('1 5', False), ('2 4', False), ('10 12', False))


def test_language():
    """The format without a server. In these, message 1 is gone."""
    wrong = []
    for line in MATCHES.replace('}\r\n', '}␍').splitlines():
        expected, got, answer = line.replace('}␍', '}\r\n').encode().rsplit(b'|', 2)
        trees = [script.Reader(octets).tree() for octets in (expected, got)]
        matches = script.Match({}, lambda n: n - 1 or None).reply(script.with_defaults(trees[0]), trees[1]) is not None
        if matches != (answer == b'y'):
            wrong.append(line)
    check(not wrong, 'lists, directives, defaults and variables match as the format says', '\n'.join(wrong))
    said = script.Reader(b'x $modseq2 $modseq5').tree()
    for numbers, good in MODSEQS:
        matches = script.Match({}).reply(said, script.Reader(b'x ' + numbers.encode()).tree()) is not None
        check(matches == good, f'$modseq2 and $modseq5 {"may" if good else "may not"} be {numbers}')
    path = scratch / 'example'
    path.write_text('connections: 2\nstate: auth\n\n!ifenv MAILGLASS_NO_SUCH\n1 ok foo\n!else\n2 "" bar\n!endif\n!ifnenv MAILGLASS_NO_SUCH\n'
                    '# a comment\n1 foo {{{\na\n\n}}} ~{{{\nb\r\nc\n}}} d\n* 0 exists\n1 ok [read-write] now\n!endif\n'
                    '2 tag1 a\n2 x2 b\n! bye\n2 x2 no\n2 tag1 ok\n')
    example = script.Script(path)
    commands = [[(c.pieces, c.tag, c.result, len(c.prefix)) for c in group.commands] for group in example.groups]
    check(commands == [[([b'bar'], None, '', 0)], [([b'foo ', b'a\r\n', b' ', b'b\r\nc', b' d'], None, 'ok', 2)],
                       [([b'a'], b'tag1', 'ok', 0), ([b'b'], b'x2', 'no', 0)]]
          and [group.connection for group in example.groups] == [1, 0, 1] and [len(group.replies) for group in example.groups] == [0, 1, 1],
          'the three ways to write commands, literals and !ifenv', commands)


def told(failures):
    """What people read of failures."""
    lines = []
    for failure in failures[:12]:
        lines += [f'line {failure.line}: {failure.command}', f'  expected: {failure.expected}']
        lines += ['  got: ' + line for line in str(failure.got).splitlines()[-6:]]
    return '\n'.join(lines + ([f'… and {len(failures) - 12} more'] if len(failures) > 12 else []))


def play(folder, names, server, known):
    """Every script of a folder; `known` are the reasons for which some cannot pass here."""
    passed = lacking = 0
    for path in sorted(folder.iterdir()):
        if path.suffix == '.mbox' or names and path.name not in names:
            continue
        try:
            read = script.Script(path)
        except script.Malformed as error:
            check(False, path.name, error)
            continue
        box = path.with_name(path.name + '.mbox')
        letters = runner.Letters((box if box.exists() else folder / 'default.mbox').read_bytes())
        performance = runner.Play(read, letters, server)
        try:
            missing = performance.missing()
        except (runner.Lost, OSError) as error:
            check(False, f'{path.name}: the server lets nobody in any more', error)
            break
        if missing:
            lacking += 1
            skip(path.name, 'the server has no ' + ', '.join(missing))
            continue
        failures = performance.run()
        if failures and path.name in known:
            skip(path.name, known[path.name])
            continue
        passed += not failures
        check(not failures, path.name, told(failures))
    print(f'# {passed} scripts pass, {lacking} want capabilities that the server does not have')


def suites():
    """Folders of scripts: ours, and imaptest's if they are there."""
    here = pathlib.Path(__file__).resolve()
    root = pathlib.Path(os.environ.get('MAILGLASS_SUITES') or here.parents[3] / 'shared' / 'suites')
    theirs = root / 'imap' / 'scripts'
    if not theirs.is_dir():
        skip("imaptest's scripts", 'no suites')
    return [here.parent / 'scripts'] + [theirs] * theirs.is_dir()


DOVECOT_KNOWN = {'urlauth-binary': 'Dovecot 2.3.19 itself falls over (imap-client.c: assertion failed: !cmd->executing)'}
OUR_KNOWN = {}


def main():
    target, names = sys.argv[1], sys.argv[2:]
    test_language()
    folders = suites()
    if target == 'dovecot':
        other = dovecot.Dovecot(USER, PASSWORD)
        if other.why:
            tap.skip('Dovecot', other.why)
            tap.plan()
        port, known, stop = other.port, DOVECOT_KNOWN, other.stop
    else:
        tap.ignore_leaks()
        ours = served.Served(os.path.abspath(target), 'imap4', HOST, (DOOR,))
        if not check(ours.open, 'the door is open', ours.listening.lines):
            tap.plan()
        port, known, stop = ours.ports[DOOR], OUR_KNOWN, ours.stop
    for folder in folders:
        play(folder, names, runner.Server(port, USER, PASSWORD), known)
    stop()
    tap.plan()


main()
