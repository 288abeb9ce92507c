#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""tls-servers.py MAILGLASS - our client, with TLS and logins, and the servers that others wrote, on loopback.

`mailglass send` to Postfix, Exim, OpenSMTPD, aiosmtpd, `openssl s_server` and smtp-sink: STARTTLS wanted, demanded and left
out, TLS from the start, each login with the right password and a wrong one, and certificates that prove nothing, whose flaw
must be said in words. What is not installed is skipped. Prints TAP."""
import os
import re
import socket
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import authority
import servers
import tap
from tap import check, find, run, scratch, skip, wait_until

mailglass = os.path.abspath(sys.argv[1])
tap.ignore_leaks()
os.environ.pop('SSL_CERT_FILE', None)

BOB, PASSWORD, WRONG = 'bob@local.example', 'sesame-7Qx', 'wrong-3Zk'
UNPROVED = 'encrypted, but it is not proved with whom'
LETTER = ('From: Alice <alice@example.com>\nTo: bob@local.example\nSubject: {}\nMessage-ID: <1@example.com>\n'
          'Date: Mon, 02 Mar 2026 09:00:00 +0000\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n'
          'Content-Transfer-Encoding: 8bit\n\n')
BODY = '.dot\n\n.\n..\n안녕하세요\n' + 'x' * 990 + '\nFrom here\n'
root, numbers, traces = None, iter(range(1, 1000)), []


def send(url, *words, to=BOB, password=None):
    """(Done, subject) of a letter that nobody has sent."""
    subject = f'letter {next(numbers)}.'
    letter, trace = scratch / 'letter.eml', scratch / f'{subject}pcapng'
    letter.write_text(LETTER.format(subject) + BODY)
    if password:
        (scratch / 'password').write_text(password + '\n')
        words += ('--user', BOB, '--password-file', scratch / 'password')
    traces.append(trace)
    return run(mailglass, 'send', url, '--from', 'alice@example.com', '--to', to, letter, '--trace', trace, *words), subject


def goes(name, server, url, *words, unproved=False, body=BODY, **more):
    """It is taken, and comes whole; whether the server is proved is said."""
    done, subject = send(url, *words, **more)
    if check(done.code == 0 and '250' in done.out and (UNPROVED in done.err) == unproved, name, f'{done}\n{server.log()}'):
        text = server.letter(subject)
        check(text.replace('\r', '').rstrip('\n').endswith('\n' + body.rstrip('\n')), f'{name}: the letter is whole', text or server.log())
    return done


def stays(name, server, url, *words, why, code=1, **more):
    """It is not taken, nothing comes, and somebody is told why."""
    done, subject = send(url, *words, **more)
    check(done.code == code and re.search(why, done.out + done.err), name, done)
    check(subject not in server.letter_now(), f'{name}: nothing arrived')


def test_ways(name, server):
    """What any server with a good certificate takes."""
    smtp, smtps, ca = f'smtp://localhost:{server.port}', f'smtps://localhost:{server.tls_port}', ('--ca', root.ca)
    goes(f'{name}, STARTTLS', server, smtp, *ca)
    goes(f'{name}, STARTTLS, the authority is not known', server, smtp, unproved=True)
    goes(f'{name}, STARTTLS demanded', server, f'{smtp}?starttls=require', *ca)
    goes(f'{name}, to an address', server, f'smtp://127.0.0.1:{server.port}?starttls=require', *ca)
    goes(f'{name}, in the clear', server, f'{smtp}?starttls=never')
    goes(f'{name}, TLS from the start', server, smtps, *ca)
    why = 'is signed by CN=Test Root, which is not trusted here'
    stays(f'{name}, STARTTLS demanded, the authority is not known', server, f'{smtp}?starttls=require', why=why)
    stays(f'{name}, TLS from the start, the authority is not known', server, smtps, why=why)


def test_logins(name, server, kinds):
    """Each login; `login@…` is an address for which the server wants one."""
    smtp, smtps, ca = f'smtp://localhost:{server.port}', f'smtps://localhost:{server.tls_port}', ('--ca', root.ca)
    for url in (f'{smtp}?starttls=require', smtps):
        way = url.split(':')[0]
        for kind in (*kinds, 'auto'):
            goes(f'{name}, {way}, {kind}', server, url, *ca, '--auth', kind, to='login@local.example', password=PASSWORD)
            stays(f'{name}, {way}, {kind}: not with a wrong password', server, url, *ca, '--auth', kind, to='login@local.example',
                  password=WRONG, why=r'\b535\b')
    stays(f'{name}, without a login where one is wanted', server, smtp, *ca, to='login@local.example', why='5[0-9][0-9]')
    stays(f'{name}, PLAIN in the clear', server, f'{smtp}?starttls=never', '--auth', 'PLAIN', to='login@local.example', password=PASSWORD,
          why='shows the password|no login')


# ---- Postfix ----

SETTINGS = '''myhostname = mx.local.example
virtual_mailbox_domains = local.example
virtual_mailbox_maps = inline:{{ {{ bob@local.example = bob/ }}, {{ 밥@local.example = bob/ }}, {{ login@local.example = bob/ }} }}
smtpd_tls_security_level = may
smtpd_tls_loglevel = 1
smtpd_tls_received_header = yes
smtpd_tls_cert_file = {1}
smtpd_tls_key_file = {2}
smtpd_sasl_type = dovecot
smtpd_sasl_path = {0}
smtpd_tls_session_cache_database =
smtpd_client_restrictions =
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions = permit_sasl_authenticated, check_recipient_access inline:{{login@local.example=reject}}
'''
# What is wrong with a certificate, and the words for it.
FLAWS = {'expired': r'the certificate was valid until [0-9-]+ [0-9:]+ UTC, and it is 20',
         'wrong-name': 'the certificate is for mail.elsewhere.example, not for localhost',
         'self-signed': 'the certificate of CN=self-signed is signed by itself',
         'unknown-issuer': 'is signed by CN=Another Root, which is not trusted here'}
RULES = {'expired': 'no longer valid', 'wrong-name': 'is for another name', 'self-signed': 'signed with its own key',
         'unknown-issuer': 'is not trusted here'}
VERSIONS = {'tls12': ('TLSv1.2', '-o smtpd_tls_protocols=TLSv1.2'), 'tls13': ('TLSv1.3', '-o smtpd_tls_protocols=TLSv1.3'),
            'tls10': (None, '-o smtpd_tls_protocols=TLSv1 -o tls_medium_cipherlist=ALL:@SECLEVEL=0')}


class PostfixHere(servers.Postfix):
    """With a door for TLS from the start, one for each flaw of a certificate, and one for each version of TLS."""

    def __init__(self, good, flawed):
        self.logins = servers.Logins(BOB, PASSWORD)
        auth = ' -o smtpd_sasl_auth_enable=yes' if not self.logins.why else ''
        self.tls_port, self.ports = tap.free_port(), {name: tap.free_port() for name in (*FLAWS, *VERSIONS)}
        lines = [f'127.0.0.1:{self.tls_port} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes{auth}']
        for flaw, (certificate, key) in flawed.items():
            lines.append(f'127.0.0.1:{self.ports[flaw]} inet n - n - - smtpd -o smtpd_tls_cert_file={certificate} -o smtpd_tls_key_file={key}')
        for name, (_, options) in VERSIONS.items():
            lines.append(f'127.0.0.1:{self.ports[name]} inet n - n - - smtpd {options}')
        super().__init__(SETTINGS.format(self.logins.socket, *good) + ('smtpd_sasl_auth_enable = yes\n' if auth else ''), '\n'.join(lines) + '\n')

    def letter_now(self):
        return ''.join(file.read_text() for file in (self.folder / 'mail').glob('bob/new/*'))

    def letter(self, words):
        return super().letter('bob', words)


def test_postfix():
    good = root.certificate('mx.local.example', 'DNS:localhost,IP:127.0.0.1')
    flawed = {'expired': root.certificate('expired', 'DNS:localhost', days=0),
              'wrong-name': root.certificate('wrong-name', 'DNS:mail.elsewhere.example'),
              'self-signed': root.alone('self-signed', 'DNS:localhost'),
              'unknown-issuer': authority.Authority('Another Root').certificate('unknown-issuer', 'DNS:localhost')}
    postfix = PostfixHere(good, flawed)
    if postfix.why:
        return skip('Postfix', postfix.why)
    ca = ('--ca', root.ca)
    try:
        test_ways('Postfix', postfix)
        text = postfix.letter('letter 1.')
        check('(using TLSv1.3 with cipher' in text, 'Postfix writes into its postmark that it was TLS', text[:600])
        if postfix.logins.why:
            skip('Postfix, logins', postfix.logins.why)
        else:
            kinds = ('PLAIN', 'LOGIN', 'CRAM-MD5', 'SCRAM-SHA-1', 'SCRAM-SHA-256')
            test_logins('Postfix', postfix, kinds)
            said = re.findall(r'sasl_method=([\w-]+)', postfix.log())
            check(said == [*kinds, kinds[-1]] * 2, 'Postfix was told by which, and auto is the strongest', said)
        done = goes('Postfix, an address in Korean', postfix, f'smtp://localhost:{postfix.port}?starttls=require', *ca, to='밥@local.example')
        for flaw, words in FLAWS.items():
            url = f'smtp://localhost:{postfix.ports[flaw]}'
            stays(f'Postfix, {flaw}, demanded', postfix, f'{url}?starttls=require', *ca, why=words)
            done = goes(f'Postfix, {flaw}', postfix, url, *ca, unproved=True)
            check(RULES[flaw] in done.err, f'Postfix, {flaw}: the reason is said', done)
        for name, (version, _) in VERSIONS.items():
            url = f'smtp://localhost:{postfix.ports[name]}?starttls=require'
            if version:
                goes(f'Postfix, {version} alone', postfix, url, *ca)
                check(f'{version} with cipher' in postfix.log(), f'Postfix, {version} alone: it is that', postfix.log())
            else:
                stays('Postfix, TLS 1.0 alone', postfix, url, *ca, why='version')
    finally:
        postfix.stop()


# ---- others ----

def test_caged(name, kind, tls=True):
    good = root.certificate(f'for {name}', 'DNS:localhost,IP:127.0.0.1', kind=authority.RSA)
    server = kind(*good, (BOB, PASSWORD))
    if server.why:
        return skip(name, server.why)
    try:
        if tls:
            test_ways(name, server)
            test_logins(name, server, ('PLAIN', 'LOGIN', 'CRAM-MD5'))
        else:
            # Debian 12 builds it with OpenSSL 3, which cannot use its keys: its handshakes end with an alert.
            smtp = f'smtp://localhost:{server.port}'
            goes(f'{name}, in the clear', server, f'{smtp}?starttls=never')
            for url in (smtp, f'{smtp}?starttls=require', f'smtps://localhost:{server.tls_port}'):
                stays(f'{name}, its TLS gives up, {url[:6]}', server, url, '--ca', root.ca, why='TLS did not come about: the peer has given up')
    finally:
        server.stop()


AIOSMTPD = '''
import ssl, sys, time
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
folder, port, tls_port, certificate, key, user, password = sys.argv[1:]
class Keep:
    count = 0
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith('login') and not session.authenticated:
            return '550 5.7.1 log in first'
        envelope.rcpt_tos.append(address)
        return '250 2.1.5 OK'
    async def handle_DATA(self, server, session, envelope):
        Keep.count += 1
        open(f'{folder}/{Keep.count}', 'wb').write(envelope.content)
        return '250 2.0.0 OK'
def authenticator(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login.decode(), data.password.decode()) == (user, password), handled=False)
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(certificate, key)
common = dict(hostname='127.0.0.1', authenticator=authenticator)
Controller(Keep(), port=int(port), tls_context=context, **common).start()
Controller(Keep(), port=int(tls_port), ssl_context=context, auth_require_tls=False, **common).start()
while True:
    time.sleep(60)
'''

PYTHON = '/usr/bin/python3'  # the one that knows the packages of the system


class Aiosmtpd:
    """aiosmtpd, which keeps letters in files."""

    def __init__(self, certificate, key):
        self.folder, self.port, self.tls_port = scratch / 'aiosmtpd', tap.free_port(), tap.free_port()
        self.folder.mkdir()
        words = (PYTHON, '-c', AIOSMTPD, self.folder, self.port, self.tls_port, certificate, key, BOB, PASSWORD)
        self.errors = open(scratch / 'aiosmtpd.log', 'wb')
        self.process = tap.start(*words, stderr=self.errors)
        self.why = None if wait_until(lambda: tap.greets(self.port, b'220 '), 10) else 'aiosmtpd does not run: ' + self.log()[-200:]

    def letter_now(self):
        return ''.join(file.read_text() for file in self.folder.glob('*'))

    def letter(self, words):
        return wait_until(lambda: next((t for t in (file.read_bytes().decode() for file in self.folder.glob('*')) if words in t), None)) or ''

    def log(self):
        return (scratch / 'aiosmtpd.log').read_text()


def test_aiosmtpd():
    if run(PYTHON, '-c', 'import aiosmtpd').code != 0:
        return skip('aiosmtpd', 'not installed')
    server = Aiosmtpd(*root.certificate('aiosmtpd', 'DNS:localhost,IP:127.0.0.1'))
    if not check(not server.why, 'aiosmtpd runs', server.why):
        return
    test_ways('aiosmtpd', server)
    test_logins('aiosmtpd', server, ('PLAIN', 'LOGIN'))


class Sink:
    """smtp-sink, which knows no TLS, and keeps each letter in a file."""

    def __init__(self):
        self.folder, self.port = scratch / 'sink', tap.free_port()
        self.folder.mkdir()
        self.folder.chmod(0o777)
        user = ('-u', 'nobody') if os.geteuid() == 0 else ()
        tap.start(find('smtp-sink'), *user, '-d', f'{self.folder}/%M.', f'127.0.0.1:{self.port}', '100')
        wait_until(lambda: tap.greets(self.port, b'220 '))

    def letter_now(self):
        return ''.join(file.read_text() for file in self.folder.glob('*'))

    def letter(self, words):
        return wait_until(lambda: next((t for t in (file.read_text() for file in self.folder.glob('*')) if words in t), None)) or ''

    def log(self):
        return ''


def test_sink():
    if not find('smtp-sink'):
        return skip('smtp-sink', 'not installed')
    sink = Sink()
    url = f'smtp://localhost:{sink.port}'
    goes('smtp-sink, which offers no TLS', sink, url)
    goes('smtp-sink, left out', sink, f'{url}?starttls=never')
    stays('smtp-sink, TLS demanded', sink, f'{url}?starttls=require', why='The server does not offer TLS, and it is demanded')
    stays('smtp-sink, TLS from the start', sink, f'smtps://localhost:{sink.port}', why='TLS did not come about: .*no TLS')


def listens(port):
    with socket.socket() as sock:
        return sock.connect_ex(('127.0.0.1', port)) == 0


def test_s_server():
    """openssl s_server says nothing that SMTP knows, but how its handshakes went."""
    good = root.certificate('s_server', 'DNS:localhost')
    for name, options, why in (('a client must show a certificate', ['-Verify', '1', '-tls1_2'], 'given up|ended'),
                               ('TLS 1.1 alone', ['-tls1_1', '-cipher', 'ALL:@SECLEVEL=0'], 'version'),
                               ('no cipher in common', ['-tls1_2', '-cipher', 'ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0'], 'cipher|given up')):
        port = tap.free_port()
        server = tap.start('openssl', 's_server', '-accept', f'127.0.0.1:{port}', '-cert', good[0], '-key', good[1], '-quiet', *options)
        wait_until(lambda: listens(port))
        done, _ = send(f'smtps://localhost:{port}', '--ca', root.ca)
        check(done.code != 0 and re.search(why, done.out + done.err), f'openssl s_server, {name}', done)
        tap.stop(server)


def test_traces():
    secrets = [word.encode() for word in (PASSWORD, WRONG)]
    check(traces and not any(secret in trace.read_bytes() for trace in traces if trace.exists() for secret in secrets),
          'no password is in any of our traces')


def main():
    global root
    root = authority.Authority()
    tests = {'postfix': test_postfix, 'exim': lambda: test_caged('Exim', servers.Exim),
             'opensmtpd': lambda: test_caged('OpenSMTPD', servers.OpenSmtpd, tls=False), 'aiosmtpd': test_aiosmtpd, 'sink': test_sink,
             's_server': test_s_server}
    for name in sys.argv[2:] or tests:
        tests[name]()
    test_traces()


tap.main(main)
