#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""real.py MAILGLASS - send, fetch, talk, probe and tap, with TLS and logins, on loopback.

Against our own server behind doors, and against a server in Python's ssl; curl and openssl are clients of the tap. At the end
everything that any of these programs has printed or written is searched for the password. Prints TAP."""
import base64
import fcntl
import json
import os
import pty
import re
import select
import socket
import ssl
import sys
import termios
import threading
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import tap
from tap import check, find, one_sentence, run, scratch, skip, wait_until

mailglass = os.path.abspath(sys.argv[1])
tap.ignore_leaks()
os.environ.pop('SSL_CERT_FILE', None)

USER, PASSWORD = 'bob@example.net', 'sesame-1f7c9'
SECRETS = [PASSWORD.encode(), base64.b64encode(PASSWORD.encode()).rstrip(b'=')[:-1],
           *(base64.b64encode(b'\0'.join([a, USER.encode(), PASSWORD.encode()])).rstrip(b'=')[-14:] for a in (b'', USER.encode()))]
said = []  # (what, octets) of all that was printed
password_file, letter = scratch / 'the-password', scratch / 'letter.eml'
letter.write_bytes(f'From: <{USER}>\r\nTo: <{USER}>\r\nSubject: hello\r\n\r\nHello\r\n'.encode())
BASE = ['--from', USER, '--to', USER, letter]


def ours(*words, **more):
    done = run(mailglass, *words, **more)
    said.append((' '.join(str(w) for w in words), done.octets + done.err.encode()))
    return done


# ---- certificates ----

def certify(name, subject, names, days=30):
    """A certificate and key of the test's authority; False if this openssl cannot make it."""
    (scratch / f'{name}.ext').write_text(f'subjectAltName={names}\n')
    key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
    done = run('openssl', 'req', *key, '-subj', f'/CN={subject}', '-keyout', scratch / f'{name}.key', '-out', scratch / f'{name}.csr')
    return done.code == 0 and run('openssl', 'x509', '-req', '-in', scratch / f'{name}.csr', '-CA', ca, '-CAkey', scratch / 'ca.key',
                                  '-CAcreateserial', '-days', days, '-extfile', scratch / f'{name}.ext', '-out',
                                  scratch / f'{name}.pem').code == 0


ca = scratch / 'ca.pem'
if not find('openssl'):
    tap.skip_all('openssl is not installed')
run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', 30, '-subj', '/CN=Test root',
    '-keyout', scratch / 'ca.key', '-out', ca)
certify('good', 'mx.example.net', 'DNS:localhost,DNS:mx1.example.net,IP:127.0.0.1')
has_old = certify('old', 'mx.example.net', 'DNS:localhost,IP:127.0.0.1', -1)


# ---- servers ----

HOST = '''
[host {0}.example.net]
kind=mta
address=192.0.2.{1}
domains=example.net
mailboxes=bob@example.net:{2}
auth=yes
logins_max=0
engines=smtp.server:25;smtp.server-tls:465;smtp.queue;smtp.client;pop3.server:110;pop3.server-tls:995;imap.server:143;imap.server-tls:993
'''
NETWORK = '''[network]
format=1
title=Servers
epoch=2026-03-02T09:00:00Z
plugins=smtp;pop3;imap4;tls
''' + HOST.format('mx', 25, PASSWORD) + '''starttls=offer
stls=offer
tls-certificate=good.pem
tls-key=good.key
''' + HOST.format('plain', 26, PASSWORD) + 'auth-clear=yes\n' + HOST.format('flaw', 27, PASSWORD) + '''starttls=offer
tls-flaw=expired
'''


class Ours:
    """mailglass serve; `port` by (engine, host)."""

    def __init__(self):
        folder = scratch / 'network'
        folder.mkdir()
        (folder / 'network.ini').write_text(NETWORK)
        for name in ('good.pem', 'good.key'):
            (folder / name).write_bytes((scratch / name).read_bytes())
        wanted = [('smtp.server', 'mx'), ('smtp.server-tls', 'mx'), ('pop3.server', 'mx'), ('pop3.server-tls', 'mx'), ('imap.server', 'mx'),
                  ('imap.server-tls', 'mx'), ('smtp.server', 'plain'),
                  ('smtp.server', 'flaw')]
        doors = [w for engine, host in wanted for w in ('--door', f'{engine}@{host}.example.net=127.0.0.1:0')]
        self.listening = tap.Listening(len(wanted), mailglass, 'serve', folder, '--trace', scratch / 'serve.pcapng', *doors)
        self.port = {}
        for key, line in zip(wanted, self.listening.lines):
            self.port[key] = int(line.rsplit(':', 1)[1])

    def stop(self):
        code, err = self.listening.stop()
        said.append(('serve', err.encode() + ''.join(self.listening.lines).encode()))
        return code


class Theirs:
    """A server in Python: STARTTLS with Python's ssl, AUTH PLAIN, what it heard in `heard`; `certificate` names its file."""

    def __init__(self, certificate='good', starttls='220 go', rcpt='250 ok'):
        self.heard, self.rcpt, self.starttls = [], rcpt, starttls
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(scratch / f'{certificate}.pem', scratch / f'{certificate}.key')
        self.socket = socket.create_server(('127.0.0.1', 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection = self.socket.accept()[0]
            except OSError:
                return
            try:
                self.talk(connection)
            except (OSError, ValueError):
                pass
            connection.close()

    def talk(self, connection):
        file, secure, data = connection.makefile('rwb'), False, False

        def say(line):
            file.write(line.encode() + b'\r\n')
            file.flush()
        say('220 python ESMTP')
        while True:
            line = file.readline().decode().rstrip('\r\n')
            self.heard.append(line)
            word = line.split(' ')[0].upper()
            if data:
                if line == '.':
                    data = False
                    say('250 queued')
            elif word == 'EHLO':
                say('250-python')
                say('250-AUTH PLAIN' if secure else '250-STARTTLS')
                say('250 SIZE')
            elif word == 'STARTTLS':
                say(self.starttls)
                if self.starttls.startswith('220'):
                    connection = self.context.wrap_socket(connection, server_side=True)
                    file, secure = connection.makefile('rwb'), True
            elif word == 'DATA':
                say('354 go on')
                data = True
            elif word == 'QUIT' or not line:
                say('221 bye')
                return
            elif word == 'AUTH':
                say('235 welcome')
            else:
                say(self.rcpt if word == 'RCPT' else '250 ok')

    def stop(self):
        self.socket.close()


def smtp(server, engine='smtp.server', host='mx'):
    return f'localhost:{server.port[engine, host]}'


# ---- send ----

def test_send(server):
    login = ['--user', USER, '--password-file', password_file]
    got = ours('send', f'smtp://{smtp(server)}?starttls=require', *BASE, *login, '--ca', ca, '--trace', scratch / 'send.pcapng', '--verbose')
    check(got.code == 0 and 'CN=Test root' in got.err and 'localhost' in got.err, 'STARTTLS and a login; the chain is shown', got)
    for mechanism in ('PLAIN', 'LOGIN', 'CRAM-MD5', 'SCRAM-SHA-1', 'SCRAM-SHA-256'):
        got = ours('send', f'smtp://{USER.replace("@", "%40")}@{smtp(server)}', *BASE, '--password-env', 'THE_PASSWORD', '--auth', mechanism,
                   '--ca', ca, '--json', '--trace', scratch / f'send-{mechanism}.pcapng', env={'THE_PASSWORD': PASSWORD})
        check(got.code == 0 and got.rows()[0]['code'] == 250 and got.err == '', f'{mechanism}, the user in the URL', got)
    got = ours('send', f'smtps://{smtp(server, "smtp.server-tls")}', *BASE, *login, '--ca', ca, '--auth', 'PLAIN')
    check(got.code == 0, 'TLS from the start', got)
    got = ours('send', f'smtp://{smtp(server)}', *BASE, env={'SSL_CERT_FILE': str(ca)})
    check((got.code, got.err) == (0, ''), 'SSL_CERT_FILE is trusted', got)
    got = ours('send', f'smtp://{smtp(server)}?starttls=require', *BASE, *login)
    check(got.code == 1 and 'Test root, which is not trusted here' in got.out, 'who is not trusted gets nothing, and the reason is told', got)
    got = ours('send', f'smtp://{smtp(server)}', *BASE)
    check(got.code == 0 and 'not proved' in got.err and one_sentence(got.err), 'without a secret it goes on, and that is told', got)
    got = ours('send', f'smtp://{smtp(server)}', *BASE, *login, '--auth', 'PLAIN', '--trace', scratch / 'send-unproved.pcapng')
    check(got.code == 1 and 'shows the password' in got.out, 'nobody who has not proved the name gets the password', got)
    got = ours('send', f'smtp://{smtp(server, host="plain")}?starttls=require', *BASE)
    check(got.code == 1 and 'does not offer TLS' in got.out, 'TLS is demanded and not offered', got)
    got = ours('send', f'smtp://127.0.0.1:{server.port["smtp.server", "plain"]}?starttls=never', *BASE, *login, '--auth', 'PLAIN', '--trace',
               scratch / 'send-clear.pcapng')
    check(got.code == 0, 'on loopback a login may be in the clear; in the trace it is stars', got)
    wrong = scratch / 'wrong'
    wrong.write_text('not-it\n')
    got = ours('send', f'smtp://{smtp(server)}', *BASE, '--user', USER, '--password-file', wrong, '--ca', ca)
    check(got.code == 1 and '535' in got.out, 'a wrong password', got)
    test_send_words(server)


def test_send_words(server):
    for words, code, text in [
            (['smtp://bob:geheim@localhost', *BASE], 2, 'no password'), (['smtp://localhost?starttls=maybe', *BASE], 2, 'starttls=try'),
            (['smtp://localhost:1', *BASE, '--ca', '/nonexistent.pem'], 3, '/nonexistent.pem'),
            (['smtp://localhost:1', *BASE, '--ca', letter], 3, 'no certificate'),
            (['smtp://localhost:1', *BASE, '--user', 'x', '--password-env', 'NOT_SET'], 3, 'NOT_SET'),
            (['smtp://localhost:1', *BASE, '--user', 'x'], 3, '--password-file'),
            (['smtp://localhost:1', *BASE, '--password-file', password_file], 3, '--user')]:
        got = ours('send', *words)
        check(got.code == code and text in got.err and one_sentence(got.err) and 'geheim' not in got.err, f'send: {text}', got)
    terminal = Terminal('send', f'smtp://{smtp(server)}', *BASE, '--user', USER, '--ca', ca)
    terminal.hear(b'Password of bob@example.net: ')
    terminal.type(PASSWORD)
    terminal.hear(b'queued')
    check(terminal.end() == 0, 'a terminal is asked for the password', terminal.shown)


class Terminal:
    """A command of ours at a terminal, with echo as a terminal has it; `shown` is what stood there."""

    def __init__(self, *words):
        self.fd, side = pty.openpty()
        self.words, self.shown = words, b''
        self.process = tap.start(mailglass, *words, stdin=side, stdout=side, stderr=side, start_new_session=True,
                                 preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(side)

    def hear(self, words, seconds=20):
        """Waits until what comes next has these words."""
        start, end = len(self.shown), time.monotonic() + seconds
        while words not in self.shown[start:] and time.monotonic() < end:
            if not select.select([self.fd], [], [], 0.2)[0]:
                continue
            try:
                self.shown += os.read(self.fd, 4096)
            except OSError:
                return

    def type(self, line):
        time.sleep(0.3)  # as people do
        os.write(self.fd, line.encode() + b'\n')

    def end(self):
        code = self.process.wait(20)
        said.append((f'at a terminal: {self.words}', self.shown))
        os.close(self.fd)
        return code


def test_send_python():
    theirs = Theirs()
    got = ours('send', f'submission://localhost:{theirs.port}?starttls=require', *BASE, '--user', USER, '--password-file', password_file, '--ca',
               ca, '--trace', scratch / 'send-python.pcapng')
    plain = base64.b64encode(f'\0{USER}\0{PASSWORD}'.encode()).decode()
    check(got.code == 0 and any(plain in line for line in theirs.heard), "Python's ssl: STARTTLS, AUTH PLAIN, and the mail", f'{got}{theirs.heard}')
    theirs.stop()
    if not has_old:
        return skip('an expired certificate', 'this openssl makes none')
    theirs = Theirs('old')
    got = ours('send', f'smtp://localhost:{theirs.port}?starttls=require', *BASE, '--ca', ca)
    check(got.code == 1 and 'was valid until' in got.out and 'MAIL' not in ' '.join(theirs.heard), 'an expired certificate', got)
    theirs.stop()


# ---- fetch ----

def test_fetch(server):
    login = ['--user', USER, '--password-file', password_file, '--into', scratch / 'Mail']
    stls, from_start = (f'{scheme}://localhost:{server.port[engine, "mx"]}' for scheme, engine in
                        (('pop3', 'pop3.server'), ('pop3s', 'pop3.server-tls')))
    got = ours('fetch', f'{stls}?starttls=require', *login, '--keep', '--ca', ca, '--verbose', '--trace', scratch / 'fetch.pcapng')
    check(got.code == 0 and len(got.lines) > 3 and 'CN=Test root' in got.err, 'STLS, demanded; the chain is shown', got)
    got = ours('fetch', from_start, *login, '--keep', '--ca', ca, '--auth', 'PLAIN', '--json')
    check(got.code == 0 and got.rows()[-1]['fetched'] > 3, 'TLS from the start, and AUTH PLAIN', got)
    for url in (f'{stls}?starttls=require', from_start):
        got = ours('fetch', url, *login)
        check(got.code == 1 and 'not trusted here' in got.err and one_sentence(got.err), f'{url[:5]}: nobody who has not proved the name', got)
    got = ours('fetch', f'{stls}?starttls=never', *login, '--trace', scratch / 'fetch-clear.pcapng')
    check(got.code == 0 and len(got.lines) > 3, 'in the clear, on this machine', got)
    got = ours('fetch', stls, '--into', scratch / 'Mail')
    check(got.code == 2 and '--user' in got.err and one_sentence(got.err), 'fetch without a user', got)


# ---- talk ----

def test_talk(server):
    plain = base64.b64encode(f'\0{USER}\0{PASSWORD}'.encode()).decode()
    name, secret = (base64.b64encode(w.encode()).decode() for w in (USER, PASSWORD))
    script = f'EHLO me.example\nAUTH LOGIN\n{name}\n{secret}\nMAIL FROM:<{USER}>\nRCPT TO:<{USER}>\nDATA\nSubject: x\n\nhello\n.\nNOOP\nQUIT\n'
    got = ours('talk', f'smtp://{smtp(server, host="plain")}', typed=script, timeout=60, env={})
    check(got.code == 0 and '235' in got.out and '221' in got.out and got.out.index('→ NOOP') > got.out.index('queued as'),
          'a script waits for each reply', got)
    check('The server announces' in got.out or 'the server is responsible for the mail' in got.out, 'replies are explained', got)
    got = ours('talk', f'smtp://{smtp(server, host="plain")}', '--json', '--trace', scratch / 'talk.pcapng', timeout=60,
               typed=f'EHLO me.example\r\nAUTH PLAIN {plain}\r\nQUIT')
    rows = got.rows()
    check(got.code == 0 and [r['kind'] for r in rows if r['kind'] == 'reply'] and any('235' in r['summary'] for r in rows), 'JSON, CR LF, no last line end', got)
    got = ours('talk', f'smtp://{smtp(server)}', '--ca', ca, '--trace', scratch / 'talk-tls.pcapng', timeout=60,
               typed=f'EHLO me.example\nSTARTTLS\nEHLO me.example\nAUTH PLAIN {plain}\nQUIT\n')
    check(got.code == 0 and '235 2.7.0' in got.out and '221' in got.out, 'STARTTLS typed by hand, and a login behind it', got)
    got = ours('talk', f'smtps://{smtp(server, "smtp.server-tls")}', '--ca', ca, timeout=60, typed='EHLO me.example\nQUIT\n')
    check(got.code == 0 and '221' in got.out, 'TLS from the start', got)
    got = ours('talk', f'pop3://localhost:{server.port["pop3.server", "mx"]}', typed=f'USER {USER}\nPASS {PASSWORD}\nSTAT\nQUIT\n', timeout=60)
    check(got.code == 0 and '→ STAT' in got.out and '→ PASS ****' in got.out, 'POP3', got)
    got = ours('talk', f'pop3://localhost:{server.port["pop3.server", "mx"]}', '--ca', ca, timeout=60,
               typed=f'STLS\nCAPA\nUSER {USER}\nPASS {PASSWORD}\nQUIT\n')
    check(got.code == 0 and '→ CAPA' in got.out and 'goodbye' in got.out and 'proved its name' in got.out, 'STLS typed by hand', got)
    for words, code in [(['smtp://localhost:1'], 3), (['gopher://localhost'], 2), ([], 2)]:
        got = ours('talk', *words)
        check(got.code == code and one_sentence(got.err), f'talk {words}: exit {code}', got)


def test_talk_terminal(server):
    name, secret = (base64.b64encode(w.encode()).decode() for w in (USER, PASSWORD))
    terminal = Terminal('talk', f'smtp://{smtp(server, host="plain")}')
    terminal.hear(b'ready')
    for line, answer in [('EHLO me.example', b'250-'), ('AUTH LOGIN', b'334'), (name, b'334'), (secret, b'235'), ('QUIT', b'221')]:
        terminal.type(line)
        terminal.hear(answer)
    check(terminal.end() == 0 and b'235 2.7.0' in terminal.shown, 'a login typed at a terminal', terminal.shown)


# ---- probe ----

STAGES = ['connect', 'greeting', 'ehlo', 'starttls', 'certificate', 'ehlo-tls', 'mail', 'rcpt']


def probe(*words):
    """Exit code, and for each host its outcomes by stage."""
    got = ours('probe', '--json', '--ca', ca, '--timeout', '5s', *words)
    hosts = got.rows()
    return got, [{s['stage']: s['outcome'] for s in host['stages']} for host in hosts]


def test_probe(server):
    got, hosts = probe(f'smtp://{smtp(server)}', '--to', USER)
    check(got.code == 0 and list(hosts[0]) == STAGES and set(hosts[0].values()) == {'ok'}, 'all is well', got)
    chain = got.rows()[0]['chain']
    check(chain[0]['subject'] == 'CN=mx.example.net' and chain[0]['issuer'] == 'CN=Test root', 'the chain in JSON', chain)
    got, hosts = probe(f'smtp://{smtp(server, host="plain")}', '--to', 'nobody@example.net')
    check(got.code == 1 and hosts[0]['starttls'] == 'not offered' and (hosts[0]['mail'], hosts[0]['rcpt']) == ('ok', 'refused'),
          'no TLS, and a recipient that is refused', got)
    got, hosts = probe(f'smtp://{smtp(server, host="flaw")}')
    check(got.code == 1 and hosts[0]['certificate'] == 'refused' and hosts[0]['ehlo-tls'] == 'ok' and hosts[0]['rcpt'] == 'not asked',
          'a certificate with a flaw, and what comes behind it', got)
    got, hosts = probe(f'smtps://{smtp(server, "smtp.server-tls")}')
    check(got.code == 0 and (hosts[0]['certificate'], hosts[0]['starttls'], hosts[0]['mail']) == ('ok', 'not asked', 'ok'), 'TLS from the start', got)
    got, hosts = probe('smtp://localhost:1')
    check(got.code == 3 and set(list(hosts[0].values())[:-1]) == {'could not test'} and 'refused' in got.rows()[0]['stages'][0]['text'],
          'a closed port', got)
    if has_old:
        theirs = Theirs('old', rcpt='451 4.7.1 later')
        got, hosts = probe(f'smtp://localhost:{theirs.port}', '--to', USER)
        text = {s['stage']: s['text'] for s in got.rows()[0]['stages']}
        check(got.code == 1 and 'valid until' in text['certificate'] and text['rcpt'] == '4.7.1 later', 'an expired certificate, and "later"', got)
        theirs.stop()
    theirs = Theirs(starttls='454 4.7.0 not now')
    got, hosts = probe(f'smtp://localhost:{theirs.port}')
    check(hosts[0]['starttls'] == 'refused' and hosts[0]['certificate'] == 'could not test' and hosts[0]['mail'] == 'ok', 'STARTTLS is refused', got)
    theirs.stop()
    got = ours('probe', f'smtp://{smtp(server, host="plain")}', '--to', 'nobody@example.net')
    check('STARTTLS' in got.lines[0] and 'not offered' in got.out and 'RCPT: refused (550' in got.out, 'the table', got)
    for words in (['probe'], ['probe', 'gopher://localhost'], ['probe', 'example.net', '--port', '0']):
        got = ours(*words)
        check(got.code == 2 and one_sentence(got.err), ' '.join(words), got)


def test_probe_domain(server):
    port = server.port['smtp.server', 'mx']
    (scratch / 'example.net.zone').write_text('''$ORIGIN example.net.
$TTL 60
@ SOA ns hostmaster 1 3600 600 86400 60
@ NS ns
ns A 127.0.0.1
@ MX 20 mx2
@ MX 10 mx1
mx1 A 127.0.0.1
mx2 A 127.0.0.2
nomail MX 0 .
''')
    names = tap.Listening(2, mailglass, 'dns', 'serve', '--zone', scratch / 'example.net.zone', '--listen', '127.0.0.1:0')
    where = '127.0.0.1:' + names.lines[0].strip().rsplit(':', 1)[1]
    got, hosts = probe('example.net', '--server', where, '--port', port, '--to', USER)
    rows = got.rows()
    check([(r['host'], r['preference'], r['address']) for r in rows] == [('mx1.example.net', 10, '127.0.0.1'), ('mx2.example.net', 20, '127.0.0.2')],
          'each MX, the best first', got)
    check(got.code == 3 and set(hosts[0].values()) == {'ok'} and hosts[1]['connect'] == 'could not test', 'one is well, one is not there', got)
    for name, code, text in [('nomail.example.net', 1, 'null MX'), ('no.example.net', 1, 'no such domain')]:
        got = ours('probe', name, '--server', where)
        check(got.code == code and text in got.err and one_sentence(got.err), f'{name}: {text}', got)
    names.stop()
    got = ours('probe', 'example.net', '--server', where)
    check(got.code == 3 and one_sentence(got.err), 'a name server that does not answer', got)


# ---- tap ----

class Tap:
    number = 0

    def __init__(self, url, *words):
        Tap.number += 1
        self.url = url
        self.out, self.err = (scratch / f'tap-{Tap.number}.{name}' for name in ('out', 'err'))
        self.process = tap.start(mailglass, 'tap', '127.0.0.1:0', url, *words, stdout=self.out.open('wb'), stderr=self.err.open('wb'))
        line = wait_until(lambda: self.out.read_bytes().splitlines()[:1])[0].decode()
        self.port = int(re.search(r':(\d+)\W*$', line)[1])

    def stop(self):
        """Exit code, what it printed, what it complained of."""
        time.sleep(0.3)
        code, _ = tap.stop(self.process)
        out, err = self.out.read_bytes(), self.err.read_bytes()
        said.append((f'tap {self.url}', out + err))
        return code, out.decode(), err.decode()


def curl(url, *words):
    return run('curl', '-sS', '-m', '20', '--mail-from', USER, '--mail-rcpt', USER, '-T', letter, url, *words)


def test_tap(server):
    if not find('curl'):
        return skip('tap', 'curl is not installed')
    login = ['-u', f'{USER}:{PASSWORD}', '--login-options', 'AUTH=PLAIN']
    plain = Tap(f'smtp://{smtp(server, host="plain")}', '--trace', scratch / 'tap-clear.pcapng')
    got = curl(f'smtp://127.0.0.1:{plain.port}/me.example', *login)
    code, out, err = plain.stop()
    check(got.code == 0 and code == 0 and 'EHLO me.example' in out and '250 2.0.0 queued' in out, 'curl through the tap, in the clear', f'{got}{out}{err}')
    starttls = Tap(f'smtp://{smtp(server)}', '--ca', ca, '--cert', scratch / 'good.pem', '--key', scratch / 'good.key', '--json', '--trace',
                   scratch / 'tap.pcapng')
    got = curl(f'smtp://localhost:{starttls.port}/me.example', '--ssl-reqd', '--cacert', ca, *login)
    code, out, err = starttls.stop()
    rows = [json.loads(line) for line in out.splitlines()]
    check(got.code == 0 and any(r.get('encrypted') and r['summary'].startswith('MAIL FROM') for r in rows),
          'STARTTLS on both sides: curl sees the certificate that was given, and the tap reads along', f'{got}{out}{err}')
    made = Tap(f'smtps://{smtp(server, "smtp.server-tls")}')
    got = curl(f'smtps://localhost:{made.port}/me.example', '-k', *login)
    strict = curl(f'smtps://localhost:{made.port}/me.example', *login)
    code, out, err = made.stop()
    check(got.code == 0 and '250 2.0.0 queued' in out and 'not proved' in err, 'TLS from the start, with a certificate made on the spot; who '
          'the server is was not proved, and that is told', f'{got}{out}{err}')
    check(strict.code == 60 and 'did not come about' in err, 'a program that does not trust the tap goes away', f'{strict}{err}')
    proved = Tap(f'smtp://{smtp(server)}', '--ca', ca)
    talk = run('openssl', 's_client', '-starttls', 'smtp', '-connect', f'localhost:{proved.port}', '-servername', 'localhost', '-quiet',
               '-ign_eof', typed='QUIT\r\n', timeout=30)
    code, out, err = proved.stop()
    check('221' in talk.out and 'whose name is proved' in err, 'openssl s_client through the tap', f'{talk}{out}{err}')
    box = Tap(f'pop3://localhost:{server.port["pop3.server", "mx"]}', '--ca', ca, '--json', '--trace', scratch / 'tap-pop3.pcapng')
    got = run('curl', '-sS', '-m', '20', '-k', '--ssl-reqd', f'pop3://127.0.0.1:{box.port}/', '-u', f'{USER}:{PASSWORD}')
    code, out, err = box.stop()
    rows = [json.loads(line) for line in out.splitlines()]
    check(got.code == 0 and any(r.get('encrypted') and r['summary'] == 'LIST' for r in rows), 'STLS', f'{got}{out}{err}')
    box = Tap(f'pop3://localhost:{server.port["pop3.server", "mx"]}')
    got = run('curl', '-sS', '-m', '20', f'pop3://127.0.0.1:{box.port}/', '-u', f'{USER}:{PASSWORD}')
    code, out, err = box.stop()
    check(got.code == 0 and 'LIST' in out, 'POP3', f'{got}{out}{err}')
    for scheme, engine, words in [('imap', 'imap.server', ['--ssl-reqd']), ('imaps', 'imap.server-tls', [])]:
        box = Tap(f'{scheme}://localhost:{server.port[engine, "mx"]}', '--ca', ca, '--json', '--trace', scratch / f'tap-{scheme}.pcapng')
        got = run('curl', '-sS', '-m', '20', '-k', *words, f'{scheme}://127.0.0.1:{box.port}/', '-u', f'{USER}:{PASSWORD}')
        code, out, err = box.stop()
        rows = [json.loads(line) for line in out.splitlines()]
        check(got.code == 0 and 'INBOX' in got.out and any(r.get('encrypted') and 'LIST' in r['summary'] for r in rows), f'{scheme} through the tap', f'{got}{out}{err}')


def test_tap_trouble(server):
    nobody = Tap('smtp://localhost:1')
    with socket.create_connection(('127.0.0.1', nobody.port), 10) as sock:
        check(sock.recv(10) == b'', 'a server that is not there: the program is told by the end')
    code, out, err = nobody.stop()
    check('localhost:1' in err and 'refused' in err and one_sentence(err), 'and people in words', err)
    for words, code in [(['127.0.0.1:0'], 2), (['127.0.0.1:0', 'gopher://x'], 2), (['nowhere', 'smtp://localhost'], 3),
                        (['127.0.0.1:0', 'smtp://localhost', '--cert', '/nonexistent'], 3)]:
        got = ours('tap', *words)
        check(got.code == code and one_sentence(got.err), f'tap {words}: exit {code}', got)
    # Octets pass as they are, whatever they are, and an end is passed on.
    with socket.create_server(('127.0.0.1', 0)) as listener:
        through = Tap(f'smtp://127.0.0.1:{listener.getsockname()[1]}')
        with socket.create_connection(('127.0.0.1', through.port), 10) as near:
            far = listener.accept()[0]
            sent = bytes(range(256)) * 4096
            threading.Thread(target=lambda: (near.sendall(sent), near.shutdown(socket.SHUT_WR)), daemon=True).start()
            heard = b''.join(iter(lambda: far.recv(65536), b''))
            check(heard == sent, 'a megabyte of any octets passes unchanged', f'{len(heard)} of {len(sent)}')
            far.sendall(b'221 late\r\n')
            far.close()
            check(near.recv(100) == b'221 late\r\n' and near.recv(100) == b'', 'and the answer after the end, and its end')
        through.stop()


# ---- secrets ----

def test_secrets():
    files = [p for p in scratch.rglob('*') if p.is_file() and p.suffix in ('.pcapng', '.log', '.json') or 'Mail' in p.parts and p.is_file()]
    texts = said + [(str(p), p.read_bytes()) for p in files]
    found = [(what, secret) for what, octets in texts for secret in SECRETS if secret in octets]
    check(len(texts) > 60 and len([p for p in files if p.suffix == '.pcapng']) > 10, f'{len(texts)} outputs and files', texts)
    check(not found, 'the password, or its base64, is in none of them', found)
    clear = (scratch / 'send-clear.pcapng').read_bytes()
    check(b'AUTH PLAIN ****' in clear, 'where it was, there are stars', clear[:2000])


password_file.write_text(PASSWORD + '\n')
ours_server = Ours()
test_send(ours_server)
test_send_python()
test_fetch(ours_server)
test_talk(ours_server)
test_talk_terminal(ours_server)
test_probe(ours_server)
test_probe_domain(ours_server)
test_tap(ours_server)
test_tap_trouble(ours_server)
check(ours_server.stop() == 0, 'the server ends cleanly')
test_secrets()
tap.plan()
