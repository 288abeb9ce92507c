#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""bodies.py IMAP-ASK [-v] - the functions behind FETCH, SEARCH, SORT and THREAD, without a server between: imaptest's scripts of one
mailbox, and Dovecot (if it is installed) with the same letters. -v prints what differs and why that is meant. Prints TAP."""
import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import script
import tap

ask, verbose = sys.argv[1], '-v' in sys.argv
suites = pathlib.Path(os.environ.get('MAILGLASS_SUITES') or pathlib.Path(__file__).parent / '../../../shared/suites')
folder = suites / 'imap/scripts'
letters = sorted((suites / 'message').glob('*/*.eml'))
if not folder.is_dir() or not letters:
    tap.skip_all('no suites')

SCRIPTS = ['esearch', 'esort', 'fetch-binary-mime', 'fetch-binary-mime-base64', 'fetch-body', 'fetch-body-message-rfc822',
           'fetch-body-message-rfc822-mime', 'fetch-bodystructure', 'search-addresses', 'search-body', 'search-date', 'search-flags',
           'search-header', 'search-size', 'sort-addresses', 'sort-arrival', 'sort-date', 'sort-display-from', 'sort-partial',
           'sort-size', 'thread-orderedsubject', 'thread-orderedsubject2', 'thread2', 'thread4', 'thread6']


def responses(octets):
    """Lines with the literals in them, without their line ends."""
    start = at = 0
    while at < len(octets):
        at = octets.index(b'\n', at) + 1
        literal = re.search(rb'\{(\d+)\}\r\n$', octets[start:at])
        if literal:
            at += int(literal[1])
        else:
            yield octets[start:at].rstrip(b'\r\n')
            start = at


def asked(files, commands):
    """For each command its result and its responses as trees, without the star."""
    done = subprocess.run([ask, *map(str, files)], input=b''.join(command + b'\n' for command in commands), capture_output=True,
                          env=tap.environment, timeout=60)
    answers, trees = [], []
    for line in responses(done.stdout):
        if line in (b'OK', b'BAD'):
            answers.append((line.decode().lower(), trees))
            trees = []
        else:
            trees.append(script.Reader(line[2:]).tree())
    if done.returncode or done.stderr:
        raise RuntimeError(done.stderr.decode()[-3000:])
    return answers


# ---- imaptest's scripts ----

def mbox(name, wanted):
    """The letters of a script, as many as it wants."""
    path = folder / (name + '.mbox')
    path = path if path.exists() else folder / 'default.mbox'
    if wanted == 'all':
        return path
    found = re.split(rb'(?m)^(?=From )', path.read_bytes())[1:]
    short = tap.scratch / 'short.mbox'
    short.write_bytes(b''.join(found[i % len(found)] for i in range(int(wanted))))
    return short


def is_the_servers(tree):
    """That reading sets \\Seen, and who is told of EXPUNGE."""
    words = [item for item in tree if isinstance(item, script.Text)]
    return words[-1].lower() == b'expunge' or (words[-1].lower() == b'fetch' and [w.lower() for w in tree[-1][:1]] == [b'flags'] and
                                               len(tree[-1]) == 2)


def play(name):
    """What went wrong, and how many commands there were."""
    played = script.Script(folder / name)
    path, values, wrong, sent = mbox(name, played.header['messages']), {'tag': script.Text(b't')}, [], []
    for group in played.groups:
        command = group.commands[0]
        sent.append(script.expand(command.pieces[0], values))
        result, got = asked([path], sent)[-1]  # all from the start: a mailbox lives as long as the program
        if result != command.result:
            wrong.append(f'line {command.line}: {result}')
        for reply in group.replies:
            if is_the_servers(reply.tree):
                continue
            found = next((new for tree in got if (new := script.Match(values).reply(reply.tree, tree)) is not None), None)
            if (found is None) != (reply.sign == '!'):
                wrong.append(f'line {reply.line}: {reply.sign} {reply.tree}: {got}')
            values = found if found is not None and reply.sign == '*' else values
    return wrong, len(sent)


def test_scripts():
    for name in SCRIPTS:
        wrong, count = play(name)
        tap.check(not wrong, f'{name}: {count} commands', '\n'.join(wrong))


# ---- Dovecot ----

def is_missing(ours, theirs):
    """Dovecot writes words for a part of an address that is not there; we write nothing: the empty string."""
    return ours == b'' and theirs in (b'MISSING_DOMAIN', b'MISSING_MAILBOX')


def is_nothing(ours, theirs):
    return ours == b'NIL' and theirs == b''


# file, path in the tree, whether it is this difference, why
MEANT = [
    ('', '.1', is_nothing, 'a part that is not there is NIL; Dovecot gives the empty string'),
    ('', '', is_missing, 'nothing, where Dovecot writes that it is missing'),
    ('rfc/001.eml', '.1.2.2', lambda ours, theirs: theirs == ours[:2] + ours[4:],
     'access-type=mail-server server="…": a semicolon is missing, and what follows is read nevertheless'),
    ('rfc/008.eml', '.1', lambda ours, theirs: True, 'a message/rfc822 in base64: Dovecot reads it as if it were none'),
]


def differences(ours, theirs, path=''):
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for i, pair in enumerate(zip(ours, theirs)):
            yield from differences(*pair, f'{path}.{i}')
    elif isinstance(ours, list) or isinstance(theirs, list):
        if ours != theirs:
            yield path, ours, theirs
    elif ours.lower() != theirs.lower() or (ours.kind == 'atom') != (theirs.kind == 'atom'):
        yield path, ours, theirs


ITEMS = ['envelope', 'body', 'bodystructure', 'rfc822.size', 'rfc822.header', 'rfc822.text', 'body.peek[]', 'body.peek[header]',
         'body.peek[text]', 'body.peek[1]', 'body.peek[1.mime]', 'body.peek[1.1]', 'body.peek[1.1.mime]', 'body.peek[1.header]',
         'body.peek[2]', 'body.peek[2.mime]', 'body.peek[2.1]', 'body.peek[2.header]', 'body.peek[2.text]', 'body.peek[3]',
         'body.peek[3.1]', 'body.peek[header.fields (from to received)]', 'body.peek[header.fields.not (from to received)]',
         'body.peek[2.header.fields (from)]', 'body.peek[]<100.200>', 'body.peek[2]<3.10>', 'body.peek[text]<100000.10>']

QUERIES = ['search text hare', 'search charset utf-8 body "frösche"', 'search charset utf-8 text "FRÖSCHE"', 'search from doug',
           'search from "joe blow"', 'search header message-id "@"', 'search header received ""', 'search not header received ""',
           'search subject "test message from microsoft"', 'search or subject mua body image',
           'search (or (from doug) (to blow)) not body hare', 'search text "content-type"', 'search to @example',
           'search sentsince 1-may-2000 sentbefore 20-may-2000', 'search senton 17-may-2000', 'search sentsince 18-may-2000',
           'search larger 4000', 'search smaller 2000', 'search 5:10,60:*', 'search uid 1:3,9', 'search header content-type multipart',
           'sort (subject) utf-8 all', 'sort (date) utf-8 all', 'sort (reverse date) utf-8 all', 'sort (from) utf-8 all',
           'sort (to) utf-8 all', 'sort (cc date) utf-8 all', 'sort (reverse size subject) utf-8 all',
           'sort (displayfrom) utf-8 from example', 'thread references utf-8 all', 'thread orderedsubject utf-8 all',
           'uid thread references utf-8 subject test', 'search return (min max count all) from doug']


def dovecots(imap, commands):
    """Its IMAP without its daemons: it reads commands from its standard input, and is logged in. All responses as trees."""
    home = tap.scratch / 'dovecot'
    shutil.rmtree(home, ignore_errors=True)
    for part in ('cur', 'new', 'tmp'):
        (home / 'mail' / part).mkdir(parents=True)
    for i, path in enumerate(letters):
        letter = home / f'mail/cur/{i:04}:2,'
        letter.write_bytes(re.sub(rb'\r?\n', b'\r\n', path.read_bytes()))
        os.utime(letter, (0, 0))
    owner = ''
    if os.getuid() == 0:
        owner = 'mail_uid = nobody\nmail_gid = nogroup\nfirst_valid_uid = 1\n'
        for path in (home, *home.rglob('*')):
            shutil.chown(path, 'nobody', 'nogroup')
    config = home / 'conf'
    config.write_text(f'base_dir = {home}/run\nstate_dir = {home}/run\nprotocols = imap\nssl = no\nlog_path = /dev/null\n'
                      f'mail_location = maildir:{home}/mail\n{owner}')
    typed = ['a examine inbox', *(f't {command}' for command in commands), 'z logout', '']
    with subprocess.Popen([imap, '-c', config], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          env={**tap.environment, 'USER': 'nobody', 'HOME': str(home)}) as process:
        process.stdin.write('\r\n'.join(typed).encode())
        process.stdin.flush()  # and it stays open: what Dovecot has still to say would be lost
        said = process.stdout.read()
    return [script.Reader(line[2:]).tree() for line in responses(said) if line[:2] == b'* ']


def fetched(item, ours, theirs, around):
    """One item of all letters. `around` is the same of the part around, or None: that is what Dovecot gives for part 1 of what has no
    parts; for us such a part is not there."""
    wrong, meant = [], []
    for i, (path, our, their) in enumerate(zip(letters, ours, theirs)):
        name = '/'.join(path.parts[-2:])
        for place, one, other in differences(our[2], their[2]):
            why = next((row[3] for row in MEANT if name.startswith(row[0]) and place.startswith(row[1]) and row[2](one, other)), None)
            if around and one == b'NIL' and other == around[i][2][1]:
                why = 'the part itself'
            (meant if why else wrong).append(f'{name} {place}: {one!r}, Dovecot {other!r}: {why}')
    tap.check(not wrong and len(ours) == len(theirs) == len(letters),
              f'{item} of {len(letters)} letters as Dovecot' + (f', but for {len(meant)} values that are meant to differ' if meant else ''),
              '\n'.join(wrong))
    if verbose:
        print('\n'.join('# ' + line for line in meant))


def test_dovecot():
    imap = next((path for path in ('/usr/lib/dovecot/imap', '/usr/libexec/dovecot/imap') if os.access(path, os.X_OK)), None)
    if imap is None:
        return tap.skip('as Dovecot', 'it is not installed')
    fetches = [f'fetch 1:* ({item})' for item in ITEMS]
    ours = [trees for _, trees in asked(letters, [command.encode() for command in fetches])]
    for i, item in enumerate(ITEMS):
        around = re.sub(r'\.1(?=[].])', '', item)
        theirs = [tree for tree in dovecots(imap, fetches[i:i + 1]) if tree[1:2] == [b'FETCH']]
        fetched(item, ours[i], theirs,
                ours[ITEMS.index(around)] if around != item and around in ITEMS else None)
    theirs = [tree for tree in dovecots(imap, QUERIES) if tree[0] in (b'SEARCH', b'SORT', b'THREAD', b'ESEARCH')]
    ours = [trees for _, trees in asked(letters, [command.encode() for command in QUERIES])]
    for query, our, their in zip(QUERIES, ours, theirs):
        tap.check(our == [their] and len(theirs) == len(QUERIES), f'{query} as Dovecot', f'{our}\n{their}')


tap.main(test_scripts, test_dovecot)
