#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""peers.py SASL-PEER - each mechanism against GNU SASL, in both roles, and against Python's mail clients.

GNU SASL is used by its library (libgsasl), so that channel bindings can be given; Python's smtplib and
imaplib talk over a socket pair to a stub that leaves every login to our server. Prints TAP."""
import base64
import ctypes
import imaplib
import os
import smtplib
import socket
import subprocess
import sys
import threading
import unicodedata

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import servers
import tap
from tap import check, skip

PEER = sys.argv[1]
USER, PASSWORD, EXPORTER = 'bob', 'se cret,=\u00aa\ube44', 'thirty-two octets of an exporter'
AUTHID, AUTHZID, GPASSWORD, CB_EXPORTER = 1, 2, 3, 25
ASK_SIMPLE, ASK_EXTERNAL = 500, 501
OK, NEEDS_MORE, NO_CALLBACK, ERROR_AUTH = 0, 1, 51, 31
MECHANISMS = ['PLAIN', 'LOGIN', 'CRAM-MD5', 'SCRAM-SHA-1', 'SCRAM-SHA-256', 'SCRAM-SHA-1-PLUS', 'SCRAM-SHA-256-PLUS',
              'EXTERNAL']


class Ours:
    """Our end: a line in, a line out."""

    def __init__(self, role, mechanism, password, exporter=''):
        words = [PEER, role, mechanism, USER, password] + ([exporter] if exporter else [])
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def say(self, line):
        self.process.stdin.write(line + '\n')
        self.process.stdin.flush()
        kind, _, rest = self.process.stdout.readline().rstrip('\n').partition(' ')
        return kind, rest

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


class Theirs:
    """A session of GNU SASL."""
    library = None

    def __init__(self, role, mechanism, password, exporter=''):
        lib = Theirs.library
        self.context = ctypes.c_void_p()
        self.session = ctypes.c_void_p()
        self.is_server, self.password, self.exporter = role == 'server', password, exporter
        lib.gsasl_init(ctypes.byref(self.context))
        self.callback = CALLBACK(self.asked)
        lib.gsasl_callback_set(self.context, self.callback)
        start = lib.gsasl_server_start if self.is_server else lib.gsasl_client_start
        self.rc = start(self.context, mechanism.encode(), ctypes.byref(self.session))

    def asked(self, context, session, wanted):
        lib = Theirs.library
        exporter = base64.b64encode(self.exporter.encode()) if self.exporter else None
        values = {AUTHID: USER.encode(), GPASSWORD: self.password.encode(), CB_EXPORTER: exporter}
        if wanted == AUTHZID and not self.is_server:
            return NO_CALLBACK
        if wanted == ASK_EXTERNAL:
            return OK
        if wanted == ASK_SIMPLE:
            get = lib.gsasl_property_fast
            given = get(session, GPASSWORD).decode()
            prepared = unicodedata.normalize('NFKC', self.password) # theirs comes prepared, but for LOGIN
            return OK if get(session, AUTHID) == USER.encode() and given in (self.password, prepared) else ERROR_AUTH
        if self.is_server and wanted == AUTHID:
            return NO_CALLBACK
        if values.get(wanted) is None:
            return NO_CALLBACK
        lib.gsasl_property_set(ctypes.c_void_p(session), wanted, values[wanted])
        return OK

    def step(self, line):
        """(rc, line) for a line of base64."""
        out = ctypes.c_char_p()
        rc = Theirs.library.gsasl_step64(self.session, line.encode(), ctypes.byref(out))
        text = (out.value or b'').decode() if rc in (OK, NEEDS_MORE) else ''
        return rc, text

    def close(self):
        if self.session:
            Theirs.library.gsasl_finish(self.session)
        Theirs.library.gsasl_done(self.context)


CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)


def load():
    lib = servers.gsasl()
    if not lib:
        return False
    lib.gsasl_property_fast.restype = ctypes.c_char_p
    lib.gsasl_property_fast.argtypes = [ctypes.c_void_p, ctypes.c_int]
    lib.gsasl_property_set.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p]
    Theirs.library = lib
    return True


def our_server(mechanism, password):
    """How our server judges their client: 'D bob', 'F sasl.…'."""
    plus = EXPORTER if mechanism.endswith('PLUS') else ''
    ours, theirs = Ours('server', mechanism, PASSWORD, plus), Theirs('client', mechanism, password, plus)
    try:
        line, rc = '-', NEEDS_MORE
        if mechanism not in ('CRAM-MD5', 'LOGIN'):
            rc, line = theirs.step('')
            line = line or '='
        for _ in range(9):
            kind, rest = ours.say(line)
            if kind != 'S':
                return f'{kind} {rest}', rc
            rc, line = theirs.step(rest)
            if rc not in (OK, NEEDS_MORE):
                line = '*'
        return 'no end', rc
    finally:
        ours.close()
        theirs.close()


def our_client(mechanism, password):
    """How their server judges our client, and what our client says then."""
    plus = EXPORTER if mechanism.endswith('PLUS') else ''
    ours, theirs = Ours('client', mechanism, password, plus), Theirs('server', mechanism, PASSWORD, plus)
    try:
        kind, line = ours.say('-')
        line = '' if line in ('-', '=') else line
        for _ in range(9):
            rc, answer = theirs.step(line)
            if rc == NEEDS_MORE or (rc == OK and answer):
                kind, line = ours.say(answer)
                if rc == OK and kind == 'S':
                    return rc, ' '.join(ours.say('DONE'))
                if kind != 'S':
                    return rc, f'{kind} {line}'
                continue
            return rc, ' '.join(ours.say('DONE')) if rc == OK else kind
        return -1, 'no end'
    finally:
        ours.close()
        theirs.close()


def stub(conversation, sock):
    """A server of SMTP or IMAP that knows nothing but AUTH."""
    file = sock.makefile('rw', encoding='utf-8', newline='')

    def tell(text):
        file.write(text + '\r\n')
        file.flush()

    conversation(tell, lambda: file.readline().rstrip('\r\n'))
    sock.close()


def judge(ours, line, tell, hear, prefix):
    while True:
        kind, rest = ours.say(line)
        if kind != 'S':
            return kind == 'D'
        tell(prefix + rest)
        line = hear()


def smtp_stub(mechanism, tell, hear):
    tell('220 mail.example.net ESMTP')
    while line := hear():
        words = line.split(' ')
        if words[0].upper() == 'EHLO':
            tell('250-mail.example.net')
            tell('250 AUTH ' + mechanism)
        elif words[0] == 'AUTH':
            ours = Ours('server', words[1], PASSWORD)
            good = judge(ours, words[2] if len(words) > 2 else '-', tell, hear, '334 ')
            ours.close()
            tell('235 2.7.0 in' if good else '535 5.7.8 no')
        else:
            tell('221 2.0.0 bye')
            return


def imap_stub(mechanism, tell, hear):
    tell('* OK mail.example.net')
    while line := hear():
        words = line.split(' ')
        if words[1] == 'CAPABILITY':
            tell('* CAPABILITY IMAP4rev1 AUTH=' + mechanism)
        elif words[1] == 'AUTHENTICATE':
            ours = Ours('server', words[2], PASSWORD)
            good = judge(ours, '-', tell, hear, '+ ')
            ours.close()
            tell(words[0] + (' OK in' if good else ' NO wrong'))
            continue
        tell(words[0] + ' OK done')
        if words[1] == 'LOGOUT':
            return


def with_stub(conversation, mechanism, run):
    near, far = socket.socketpair()
    thread = threading.Thread(target=stub, args=(lambda tell, hear: conversation(mechanism, tell, hear), far))
    thread.start()
    try:
        return run(near)
    finally:
        near.close()
        thread.join()


def by_smtplib(mechanism, password):
    def run(sock):
        client = smtplib.SMTP()
        client.sock, client.file = sock, None
        client._host = 'mail.example.net'
        client.getreply()
        try:
            client.login(USER, password)
            return True
        except smtplib.SMTPAuthenticationError:
            return False
        finally:
            client.quit()
    return with_stub(smtp_stub, mechanism, run)


class Imap(imaplib.IMAP4):
    given = None

    def _create_socket(self, *_):
        return Imap.given


def by_imaplib(mechanism, password):
    def run(sock):
        Imap.given = sock
        client = Imap()
        try:
            if mechanism == 'CRAM-MD5':
                client.login_cram_md5(USER, password)
            else:
                client.authenticate('PLAIN', lambda _: f'\0{USER}\0{password}'.encode())
            return True
        except imaplib.IMAP4.error:
            return False
        finally:
            client.logout()
    return with_stub(imap_stub, mechanism, run)


def main():
    if load():
        for mechanism in MECHANISMS:
            got = our_server(mechanism, PASSWORD)
            check(got == ('D ' + USER, OK), f'GNU SASL logs in by {mechanism}: {got}')
            got = our_client(mechanism, PASSWORD)
            check(got == (OK, 'D ' + USER), f'our client logs in at GNU SASL by {mechanism}: {got}')
            if mechanism != 'EXTERNAL':
                got = our_server(mechanism, PASSWORD + 'x')
                check(got[0] == 'F sasl.wrong-credentials', f'GNU SASL with a wrong password, {mechanism}: {got}')
                got = our_client(mechanism, PASSWORD + 'x')
                check(got[0] not in (OK, NEEDS_MORE), f'GNU SASL refuses our wrong password, {mechanism}: {got}')
    else:
        skip('GNU SASL', 'not installed')
    for mechanism in ('PLAIN', 'LOGIN', 'CRAM-MD5'):
        ascii_password = PASSWORD[:9]
        globals()['PASSWORD'], keep = ascii_password, PASSWORD # smtplib sends ASCII alone
        check(by_smtplib(mechanism, ascii_password), f'smtplib logs in by {mechanism}')
        check(not by_smtplib(mechanism, 'wrong'), f'smtplib with a wrong password, {mechanism}')
        if mechanism != 'LOGIN':
            check(by_imaplib(mechanism, ascii_password), f'imaplib logs in by {mechanism}')
            check(not by_imaplib(mechanism, 'wrong'), f'imaplib with a wrong password, {mechanism}')
        globals()['PASSWORD'] = keep


tap.main(main)
