#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""tls-peers.py MAILGLASS - our server, with TLS and logins, and the clients that others wrote, on loopback.

Each way in of each program: STARTTLS, TLS from the start, each login, with the right password and a wrong one. What was
handed in must be in the mailbox, octet by octet, below a postmark that says how it came. What is not installed is
skipped. Prints TAP. Names behind MAILGLASS (`swaks curl`) are the tests to do instead of all."""
import base64
import json
import os
import smtplib
import socket
import ssl
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import authority
import served
import servers
import tap
from tap import check, find, run, scratch, skip, wait_until

mailglass = os.path.abspath(sys.argv[1])
tap.ignore_leaks()

BOB, PASSWORD, WRONG = 'bob@example.net', 'sesame-7Qx', 'wrong-3Zk'
POSTFIX_USERS = ('encrypt', 'secure', 'wrapped', 'login', 'wrong-login', 'untrusted', 'never')
HOST = '''[host {0}]
kind=mta
address=192.0.2.{1}
domains=example.net
mailboxes=bob@example.net:sesame-7Qx{2}
auth=yes
logins_max=0
tls-certificate=mx.pem
tls-key=mx.key
engines=smtp.server:25;smtp.server-tls:465;smtp.queue;smtp.client;pop3.server:110
starttls={3}

'''
HOSTS = (HOST.format('mx.example.net', 25, ''.join(f';{user}@example.net:sesame-7Qx' for user in POSTFIX_USERS), 'offer')
         + HOST.format('strict.example.net', 26, '', 'require') + HOST.format('plain.example.net', 27, '', 'no')
         + HOST.format('persons.example.net', 28, '', 'offer\nclient-certificates=yes\ntls-ca=ca.pem'))
OFFER, REQUIRE, PLAIN, SMTPS = ('smtp.server@mx.example.net', 'smtp.server@strict.example.net', 'smtp.server@plain.example.net',
                                'smtp.server-tls@mx.example.net')
PERSONS = 'smtp.server-tls@persons.example.net'
LETTER = ('From: Alice <alice@example.com>\r\nTo: bob@example.net\r\nSubject: {}\r\nMessage-ID: <1@example.com>\r\n'
          'Date: Mon, 02 Mar 2026 09:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n'
          'Content-Transfer-Encoding: 8bit\r\n\r\n.dot\r\n\r\n.\r\n..\r\n안녕하세요\r\n' + 'x' * 990 + '\r\nFrom here\r\n')
ours, root, persons, numbers = None, None, {}, iter(range(1, 1000))


def new_letter():
    """(subject, path, octets) of a letter that nobody has sent."""
    subject = f'letter {next(numbers)}.'
    octets = LETTER.format(subject).encode()
    path = scratch / 'letter.eml'
    path.write_bytes(octets)
    return subject, path, octets


def box_of(door, user=BOB):
    return 'pop3.server@' + door.split('@')[1], user, PASSWORD


def arrived(name, door, subject, octets, how, own=False):
    """The letter is whole, and its postmark says how it came. `own`: the program made the header."""
    found = ours.letter(subject.encode(), box_of(door)) or b''
    end = found.rstrip() if name.startswith('swaks') else found  # it puts empty lines behind a letter
    octets = octets.rstrip() if name.startswith('swaks') else octets
    if not check(end.endswith(octets), f'{name}: the letter is whole', found):
        return
    above = end[:len(end) - len(octets)].decode()
    kinds = {line.split(':')[0] for line in above.splitlines() if line[:1] not in (' ', '\t')}
    check((own or kinds == {'Return-Path', 'Received'}) and f' with {how} id ' in above.replace('\r\n\t', ' '), f'{name}: postmark with {how}',
          above)


def absent(name, door, subject):
    letters = ours.letters(box_of(door))
    check(all(subject.encode() not in m for m in letters), f'{name}: nothing arrived')


# ---- programs: each way is a function (door, path, login, tls) → Done ----

def swaks(door, path, login=None, tls=(), password=PASSWORD):
    words = ['swaks', '--server', f'localhost:{ours.ports[door]}', '--from', 'alice@example.com', '--to', BOB, '--helo', 'c.example', '--data',
             f'@{path}', *tls]
    return run(*words, *(['--auth', login, '--auth-user', BOB, '--auth-password', password] if login else []))


SWAKS_TLS = (('--tls', OFFER, ['--tls'], True), ('--tls where it is required', REQUIRE, ['--tls'], True),
             ('--tls-optional', OFFER, ['--tls-optional'], True), ('--tls-optional without an offer', PLAIN, ['--tls-optional'], False),
             ('--tls-optional-strict', REQUIRE, ['--tls-optional-strict'], True), ('--tls-on-connect', SMTPS, ['--tls-on-connect'], True),
             ('TLS 1.2', OFFER, ['--tls', '--tls-protocol', 'tlsv1_2'], True), ('TLS 1.3', OFFER, ['--tls', '--tls-protocol', 'tlsv1_3'], True),
             ('in the clear', OFFER, [], False))


def test_swaks():
    if not find('swaks'):
        return skip('swaks', 'not installed')
    trust = ['--tls-verify', '--tls-ca-path', root.ca, '--tls-sni', 'mx.example.net']
    for name, door, options, secure in SWAKS_TLS:
        options = options + (trust if secure else [])
        for login in (None, 'PLAIN', 'LOGIN', 'CRAM-MD5'):
            subject, path, octets = new_letter()
            done = swaks(door, path, login, options)
            what = f'swaks {name}, {login or "no login"}'
            check(done.code == 0 and ('TLS started' in done.out) == secure, what, done)
            arrived(what, door, subject, octets, 'ESMTP' + 'S' * secure + 'A' * (login is not None))
            if login:
                subject, path, octets = new_letter()
                done = swaks(door, path, login, options, WRONG)
                check(done.code == 28 and '535 5.7.8' in done.out, f'{what}: not with a wrong password', done)
                absent(what, door, subject)
    for login in ('DIGEST-MD5', 'CRAM-SHA1'):
        done = swaks(OFFER, new_letter()[1], login, ['--tls'])
        check(done.code == 28 and '235' not in done.out, f'swaks {login}: is not offered', done)
    done = swaks(REQUIRE, new_letter()[1])
    check(done.code != 0 and '530 5.7.0' in done.out, 'swaks without TLS where it is required', done)
    done = swaks(PLAIN, new_letter()[1], tls=['--tls'])
    check(done.code == 29 and 'not advertise' in done.err, 'swaks --tls without an offer', done)
    done = swaks(OFFER, new_letter()[1], tls=['--tls', '--tls-protocol', 'tlsv1_1', '--tls-cipher', 'ALL:@SECLEVEL=0'])
    check(done.code == 29, 'swaks with TLS 1.1 is refused', done)
    done = swaks(OFFER, new_letter()[1], tls=['--tls', '--tls-verify'])
    check(done.code == 29 and 'verif' in done.err, 'swaks does not trust who is not known', done)


def msmtp(door, path, login=None, tls=(), password=PASSWORD):
    words = ['msmtp', '--host=localhost', f'--port={ours.ports[door]}', '--from=alice@example.com', '--domain=c.example', *tls]
    words += [f'--auth={login}', f'--user={BOB}', f'--passwordeval=echo {password}'] if login else ['--auth=off']
    return run(*words, BOB, typed=path.read_bytes().decode())


def test_msmtp():
    if not find('msmtp'):
        return skip('msmtp', 'not installed')
    trust = ['--tls=on', f'--tls-trust-file={root.ca}']
    ways = (('STARTTLS', OFFER, [*trust, '--tls-starttls=on']), ('STARTTLS, required', REQUIRE, [*trust, '--tls-starttls=on']),
            ('TLS from the start', SMTPS, [*trust, '--tls-starttls=off']), ('in the clear', PLAIN, ['--tls=off']))
    for name, door, options in ways:
        secure = door != PLAIN
        for login in (None, 'on', 'plain', 'login', 'cram-md5', 'scram-sha-1', 'scram-sha-256'):
            what = f'msmtp {name}, {login or "no login"}'
            if login in ('plain', 'login', 'on') and not secure:
                continue  # it does not show a password
            subject, path, octets = new_letter()
            done = msmtp(door, path, login, options)
            if check(done.code == 0, what, done):
                arrived(what, door, subject, octets, 'ESMTP' + 'S' * secure + 'A' * (login is not None))
            if login:
                subject, path, octets = new_letter()
                done = msmtp(door, path, login, options, WRONG)
                check(done.code == 77 and '535' in done.err, f'{what}: not with a wrong password', done)
                absent(what, door, subject)
    done = msmtp(OFFER, new_letter()[1], None, ['--tls=on', '--tls-starttls=on'])
    check(done.code != 0 and 'certificate' in done.err, 'msmtp does not trust who is not known', done)
    done = run('msmtp', '--host=localhost', f'--port={ours.ports[OFFER]}', '--serverinfo', *trust, '--tls-starttls=on')
    check(done.code == 0 and 'CHUNKING' not in done.err and 'SIZE' in done.out and 'AUTH' in done.out, 'msmtp --serverinfo', done)


def curl(scheme, door, path, more=(), login=None, password=PASSWORD):
    words = ['curl', '-sS', '-v', f'{scheme}://localhost:{ours.ports[door]}/c.example', '--ipv4', '--mail-from', 'alice@example.com', '--mail-rcpt',
             BOB, '-T', path, *more]
    return run(*words, *(['--user', f'{BOB}:{password}', '--login-options', f'AUTH={login}'] if login else []))


def test_curl():
    if not find('curl'):
        return skip('curl', 'not installed')
    trust = ['--cacert', root.ca]
    ways = (('smtp:// --ssl-reqd', 'smtp', OFFER, [*trust, '--ssl-reqd']), ('smtp:// --ssl', 'smtp', REQUIRE, [*trust, '--ssl']),
            ('smtps://', 'smtps', SMTPS, trust), ('smtps:// TLS 1.2', 'smtps', SMTPS, [*trust, '--tls-max', '1.2']))
    for name, scheme, door, more in ways:
        for login in (None, 'PLAIN', 'LOGIN', 'CRAM-MD5'):
            what = f'curl {name}, {login or "no login"}'
            subject, path, octets = new_letter()
            done = curl(scheme, door, path, more, login)
            if check(done.code == 0, what, done.err):
                arrived(what, door, subject, octets, 'ESMTPS' + 'A' * (login is not None))
            if login:
                subject, path, octets = new_letter()
                done = curl(scheme, door, path, more, login, WRONG)
                check(done.code == 67, f'{what}: not with a wrong password', done.err)
                absent(what, door, subject)
    done = curl('smtp', PLAIN, new_letter()[1], ['--ssl-reqd'])
    check(done.code == 64, 'curl --ssl-reqd without an offer', done.err)
    done = curl('smtps', SMTPS, new_letter()[1])
    check(done.code == 60, 'curl does not trust who is not known', done.err)


def test_snail():
    if not find('s-nail'):
        return skip('s-nail', 'not installed')
    text = '.dot\n\n.\n안녕하세요\nFrom here\n'
    for name, scheme, door, more in (('STARTTLS', 'smtp', OFFER, ['-Ssmtp-use-starttls']), ('submission://', 'submission', REQUIRE, ['-Ssmtp-use-starttls']),
                                     ('smtps://', 'smtps', SMTPS, [])):
        for login, password in ((None, ''), ('plain', PASSWORD), ('login', PASSWORD), ('cram-md5', PASSWORD), ('plain', WRONG),
                                ('cram-md5', WRONG)):
            if not login and scheme != 'smtps':
                continue  # then it says HELO and no STARTTLS, whatever it is told
            subject = f'letter {next(numbers)}.'
            who = f'bob%40example.net:{password}@' if login else ''
            done = run('s-nail', '-:/', '-Sv15-compat', f'-Smta={scheme}://{who}localhost:{ours.ports[door]}', f'-Ssmtp-auth={login or "none"}',
                       f'-Stls-ca-file={root.ca}', '-Stls-ca-no-defaults', '-Stls-verify=strict', '-Smime-encoding=8bit', '-Sttycharset=utf-8',
                       '-Ssendcharsets=utf-8', '-Ssendwait', '-Ssocket-connect-timeout=20', *more, '-r', 'alice@example.com', '-s', subject, BOB,
                       typed=text)
            what = f's-nail {name}, {login or "no login"}'
            if password == WRONG:
                check(done.code != 0 and '535' in done.err, f'{what}: not with a wrong password', done)
                absent(what, door, subject)
            elif check(done.code == 0, what, done):
                arrived(what, door, subject, ('\n\n' + text).replace('\n', '\r\n').encode(), 'ESMTPSA' if login else 'SMTP', own=True)  # RFC 3848 has no name for HELO in TLS


NODEMAILER = '''
const [options, mail] = JSON.parse(process.argv[1]);
if (mail.raw) mail.raw = require('fs').readFileSync(mail.raw);
require('nodemailer').createTransport(options).sendMail(mail).then(
    info => { console.log(JSON.stringify(info)); process.exit(0); }, error => { console.error(error.message); process.exit(1); });
'''


def nodemailer(door, options, mail, login=None, password=PASSWORD):
    options = {'host': 'localhost', 'port': ours.ports[door], 'name': 'c.example', 'tls': {'ca': [root.ca.read_text()]}, **options}
    if login:
        options.update(auth={'user': BOB, 'pass': password}, authMethod=login)
    envelope = {'from': 'alice@example.com', 'to': [BOB]}
    return run('node', '-e', NODEMAILER, json.dumps([options, {'envelope': envelope, **mail}]), env={'NODE_PATH': '/usr/share/nodejs'})


def test_nodemailer():
    if not find('node') or run('node', '-e', 'require("nodemailer")', env={'NODE_PATH': '/usr/share/nodejs'}).code != 0:
        return skip('nodemailer', 'not installed')
    for name, door, options in (('requireTLS', OFFER, {'requireTLS': True}), ('STARTTLS by itself', REQUIRE, {}), ('secure', SMTPS, {'secure': True}),
                                ('ignoreTLS', OFFER, {'ignoreTLS': True})):
        secure = 'S' * (name != 'ignoreTLS')
        for login in (None, 'PLAIN', 'LOGIN', 'CRAM-MD5'):
            what = f'nodemailer {name}, {login or "no login"}'
            subject, path, octets = new_letter()
            done = nodemailer(door, options, {'raw': str(path)}, login)
            if check(done.code == 0, what, done):
                arrived(what, door, subject, octets, f'ESMTP{secure}' + 'A' * (login is not None))
            if login:
                done = nodemailer(door, options, {'raw': str(new_letter()[1])}, login, WRONG)
                check(done.code == 1 and '535' in done.err, f'{what}: not with a wrong password', done)
    subject = f'letter {next(numbers)}.'
    done = nodemailer(SMTPS, {'secure': True}, {'subject': subject, 'text': '안녕', 'attachments': [{'filename': 'a.bin', 'content': 'A' * 300}]},
                      'PLAIN')
    found = ours.letter(subject.encode(), box_of(SMTPS)) or b''
    check(done.code == 0 and b'filename=a.bin' in found, 'nodemailer builds a letter with an attachment', done)
    done = nodemailer(PLAIN, {'requireTLS': True}, {'text': 'x'})
    check(done.code == 1, 'nodemailer requireTLS without an offer', done)
    done = nodemailer(OFFER, {'tls': {}}, {'text': 'x'})
    check(done.code == 1 and 'certificate' in done.err, 'nodemailer does not trust who is not known', done)


def smtplib_session(door, context):
    if door == SMTPS:
        return smtplib.SMTP_SSL('localhost', ours.ports[door], 'c.example', timeout=20, context=context)
    session = smtplib.SMTP('localhost', ours.ports[door], 'c.example', timeout=20)
    session.starttls(context=context)
    return session


def test_smtplib():
    context = ssl.create_default_context(cafile=root.ca)
    for door in (OFFER, REQUIRE, SMTPS):
        for login in (None, 'PLAIN', 'LOGIN', 'CRAM-MD5', 'login()'):
            what = f'smtplib {door}, {login or "no login"}'
            subject, path, octets = new_letter()
            with smtplib_session(door, context) as session:
                session.ehlo()
                check('starttls' not in session.esmtp_features, f'{what}: STARTTLS is offered once')
                session.user = BOB
                for password in (WRONG, PASSWORD) if login else ():
                    session.password = password
                    try:
                        if login == 'login()':
                            code = session.login(BOB, password)[0]
                        else:
                            code = session.auth(login, getattr(session, 'auth_' + login.lower().replace('-', '_')))[0]
                    except smtplib.SMTPAuthenticationError as error:
                        code = error.smtp_code
                    check(code == (235 if password == PASSWORD else 535), f'{what}: {"right" if password == PASSWORD else "wrong"} password', code)
                session.sendmail('alice@example.com', [BOB], octets)
            arrived(what, door, subject, octets, 'ESMTPS' + 'A' * (login is not None))
    try:
        smtplib_session(OFFER, ssl.create_default_context())
        check(False, 'smtplib does not trust who is not known')
    except ssl.SSLCertVerificationError as error:
        check(True, 'smtplib does not trust who is not known', error)


def test_openssl():
    """s_client looks at the certificate, and speaks what we let it."""
    def client(door, *words, typed='QUIT\r\n'):
        starttls = [] if door == SMTPS else ['-starttls', 'smtp']
        return run('openssl', 's_client', '-connect', f'localhost:{ours.ports[door]}', '-4', '-CAfile', root.ca, '-verify_return_error',
                   '-verify_hostname', 'mx.example.net', '-servername', 'mx.example.net', *starttls, *words, typed=typed)
    for door in (OFFER, SMTPS):
        for version in ('-tls1_2', '-tls1_3'):
            done = client(door, version, '-brief')
            check('Verification: OK' in done.err, f'openssl s_client {version} {door}', done)
        done = client(door, '-tls1_1', '-cipher', 'ALL:@SECLEVEL=0')
        check(done.code != 0 and ('alert protocol version' in done.err or 'alert' in done.err), f'openssl s_client -tls1_1 {door} is refused', done)
    for cipher in ('ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-CHACHA20-POLY1305'):
        done = client(SMTPS, '-tls1_2', '-cipher', cipher, '-brief')
        check(cipher in done.err, f'openssl s_client {cipher}', done)
    done = client(SMTPS, '-tls1_2', '-cipher', 'aRSA:@SECLEVEL=0')
    check(done.code != 0 and 'handshake failure' in done.err, 'no cipher in common: an alert', done)


def test_external():
    """EXTERNAL: who shows a certificate needs no password."""
    for who, pair, good in (('bob', persons['bob'], True), ('eve, who has no mailbox', persons['eve'], False),
                            ('somebody whom nobody vouches for', persons['liar'], False), ('nobody', None, False)):
        if find('msmtp'):
            subject, path, octets = new_letter()
            options = [f'--tls-cert-file={pair[0]}', f'--tls-key-file={pair[1]}'] if pair else []
            done = msmtp(PERSONS, path, 'external', ['--tls=on', f'--tls-trust-file={root.ca}', '--tls-starttls=off', *options])
            check((done.code == 0) == good, f'msmtp EXTERNAL, {who}', done)
            if good:
                arrived('msmtp EXTERNAL', PERSONS, subject, octets, 'ESMTPSA')
            else:
                absent(f'msmtp EXTERNAL, {who}', PERSONS, subject)
        if find('curl'):
            subject, path, octets = new_letter()
            options = ['--cert', pair[0], '--key', pair[1]] if pair else []
            done = curl('smtps', PERSONS, path, ['--cacert', root.ca, *options, '--user', f'{BOB}:', '--login-options', 'AUTH=EXTERNAL'])
            check((done.code == 0) == good, f'curl EXTERNAL, {who}', done.err)
            if good:
                arrived('curl EXTERNAL', PERSONS, subject, octets, 'ESMTPSA')
            else:
                absent(f'curl EXTERNAL, {who}', PERSONS, subject)


def test_rough():
    """Who does not speak TLS, or says too much, or goes in the middle."""
    context = ssl.create_default_context(cafile=root.ca)
    with socket.create_connection(('127.0.0.1', ours.ports[OFFER]), 20) as sock:
        lines = sock.makefile('rb')
        lines.readline()
        sock.sendall(b'EHLO c.example\r\n')
        while lines.readline()[3:4] == b'-':
            pass
        sock.sendall(b'STARTTLS\r\nMAIL FROM:<injected@example.com>\r\n')
        check(lines.readline().startswith(b'220 '), 'STARTTLS with a command behind it')
        with context.wrap_socket(sock, server_hostname='mx.example.net') as secure:
            secure.sendall(b'RCPT TO:<bob@example.net>\r\n')
            said = secure.recv(1000)
            check(said.startswith(b'503 '), 'what came behind STARTTLS is forgotten, and so is EHLO', said)
    for name, octets in (('HTTP', b'GET / HTTP/1.1\r\n\r\n'), ('SMTP', b'EHLO c.example\r\n'), ('nothing', b''),
                         ('half a Client Hello', b'\x16\x03\x01\x02\x00\x01\x00'), ('noise', bytes(range(256)))):
        with socket.create_connection(('127.0.0.1', ours.ports[SMTPS]), 20) as sock:
            sock.sendall(octets)
            sock.shutdown(socket.SHUT_WR)
            said = b''
            try:
                while piece := sock.recv(1000):
                    said += piece
            except ConnectionResetError:
                pass
            check(not said.startswith(b'220'), f'{name} at the door for TLS: an alert, or nothing, and the end', said)
    subject, path, octets = new_letter()
    with smtplib_session(SMTPS, context) as session:
        session.sendmail('alice@example.com', [BOB], octets)
    arrived('after all that', SMTPS, subject, octets, 'ESMTPS')


def test_smtp_source():
    if not find('smtp-source'):
        return skip('smtp-source', 'not installed')
    before = len(ours.letters(box_of(OFFER)))
    done = run('smtp-source', '-s', '10', '-m', '100', '-l', '5000', '-f', 'alice@example.com', '-t', BOB, f'127.0.0.1:{ours.ports[OFFER]}')
    check(done.code == 0, 'smtp-source: 100 letters in 10 sessions', done)
    wait_until(lambda: len(ours.letters(box_of(OFFER))) >= before + 100)
    texts = [m.split(b'\r\n\r\n', 1)[1] for m in ours.letters(box_of(OFFER))[before:]]
    check(len(texts) == 100 and set(texts) == {texts[0]} and len(texts[0]) >= 5000, 'all of them are whole', (len(texts), texts[:1]))


# ---- Postfix relays to us ----

SERVICES = '''encrypt unix - - n - - smtp -o smtp_tls_security_level=encrypt
secure unix - - n - - smtp -o smtp_tls_security_level=secure -o smtp_tls_CAfile={0}
untrusted unix - - n - - smtp -o smtp_tls_security_level=secure
wrapped unix - - n - - smtp -o smtp_tls_security_level=secure -o smtp_tls_CAfile={0} -o smtp_tls_wrappermode=yes
login unix - - n - - smtp -o smtp_tls_security_level=encrypt -o smtp_sasl_auth_enable=yes -o smtp_sasl_security_options=noanonymous
  -o smtp_sasl_password_maps=inline:{{localhost=bob@example.net:sesame-7Qx}}
wrong-login unix - - n - - smtp -o smtp_tls_security_level=encrypt -o smtp_sasl_auth_enable=yes -o smtp_sasl_security_options=noanonymous
  -o smtp_sasl_password_maps=inline:{{localhost=bob@example.net:wrong-3Zk}}
'''
SETTINGS = '''myhostname = relay.example.org
smtp_host_lookup = native
smtp_tls_loglevel = 1
smtp_sasl_auth_soft_bounce = no
transport_maps = inline:{{ {0} }}
'''


def posttls_finger(door, level, *more):
    return run('posttls-finger', '-c', '-l', level, '-F', root.ca, '-h', 'native', '-o', 'inet_protocols=ipv4', *more, f'[localhost]:{ours.ports[door]}')


def test_posttls_finger():
    if not find('posttls-finger'):
        return skip('posttls-finger', 'not installed')
    for name, door, level, more in (('secure', OFFER, 'secure', ()), ('secure, wrapped', SMTPS, 'secure', ('-w', )), ('encrypt', REQUIRE, 'encrypt', ())):
        done = posttls_finger(door, level, *more)
        check('TLS connection established' in done.out + done.err and ('Verified' in done.out + done.err) == (level == 'secure'),
              f'posttls-finger {name}', done)


def test_postfix():
    ports = {user: (ours.ports[SMTPS if user == 'wrapped' else PLAIN if user == 'never' else OFFER]) for user in POSTFIX_USERS}
    services = {user: 'encrypt' if user == 'never' else user for user in POSTFIX_USERS}
    table = ', '.join(f'{{{user}@example.net = {services[user]}:[localhost]:{port}}}' for user, port in ports.items())
    postfix = servers.Postfix(SETTINGS.format(table), SERVICES.format(root.ca))
    if postfix.why:
        return skip('Postfix relays', postfix.why)
    try:
        for user, how, trust in (('encrypt', 'ESMTPS', 'Untrusted'), ('secure', 'ESMTPS', 'Verified'), ('wrapped', 'ESMTPS', 'Verified'),
                                 ('login', 'ESMTPSA', 'Untrusted')):
            subject, path, octets = new_letter()
            with smtplib.SMTP('127.0.0.1', postfix.port, 'c.example', timeout=20) as session:
                session.sendmail('alice@example.com', [f'{user}@example.net'], octets, mail_options=['BODY=8BITMIME'])
            what = f'Postfix relays, {user}'
            found = ours.letter(subject.encode(), box_of(OFFER, f'{user}@example.net')) or b''
            body = octets.split(b'\r\n\r\n', 1)[1]
            check(found.endswith(body), f'{what}: the letter is whole', found.decode(errors='replace') + postfix.log())
            check(f' with {how} id ' in found.decode(errors='replace').replace('\r\n\t', ' '), f'{what}: postmark with {how}', found)
            check(f'{trust} TLS connection established to localhost' in postfix.log(), f'{what}: {trust}', postfix.log())
        for user, why in (('untrusted', 'not trusted|not verified|unverified|Untrusted'), ('never', 'TLS is required, but was not offered'),
                          ('wrong-login', 'authentication failed')):
            with smtplib.SMTP('127.0.0.1', postfix.port, 'c.example', timeout=20) as session:
                session.sendmail('alice@example.com', [f'{user}@example.net'], new_letter()[2], mail_options=['BODY=8BITMIME'])
            line = wait_until(lambda: next((line for line in postfix.log().splitlines() if f'to=<{user}@example.net>' in line), None)) or ''
            check('status=sent' not in line and any(w in line for w in why.split('|')), f'Postfix keeps its letter: {user}', line or postfix.log())
    finally:
        postfix.stop()


def test_trace():
    octets = ours.trace.read_bytes()
    for secret in (PASSWORD, WRONG):
        forms = [secret.encode()] + [base64.b64encode(f'{before}{secret}'.encode())[:-4] for before in ('', f'\0{BOB}\0')]
        check(not any(form in octets for form in forms), f'{secret} is nowhere in the trace')
    check(b'Client Random' not in octets and b'CLIENT_RANDOM' not in octets and b'SERVER_TRAFFIC_SECRET' not in octets,
          'nor are keys with which others could read it')
    if not find('tshark'):
        return skip('what tshark makes of the trace', 'not installed')
    words = ['tshark', '-r', ours.trace]
    for door, port in ours.ports.items():
        words += ['-d', f'tcp.port=={port},' + ('tls' if 'tls' in door else 'smtp' if 'smtp' in door else 'pop')]
    done = run(*words, '-Y', f'tcp.port=={ours.ports[SMTPS]} and tls.handshake.type==1', '-T', 'fields', '-e', 'tls.handshake.type')
    check(done.code == 0 and (len(done.lines) > 50 or sys.argv[2:]), 'tshark sees the Client Hellos in our trace', done)
    done = run(*words, '-Y', '_ws.malformed and (smtp or tls or pop)')
    check(not done.lines, 'and nothing malformed', '\n'.join(done.lines[:20]))


def main():
    global ours, root
    root = authority.Authority()
    certificate, key = root.certificate('mx.example.net', 'DNS:mx.example.net,DNS:localhost,IP:127.0.0.1')
    for name in ('bob', 'eve'):  # before the network's clock begins: who is young is not valid yet
        persons[name] = root.certificate(name, f'email:{name}@example.net')
    persons['liar'] = authority.Authority('Another Root').certificate('bob', f'email:{BOB}')
    doors = [f'{engine}@{host}' for host in ('mx.example.net', 'strict.example.net', 'plain.example.net', 'persons.example.net')
             for engine in ('smtp.server', 'pop3.server')] + [SMTPS, PERSONS]
    ours = served.Served(mailglass, 'smtp;pop3;tls', HOSTS, doors, {'mx.pem': certificate.read_bytes(), 'mx.key': key.read_bytes(),
                                                                     'ca.pem': root.ca.read_bytes()})
    if not check(ours.open, 'the doors are open', ours.listening.lines):
        print(*ours.stop())
        return
    only = sys.argv[2:]
    for test in (test_swaks, test_msmtp, test_curl, test_snail, test_nodemailer, test_smtplib, test_openssl, test_external, test_rough, test_smtp_source,
                 test_posttls_finger, test_postfix):
        if not only or test.__name__[5:] in only:
            test()
    code, err = ours.stop()
    check(code == 0, 'the server ends with exit 0', err)
    test_trace()


tap.main(main)
