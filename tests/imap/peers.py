#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""peers.py MAILGLASS|dovecot [PEER…] - clients that others wrote and our IMAP server, behind doors on loopback.

Python's imaplib, curl, openssl, mbsync, OfflineIMAP, mutt, fetchmail and getmail. With `dovecot` they talk to Dovecot, which says that
the test asks for nothing peculiar to ours. What is not installed is skipped. Prints TAP."""
import base64
import collections
import imaplib
import os
import pathlib
import pty
import re
import select
import shutil
import socket
import ssl
import sys
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'smtp'))
import authority
import dovecot
import served
import tap
from tap import check, find, run, scratch, skip

USER, PASSWORD, WRONG = 'ann@mail.example.net', 'sesame-7Qx', 'wrong-3Zk'
PLAIN, STRICT, IMAPS = 'imap.server@mail.example.net', 'imap.server@strict.example.net', 'imap.server-tls@mail.example.net'
HOST = '''[host {0}.example.net]
kind=mda
address=192.0.2.{1}
mailboxes=ann@mail.example.net:sesame-7Qx
auth=yes
tls-certificate=mail.pem
tls-key=mail.key
engines=imap.server:143;imap.server-tls:993
starttls={2}

'''
Target = collections.namedtuple('Target', 'port tls_port strict_port')
root = authority.Authority()
target = None  # set by main()

FIRST = b'From: Bob <bob@example.com>\r\nTo: ann@mail.example.net\r\nSubject: first letter\r\nDate: Mon, 2 Mar 2026 09:00:00 +0000\r\n' \
    b'Message-ID: <first@example.com>\r\n\r\nOne line.\r\n.dot\r\n'
SECOND = 'From: =?UTF-8?B?67Cl?= <bob@example.com>\r\nTo: ann@mail.example.net\r\nSubject: second letter\r\nMIME-Version: 1.0\r\n' \
    'Message-ID: <second@example.com>\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\n' \
    'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n' \
    '안녕하세요\r\n\r\n--b\r\nContent-Type: application/octet-stream; name=x.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n' \
    'AAECAwQF\r\n--b--\r\n'.encode()


def session():
    box = imaplib.IMAP4('127.0.0.1', target.port, timeout=20)
    box.login(USER, PASSWORD)
    box.capabilities = tuple(box.capability()[1][0].decode().upper().split())  # imaplib asks only before the login
    return box


def folder(name, *letters):
    """A new folder with these letters, for one test."""
    box = session()
    box.delete(name)
    box.create(name)
    for letter in letters:
        kind, said = box.append(name, None, '"02-Mar-2026 09:00:00 +0000"', letter)
        if kind != 'OK':
            raise AssertionError(f'APPEND: {said}')
    box.logout()


def content(name):
    """What the server has in a folder: [(flags, octets)]."""
    box = session()
    box.select(name, readonly=True)
    _, numbers = box.search(None, 'ALL')
    found = []
    for number in numbers[0].split():
        _, data = box.fetch(number, '(FLAGS BODY.PEEK[])')
        pieces = [piece for piece in data if isinstance(piece, tuple)]
        spoken = b' '.join(piece[0] if isinstance(piece, tuple) else piece for piece in data)
        flags = re.search(rb'FLAGS \(([^)]*)\)', spoken)[1].decode().split()
        found.append((set(flags) - {'\\Recent'}, pieces[0][1]))
    box.logout()
    return found


def subjects(name):
    return [re.search(rb'^Subject: (.*?)\r?$', octets, re.M)[1].decode() for _, octets in content(name)]


def maildir(path):
    """The letters in a Maildir: {name of the file: octets}."""
    return {file.name: file.read_bytes() for part in ('new', 'cur') for file in (path / part).glob('*')}


# ---- imaplib ----

def test_imaplib_login():
    for way in ('LOGIN', 'PLAIN', 'CRAM-MD5'):
        for password in (PASSWORD, WRONG):
            box = imaplib.IMAP4('127.0.0.1', target.port, timeout=20)
            try:
                if way == 'LOGIN':
                    box.login(USER, password)
                elif way == 'PLAIN':
                    box.authenticate('PLAIN', lambda _, p=password: f'\0{USER}\0{p}'.encode())
                else:
                    box.login_cram_md5(USER, password)
                said = 'OK'
            except imaplib.IMAP4.error as error:
                said = str(error)
            check((said == 'OK') == (password == PASSWORD), f'imaplib, {way}, {"right" if password == PASSWORD else "wrong"} password', said)
            box.logout()


def test_imaplib():
    folder('lib', FIRST)
    box = session()
    check('IMAP4REV1' in box.capabilities, 'imaplib: CAPABILITY', box.capabilities)
    kind, data = box.list('""', '*')
    check(kind == 'OK' and any(line.endswith(b'INBOX') for line in data) and any(b'lib' in line for line in data), 'imaplib: LIST', data)
    kind, data = box.append('lib', '(\\Flagged)', '"02-Mar-2026 11:00:00 +0900"', SECOND)
    check(kind == 'OK', 'imaplib: APPEND', data)
    kind, data = box.select('lib')
    check((kind, data) == ('OK', [b'2']), 'imaplib: SELECT', data)
    kind, data = box.fetch('1:2', '(UID RFC822.SIZE INTERNALDATE BODY.PEEK[])')
    got = [piece[1] for piece in data if isinstance(piece, tuple)]
    check(got == [FIRST, SECOND], 'imaplib: FETCH BODY[] is what was appended, octet for octet', data)
    check(re.search(rb'"[0 ]2-Mar-2026 (11:00:00 \+0900|02:00:00 \+0000)"', data[2][0]), 'imaplib: INTERNALDATE', data)
    kind, data = box.fetch('1', '(ENVELOPE)')
    check(b'"first letter"' in data[0] and b'"bob" "example.com"' in data[0], 'imaplib: ENVELOPE', data)
    kind, data = box.fetch('2', '(BODYSTRUCTURE)')
    check(re.search(rb'"x\.bin"', data[0]) and re.search(rb'"mixed"', data[0], re.I), 'imaplib: BODYSTRUCTURE', data)
    kind, data = box.fetch('2', '(BODY.PEEK[1] BODY.PEEK[2]<0.4> BODY.PEEK[HEADER.FIELDS (SUBJECT)])')
    got = [piece[1] for piece in data if isinstance(piece, tuple)]
    check(got[:1] == ['안녕하세요\r\n'.encode()] and b'AAEC' in got + data[-1:] or b'"AAEC"' in b''.join(map(bytes, data[-1:])),
          'imaplib: parts of a letter', data)
    for words, numbers in (('SUBJECT second', b'2'), ('FLAGGED', b'2'), ('UNFLAGGED', b'1'), ('TEXT dot', b'1'), ('SENTSINCE 3-Mar-2026', b''),
                           ('NOT SUBJECT first LARGER 10', b'2'), ('OR SUBJECT first SUBJECT second', b'1 2')):
        kind, data = box.search(None, *words.split())
        check(kind == 'OK' and data[0] == numbers, f'imaplib: SEARCH {words}', data)
    box.literal = '안녕'.encode()
    kind, data = box.search('UTF-8', 'BODY')
    check(data[0] == b'2', 'imaplib: SEARCH CHARSET UTF-8 with a literal', data)
    kind, data = box.store('1', '+FLAGS', '(\\Seen $Work)')
    check(kind == 'OK' and b'\\Seen' in data[0] and b'$Work' in data[0], 'imaplib: STORE', data)
    folder('lib2')
    kind, data = box.copy('1:2', 'lib2')
    check(kind == 'OK' and subjects('lib2') == ['first letter', 'second letter'], 'imaplib: COPY', data)
    kind, data = box.copy('1', 'nowhere')
    check(kind == 'NO' and b'TRYCREATE' in data[0], 'imaplib: COPY into a folder that is not there', data)
    _, data = box.fetch('1', '(UID)')
    uid = re.search(rb'UID (\d+)', data[0])[1].decode()
    box.uid('STORE', uid, '+FLAGS', '(\\Deleted)')
    kind, data = box.expunge()
    check((kind, data) == ('OK', [b'1']), 'imaplib: EXPUNGE', data)
    box.close()
    kind, data = box.status('lib', '(MESSAGES UNSEEN UIDNEXT)')
    check(kind == 'OK' and b'MESSAGES 1' in data[0] and b'UNSEEN 1' in data[0], 'imaplib: STATUS', data)
    kind, data = box.rename('lib2', 'lib3')
    check(kind == 'OK' and len(content('lib3')) == 2, 'imaplib: RENAME', data)
    name = '"&vBvHQNO4ycDVaA-"'
    check(box.create(name)[0] == 'OK' and any(name.encode().strip(b'"') in line for line in box.list()[1]), 'imaplib: a folder named 받은편지함')
    check(box.subscribe('lib')[0] == 'OK' and any(line.endswith(b'lib') or line.endswith(b'"lib"') for line in box.lsub()[1]), 'imaplib: LSUB')
    for unused in ('lib3', name, 'lib'):
        check(box.delete(unused)[0] == 'OK', f'imaplib: DELETE {unused}')
    check(box.logout()[0] == 'BYE', 'imaplib: LOGOUT')


def test_imaplib_idle():
    folder('idle', FIRST)
    box = session()
    if 'IDLE' not in box.capabilities:
        box.logout()
        return skip('imaplib: IDLE', 'the server does not offer it')
    box.select('idle')
    box.send(b'x1 IDLE\r\n')
    first = box.readline()
    other = session()
    other.append('idle', None, None, SECOND)
    said = [box.readline()]
    while not re.match(rb'\* 2 EXISTS', said[-1]) and len(said) < 5:
        said.append(box.readline())
    other.select('idle')
    other.store('1', '+FLAGS', '(\\Flagged)')
    said.append(box.readline())
    while b'Flagged' not in said[-1] and len(said) < 9:
        said.append(box.readline())
    box.send(b'DONE\r\n')
    last = box.readline()
    check(first.startswith(b'+') and b'* 2 EXISTS\r\n' in said and b'Flagged' in said[-1] and last.startswith(b'x1 OK'),
          'imaplib: IDLE tells of a new letter and of a flag', (first, said, last))
    other.logout()
    box.logout()


def test_imaplib_tls():
    context = ssl.create_default_context(cafile=str(root.ca))
    box = imaplib.IMAP4('localhost', target.port, timeout=20)
    if 'STARTTLS' not in box.capabilities:
        check(False, 'imaplib: STARTTLS', box.capabilities)
    else:
        box.starttls(context)
        check('STARTTLS' not in box.capabilities and box.login(USER, PASSWORD)[0] == 'OK', 'imaplib: STARTTLS, then LOGIN', box.capabilities)
    box.logout()
    box = imaplib.IMAP4_SSL('localhost', target.tls_port, ssl_context=context, timeout=20)
    check(box.login(USER, PASSWORD)[0] == 'OK' and box.select('INBOX')[0] == 'OK', 'imaplib: TLS from the start')
    box.logout()
    if target.strict_port:
        box = imaplib.IMAP4('localhost', target.strict_port, timeout=20)
        try:
            said = box.login(USER, PASSWORD)
        except imaplib.IMAP4.error as error:
            said = str(error)
        check('LOGINDISABLED' in box.capabilities and 'OK' not in said, 'imaplib: no LOGIN before TLS where it is required', (box.capabilities, said))
        box.starttls(context)
        check('LOGINDISABLED' not in box.capabilities and box.login(USER, PASSWORD)[0] == 'OK', 'imaplib: and LOGIN after it', box.capabilities)
        box.logout()


def raw(*pieces):
    """What the server says to these octets, each sent when it has answered the one before."""
    said = b''
    with socket.create_connection(('127.0.0.1', target.port), 10) as sock:
        for piece in (b'', *pieces):
            sock.sendall(piece)
            try:
                said += sock.recv(4096)
            except OSError:
                break
    return said


def test_logins_in_the_clear():
    """Each way to say a password, also ways that go wrong, for the look into the capture at the end."""
    user, word, size = USER.encode(), PASSWORD.encode(), len(PASSWORD)
    both = base64.b64encode(b'\0' + user + b'\0' + word)
    for name, good, pieces in (
            ('an atom', True, [b'a LOGIN %b %b\r\n' % (user, word)]),
            ('a quoted string', True, [b'a login "%b" "%b"\r\n' % (user, word)]),
            ('literals', True, [b'a LOGIN {%d}\r\n' % len(user), user + b' {%d}\r\n' % size, word + b'\r\n']),
            ('literals at once', True, [b'a LOGIN {%d+}\r\n%b {%d+}\r\n%b\r\n' % (len(user), user, size, word)]),
            ('PLAIN', True, [b'a AUTHENTICATE PLAIN\r\n', both + b'\r\n']),
            ('PLAIN at once', True, [b'a AUTHENTICATE PLAIN %b\r\n' % both]),
            ('LOGIN', True, [b'a AUTHENTICATE LOGIN\r\n', base64.b64encode(user) + b'\r\n', base64.b64encode(word) + b'\r\n']),
            ('a login again', None, [b'a LOGIN %b %b\r\n' % (user, word), b'b LOGIN %b "%b"\r\n' % (user, word)]),
            ('too many words', False, [b'a LOGIN %b "%b" more\r\n' % (user, word)]),
            ('two spaces', None, [b'a LOGIN %b  %b\r\n' % (user, word)]),
            ('another user', None, [b'a LOGIN nobody {%d}\r\n' % size, word + b'\r\n']),
            ('a literal that is too long', None, [b'a LOGIN %b {%d}\r\n' % (user, size + 4), word + b'\r\n', b'xx\r\n'])):
        said = raw(*pieces)
        if good is not None:
            check((b'\r\na OK' in said) == good, f'login in the clear, the password as {name}', said)


# ---- curl, openssl ----

def curl(path, *words, scheme='imap', password=PASSWORD):
    port = target.tls_port if scheme == 'imaps' else target.port
    return run('curl', '-sS', '-v', '--max-time', '20', '--cacert', root.ca, *words, '--user', f'{USER}:{password}', f'{scheme}://localhost:{port}/{path}')


def test_curl():
    if not find('curl'):
        return skip('curl', 'not installed')
    folder('curl', FIRST)
    for login in ('AUTH=PLAIN', 'AUTH=LOGIN', 'AUTH=CRAM-MD5', 'AUTH=*'):
        done = curl('', '--login-options', login)
        check(done.code == 0 and 'INBOX' in done.out, f'curl lists folders, {login}', done)
        done = curl('', '--login-options', login, password=WRONG)
        check(done.code == 67, f'curl with a wrong password, {login}', done)
    done = curl('curl/;MAILINDEX=1')
    check(done.octets == FIRST, 'curl fetches a letter', done)
    letter = scratch / 'curl.eml'
    letter.write_bytes(SECOND)
    done = curl('curl', '-T', letter)
    check(done.code == 0 and [octets for _, octets in content('curl')] == [FIRST, SECOND], 'curl puts a letter into a folder', done)
    done = curl('curl/;MAILINDEX=2;SECTION=1')
    check(done.octets == '안녕하세요\r\n'.encode(), 'curl fetches a part', done)
    done = curl('curl?SUBJECT%20second')
    check(done.out.strip() == '* SEARCH 2', 'curl searches', done)
    done = curl('curl', '-X', 'FETCH 1:* (UID FLAGS)')
    check(done.code == 0 and done.out.count(' FETCH (') == 2, 'curl says a command of its own', done)
    done = curl('nowhere/;UID=1')
    check(done.code == 78 or done.code == 67 or done.code == 9, 'curl and a folder that is not there', done)
    for scheme, words in (('imap', ['--ssl-reqd']), ('imaps', [])):
        done = curl('curl/;MAILINDEX=1', *words, scheme=scheme)
        check(done.octets == FIRST, f'curl through TLS, {scheme}', done)


def test_openssl():
    for port, words in ((target.port, ['-starttls', 'imap']), (target.tls_port, [])):
        for version in ('-tls1_2', '-tls1_3'):
            done = run('openssl', 's_client', '-connect', f'127.0.0.1:{port}', '-CAfile', root.ca, '-verify_hostname', 'localhost', '-verify_return_error',
                       '-crlf', '-ign_eof', version, *words, typed=f'x LOGIN {USER} {PASSWORD}\ny LOGOUT\n')
            check('x OK' in done.out and 'y OK' in done.out and 'Verify return code: 0' in done.out,
                  f'openssl s_client {" ".join(words)} {version}', done)


# ---- programs that keep a copy ----

MBSYNC = '''IMAPAccount a
Host localhost
Port {port}
User {user}
Pass {password}
SSLType {kind}
CertificateFile {ca}
AuthMechs {auth}

IMAPStore far
Account a

MaildirStore near
Path {d}/near/
Inbox {d}/near/INBOX
SubFolders Verbatim

Channel c
Far :far:
Near :near:
Patterns {box}
Create Both
Expunge Both
SyncState *
'''


def mbsync(where, **changed):
    where.mkdir(exist_ok=True)
    (where / 'near').mkdir(exist_ok=True)
    words = {'port': target.port, 'user': USER, 'password': PASSWORD, 'kind': 'None', 'ca': root.ca, 'auth': 'LOGIN', 'd': where, **changed}
    (where / 'rc').write_text(MBSYNC.format(**words))
    return run('mbsync', '-V', '-c', where / 'rc', 'c')


def flag(path, name, flags):
    """Sets the flags of a letter in a Maildir."""
    file = next(f for part in ('new', 'cur') for f in (path / part).glob(name.split(':')[0] + '*'))
    file.rename(path / 'cur' / (name.split(':')[0] + ':2,' + flags))


def both_ways(name, where, box, again):
    """A program that keeps a folder and a Maildir alike, in both directions."""
    done = again()
    files = maildir(where)
    check(done.code == 0 and len(files) == 2, f'{name} fetches what is there', done)
    if len(files) != 2:
        return
    (where / 'new' / '1772442000.1.here').write_bytes(b'From: ann@mail.example.net\nSubject: written here\nMessage-ID: <here@x.example>\n\nfrom here\n')
    flag(where, next(n for n, octets in files.items() if b'first letter' in octets), 'FS')
    done = again()
    there = content(box)
    check(done.code == 0 and len(there) == 3, f'{name} puts a new letter there', (done, there))
    check(any(b'first letter' in octets and flags >= {'\\Seen', '\\Flagged'} for flags, octets in there), f'{name} carries flags there', there)
    other = session()
    other.select(box)
    _, found = other.search(None, 'SUBJECT', 'second')
    other.store(found[0].decode(), '+FLAGS', '(\\Seen \\Answered)')
    _, found = other.search(None, 'SUBJECT', 'first')
    other.store(found[0].decode(), '+FLAGS', '(\\Deleted)')
    other.expunge()
    other.logout()
    done = again()
    files = maildir(where)
    check(done.code == 0 and not any(b'first letter' in octets for octets in files.values()), f'{name} removes here what was removed there', (done, files))
    check(any(b'second letter' in octets and re.search(r':2,.*R.*S', n) for n, octets in files.items()), f'{name} carries flags here', files)
    next(file for name, octets in files.items() if b'second letter' in octets for file in where.glob('*/' + name)).unlink()
    done = again()
    check(done.code == 0 and subjects(box) == ['written here'], f'{name} removes there what was removed here', (done, subjects(box)))


def test_mbsync():
    if not find('mbsync'):
        return skip('mbsync', 'not installed')
    folder('sync', FIRST, SECOND)
    where = scratch / 'mbsync'
    both_ways('mbsync', where / 'near' / 'sync', 'sync', lambda: mbsync(where, box='sync'))
    done = mbsync(scratch / 'mbsync-wrong', box='sync', password=WRONG)
    check(done.code != 0, 'mbsync with a wrong password', done)
    for kind, port in (('STARTTLS', target.port), ('IMAPS', target.tls_port)):
        folder('tlssync', FIRST)
        where = scratch / f'mbsync-{kind}'
        done = mbsync(where, box='tlssync', kind=kind, port=port)
        check(done.code == 0 and len(maildir(where / 'near' / 'tlssync')) == 1, f'mbsync, {kind}', done)


OFFLINE = '''[general]
accounts = a
metadata = {d}/metadata
ui = basic
[Account a]
localrepository = near
remoterepository = far
[Repository near]
type = Maildir
localfolders = {d}/near
[Repository far]
type = IMAP
remotehost = 127.0.0.1
remoteport = {port}
remoteuser = {user}
remotepass = {password}
ssl = no
starttls = no
folderfilter = lambda name: name == 'offline'
'''


def test_offlineimap():
    if not find('offlineimap'):
        return skip('OfflineIMAP', 'not installed')
    folder('offline', FIRST, SECOND)
    where = scratch / 'offlineimap'
    where.mkdir()
    (where / 'rc').write_text(OFFLINE.format(d=where, port=target.port, user=USER, password=PASSWORD))
    both_ways('OfflineIMAP', where / 'near' / 'offline', 'offline', lambda: run('offlineimap', '-o', '-c', where / 'rc', timeout=120))


# ---- programs that fetch, or read ----

def test_fetchmail():
    if not find('fetchmail'):
        return skip('fetchmail', 'not installed')
    folder('fetchmail', FIRST, SECOND)
    where = scratch / 'fetchmail'
    where.mkdir()
    for auth, name in (('password', 'keep'), ('cram-md5', 'nokeep')):
        rc = where / f'{name}.rc'
        rc.write_text(f'set no bouncemail\npoll 127.0.0.1 service {target.port} protocol IMAP auth {auth} user "{USER}" password "{PASSWORD}" '
                      f'folder "fetchmail" fetchall {name} sslproto "" mda "cat >> {where}/{name}.box"\n')
        rc.chmod(0o600)
        done = run('fetchmail', '-f', rc, '-v', '--pidfile', where / 'pid', timeout=60)
        box = where / f'{name}.box'
        got = box.read_bytes() if box.exists() else b''
        left = [] if name == 'nokeep' else ['first letter', 'second letter']
        check(done.code == 0 and b'first letter' in got and 'second letter'.encode() in got and '안녕'.encode() in got, f'fetchmail, {name}, {auth}', done)
        check(subjects('fetchmail') == left, f'fetchmail, {name}: what is left there', subjects('fetchmail'))
    done = run('fetchmail', '-f', rc, '--pidfile', where / 'pid', timeout=60)
    check(done.code == 1, 'fetchmail finds nothing more', done)


GETMAIL = '''[retriever]
type = SimpleIMAPRetriever
server = 127.0.0.1
port = {port}
username = {user}
password = {password}
mailboxes = ("getmail",)
[destination]
type = Maildir
path = {d}/near/
[options]
read_all = false
delete = false
verbose = 2
'''


def test_getmail():
    if not find('getmail'):
        return skip('getmail', 'not installed')
    folder('getmail', FIRST, SECOND)
    where = scratch / 'getmail'
    for part in ('new', 'cur', 'tmp'):
        (where / 'near' / part).mkdir(parents=True)
    (where / 'rc').write_text(GETMAIL.format(d=where, port=target.port, user=USER, password=PASSWORD))
    who = {}
    if os.geteuid() == 0:  # it delivers nothing as root
        who = {'user': 'nobody', 'group': 'nogroup', 'extra_groups': []}
        for path in [where, *where.rglob('*')]:
            shutil.chown(path, 'nobody', 'nogroup')
    done = run('getmail', '--getmaildir', where, '--rcfile', where / 'rc', timeout=60, **who)
    check(done.code == 0 and len(maildir(where / 'near')) == 2, 'getmail fetches', done)
    folder_now = session()
    folder_now.append('getmail', None, None, FIRST.replace(b'first', b'third'))
    folder_now.logout()
    done = run('getmail', '--getmaildir', where, '--rcfile', where / 'rc', timeout=60, **who)
    check(done.code == 0 and len(maildir(where / 'near')) == 3, 'getmail fetches only what is new', done)


def in_terminal(words, seconds=40):
    """Runs a program that wants a terminal to its end; (code, what it painted), the code None if it does not end."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(words[0], [str(w) for w in words], {**tap.environment, 'TERM': 'vt100', 'LINES': '30', 'COLUMNS': '100'})
    painted, end, code = b'', time.monotonic() + seconds, None
    while code is None and time.monotonic() < end:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                painted += os.read(terminal, 65536)
            except OSError:
                pass
        done, status = os.waitpid(pid, os.WNOHANG)
        code = os.waitstatus_to_exitcode(status) if done else None
    if code is None:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
    os.close(terminal)
    return code, painted.decode(errors='replace')


def test_mutt():
    if not find('mutt'):
        return skip('mutt', 'not installed')
    folder('mutt', FIRST, SECOND)
    folder('mutt2')
    where = scratch / 'mutt'
    where.mkdir()
    (where / 'rc').write_text(f'set imap_user="{USER}" imap_pass="{PASSWORD}" ssl_starttls=no ssl_force_tls=no mbox_type=Maildir confirmcreate=no\n'
                              f'set confirmappend=no wait_key=no delete=yes quit=yes move=no header_cache="" timeout=1 folder="{where}"\n'
                              f'push "<tag-pattern>.<enter><tag-prefix><copy-message>{where}/near<enter>'
                              f'<copy-message>imap://127.0.0.1:{target.port}/mutt2<enter>'
                              f'<limit>~s first<enter><flag-message><limit>~s second<enter><delete-message><limit>.<enter><sync-mailbox><exit>"\n')
    code, painted = in_terminal(['mutt', '-F', where / 'rc', '-f', f'imap://127.0.0.1:{target.port}/mutt'])
    check(code == 0 and len(maildir(where / 'near')) == 2, 'mutt reads a folder', (code, painted[-3000:]))
    there = content('mutt')
    check(len(there) == 1 and '\\Flagged' in there[0][0], 'mutt flags a letter, and deletes one', there)
    check(len(content('mutt2')) == 1, 'mutt copies into another folder', content('mutt2'))


def main():
    global target
    certificate, key = root.certificate('mail', 'DNS:localhost,IP:127.0.0.1')
    if sys.argv[1] == 'dovecot':
        server = dovecot.Dovecot(USER, PASSWORD, certificate, key)
        if server.why:
            tap.skip_all(server.why)
        target = Target(server.port, server.tls_port, None)
    else:
        tap.ignore_leaks()
        server = served.Served(os.path.abspath(sys.argv[1]), 'imap4;tls', HOST.format('mail', 1, 'offer') + HOST.format('strict', 2, 'require'),
                               (PLAIN, STRICT, IMAPS), {'mail.pem': pathlib.Path(certificate).read_bytes(), 'mail.key': pathlib.Path(key).read_bytes()})
        if not check(server.open, 'the doors are open', server.listening.lines):
            tap.plan()
        target = Target(server.ports[PLAIN], server.ports[IMAPS], server.ports[STRICT])
    tests = [test for name, test in globals().items() if name.startswith('test_')]
    for test in tests:
        if sys.argv[2:] and not any(word in test.__name__ for word in sys.argv[2:]):
            continue
        try:
            test()
        except (OSError, imaplib.IMAP4.error, AssertionError, LookupError, TypeError) as error:
            check(False, test.__name__, f'{type(error).__name__}: {error}')
    server.stop()
    if sys.argv[1] != 'dovecot':
        capture = server.trace.read_bytes() if server.trace.exists() else b''
        forms = [PASSWORD.encode(), base64.b64encode(PASSWORD.encode()), base64.b64encode(f'\0{USER}\0{PASSWORD}'.encode())]
        shown = [capture[at - 50:at + 20] for form in forms for at in [capture.find(form)] if at >= 0]
        check(capture and not shown, 'no password is in the capture, in no form', shown)
    tap.plan()


main()
