#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""peers.py MAILGLASS SOURCE GROUP - the command against real servers and real clients, on loopback.

GROUP is send, fetch, serve, postfix, dns or quiet. Servers that others wrote (Postfix, NSD) run from a
scratch folder and are stopped by their own pid; what is not installed is skipped, with the reason. Prints
TAP."""
import configparser
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import servers
import tap
from tap import check, find, free_port, one_sentence, run, scratch, skip, wait_until

mailglass, source, group = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
tap.ignore_leaks()


class Server:
    """A server of a few lines: `talk` gets a file of lines and says what it likes."""

    def __init__(self, talk):
        self.socket = socket.create_server(('127.0.0.1', 0))
        self.port = self.socket.getsockname()[1]
        self.talk = talk
        self.heard = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            client, _ = self.socket.accept()
            with client, client.makefile('rwb', buffering=0) as lines:
                try:
                    self.talk(self, lines)
                except (OSError, ValueError):
                    pass

    def line(self, lines):
        text = lines.readline().decode()
        self.heard.append(text.rstrip('\r\n'))
        return text.rstrip('\r\n')


def smtp(replies=None, cut=None):
    """An SMTP server that accepts all, but for `replies` by the command's beginning; `cut` goes instead of answering."""
    def talk(server, lines):
        lines.write(b'220 tiny.example ESMTP\r\n')
        while True:
            text = server.line(lines)
            if not text or text == cut:
                return
            verb = text[:4].upper()
            reply = next((r for c, r in (replies or {}).items() if text.upper().startswith(c)), None)
            if reply:
                lines.write(reply)
            elif verb == 'EHLO':
                lines.write(b'250-tiny.example\r\n250 8BITMIME\r\n')
            elif verb == 'DATA':
                lines.write(b'354 go\r\n')
                data = b''
                while not data.endswith(b'\r\n.\r\n') and data != b'.\r\n':
                    data += lines.readline()
                server.data = data[:-3]
                if cut == '.':
                    return
                lines.write(b'250 2.0.0 kept\r\n')
            elif verb == 'QUIT':
                lines.write(b'221 bye\r\n')
                return
            else:
                lines.write(b'250 ok\r\n')
    return Server(talk)


LETTER = 'From: alice@example.com\nDate: Mon, 2 Mar 2026 09:00:00 +0000\nMessage-ID: <1@example.com>\nTo: bob@example.net\nSubject: =?utf-8?q?caf=C3=A9?=\n\nHello, Bob.\n.a dot\n..two\nlast'


def test_send():
    letter = scratch / 'letter.eml'
    letter.write_text(LETTER)
    base = ['--from', 'alice@example.com', '--to', 'bob@example.net']

    server = smtp()
    code, out, err = run(mailglass, 'send', f'smtp://127.0.0.1:{server.port}', *base, '--to', 'carol@example.net', letter)
    check(code == 0, 'send exits 0', err)
    wire = LETTER.replace('\n', '\r\n').replace('\r\n.', '\r\n..') + '\r\n'
    check(server.data.decode() == wire, 'the message arrives, dots stuffed, a last line end added', server.data)
    check('MAIL FROM:<alice@example.com>' in ' '.join(server.heard) and 'RCPT TO:<carol@example.net>' in server.heard,
          'the envelope arrives', server.heard)
    check(out.splitlines()[0].startswith('bob@example.net: 250') and len(out.splitlines()) == 2,
          'a line for each recipient', out)
    code, out, err = run(mailglass, 'send', '--json', f'smtp://localhost:{server.port}', '--from', '', '--to', 'b@example.net',
                         letter)
    answer = json.loads(out.splitlines()[0]) if out else {}
    check(code == 0 and answer.get('code') == 250 and answer.get('recipient') == 'b@example.net', 'JSON, and a name for the server',
          (out, err))
    check('MAIL FROM:<>' in ' '.join(server.heard), 'the null sender', server.heard)

    server = smtp({'RCPT TO:<BOB': b'550 5.1.1 no such user\r\n'})
    code, out, err = run(mailglass, 'send', f'smtp://127.0.0.1:{server.port}', *base, letter)
    check(code == 1 and '550 5.1.1 no such user' in out and one_sentence(err), 'a refused recipient is exit 1', (code, out, err))

    for what, server in (('the connection', smtp(cut='MAIL FROM:<alice@example.com>')), ('the final dot', smtp(cut='.'))):
        code, out, err = run(mailglass, 'send', f'smtp://127.0.0.1:{server.port}', *base, letter)
        check(code == 3 and 'lost' in err and one_sentence(err), f'lost at {what} is exit 3', (code, out, err))

    with socket.socket() as closed:
        closed.bind(('127.0.0.1', 0))
        url = f'smtp://127.0.0.1:{closed.getsockname()[1]}'
        code, out, err = run(mailglass, 'send', url, *base, letter)
        check(code == 3 and 'refused' in err and one_sentence(err), 'a refused connection is exit 3', (code, out, err))

    with socket.socket() as full:  # its queue is full: no SYN is answered any more
        full.bind(('127.0.0.1', 0))
        full.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        url = f'smtp://127.0.0.1:{full.getsockname()[1]}'
        code, out, err = run(mailglass, 'send', url, '--timeout', '400ms', *base, letter)
        check(code == 3 and 'timed out' in err and one_sentence(err), 'a time-out is exit 3', (code, out, err))
        process = subprocess.Popen([mailglass, 'send', url, *base, str(letter)], env=tap.environment, stderr=subprocess.PIPE, text=True)
        time.sleep(0.7)
        process.send_signal(signal.SIGINT)
        err = process.communicate(timeout=10)[1]
        check(process.returncode == 3 and one_sentence(err), 'SIGINT ends it cleanly', (process.returncode, err))
        for filler in fillers:
            filler.close()

    for name, words in {'no file': ['smtp://127.0.0.1:1', *base, scratch / 'nothing.eml']}.items():
        code, out, err = run(mailglass, 'send', *words)
        check(code == 3 and one_sentence(err) and 'nothing.eml' in err, name, (code, out, err))
    for name, words in {'no URL': [*base, letter], 'not a URL': ['127.0.0.1', *base, letter],
                        'a scheme that is not there': ['http://127.0.0.1', *base, letter],
                        'an option that is not there': ['smtp://x', *base, '--nonsense', letter],
                        'no recipient': ['smtp://x', '--from', 'a@example.com', letter]}.items():
        code, out, err = run(mailglass, 'send', *words)
        check(code == 2 and one_sentence(err) and not out, f'{name} is exit 2', (code, out, err))
    code, out, err = run(mailglass, 'send', '--help')
    check(code == 0 and 'Example' in out and not err, 'help with an example', (out, err))

    if find('tshark'):
        server = smtp()
        capture = scratch / 'send.pcapng'
        code, out, err = run(mailglass, 'send', f'smtp://127.0.0.1:{server.port}', *base, '--trace', capture, letter)
        code, out, err = run('tshark', '-r', capture, '-d', f'tcp.port=={server.port},smtp', '-T', 'fields', '-e',
                             'smtp.req.command', '-Y', 'smtp.req')
        check(out.split() == ['EHLO', 'MAIL', 'RCPT', 'DATA', 'QUIT'], 'tshark reads the trace', (out, err))
    else:
        skip('tshark reads the trace', 'no tshark')


def pop3(messages, password='secret', cut=None):
    def talk(server, lines):
        server.sessions = getattr(server, 'sessions', 0) + 1
        marked = set()
        lines.write(b'+OK tiny ready\r\n')
        while True:
            text = server.line(lines)
            if not text or text == cut:
                return
            verb, _, rest = text.partition(' ')
            if verb == 'CAPA':
                lines.write(b'+OK\r\nUSER\r\nUIDL\r\n.\r\n')
            elif verb == 'PASS' and rest != password:
                lines.write(b'-ERR [AUTH] no\r\n')
            elif verb == 'STAT':
                lines.write(b'+OK %d %d\r\n' % (len(messages), sum(map(len, messages))))
            elif verb == 'UIDL':
                lines.write(b'+OK\r\n' + b''.join(b'%d uid%d\r\n' % (i + 1, i) for i in range(len(messages))) + b'.\r\n')
            elif verb == 'RETR':
                lines.write(b'+OK\r\n' + messages[int(rest) - 1].replace(b'\n.', b'\n..') + b'.\r\n')
            elif verb == 'DELE':
                marked.add(int(rest))
                lines.write(b'+OK\r\n')
            elif verb == 'QUIT':
                server.removed = marked
                lines.write(b'+OK bye\r\n')
                return
            else:
                lines.write(b'+OK\r\n')
    server = Server(talk)
    server.removed = set()
    return server


def maildir(name):
    return sorted(f.read_bytes() for f in (scratch / name / 'new').glob('*'))


def test_fetch():
    secret = scratch / 'password'
    secret.write_text('secret\n')
    letters = [b'Subject: one\r\n\r\n.dot\r\n', b'Subject: two\r\n\r\n' + b'x' * 70 + b'\r\n' * 3 + b'y\r\n' * 50000]
    want = sorted(letter.replace(b'\r\n', b'\n') for letter in letters)

    server = pop3(letters)
    url = f'pop3://bob%40example.net@127.0.0.1:{server.port}'
    code, out, err = run(mailglass, 'fetch', url, '--into', scratch / 'm1', '--password-file', secret)
    check(code == 0 and maildir('m1') == want, 'two messages are in the Maildir', (code, err))
    check(all(os.path.exists(p) for p in out.split()) and len(out.split()) == 2, 'their files are printed', out)
    check('USER bob@example.net' in server.heard and server.removed == {1, 2}, 'and gone from the server', server.heard)
    check(not list((scratch / 'm1' / 'tmp').iterdir()), 'nothing is left in tmp')

    server = pop3(letters)
    url = f'pop3://bob@127.0.0.1:{server.port}'
    code, out, err = run(mailglass, 'fetch', url, '--into', scratch / 'm2', '--password-env', 'POPPASS', '--keep', '--json',
                         env={'POPPASS': 'secret'})
    objects = [json.loads(line) for line in out.splitlines()]
    check(code == 0 and maildir('m2') == want and server.removed == set(), '--keep leaves them there', (code, err))
    check(objects[-1] == {'summary': True, 'fetched': 2} and objects[0]['octets'] == len(letters[0]), 'JSON', out)

    if find('tshark'):
        server = pop3(letters)
        capture = scratch / 'fetch.pcapng'
        code, out, err = run(mailglass, 'fetch', f'pop3://bob@127.0.0.1:{server.port}', '--into', scratch / 'm2', '--password-file', secret,
                             '--trace', capture)
        code, out, err = run('tshark', '-r', capture, '-d', f'tcp.port=={server.port},pop', '-T', 'fields', '-e', 'pop.request.command',
                             '-e', 'pop.request.parameter', '-Y', 'pop.request')
        want = [line.replace('PASS secret', 'PASS ******').split() for line in server.heard]
        check(code == 0 and [line.split() for line in out.splitlines()] == want, 'tshark reads the trace; the password is not in it',
              (out, err, want))
        check(b'secret' not in capture.read_bytes(), 'nor anywhere in the file')
    else:
        skip('tshark reads the trace', 'no tshark')

    server = pop3(letters, password='other')
    url = f'pop3://bob@127.0.0.1:{server.port}'
    code, out, err = run(mailglass, 'fetch', url, '--into', scratch / 'm3', '--password-file', secret)
    check(code == 1 and '[AUTH] no' in err and one_sentence(err), 'a wrong password is exit 1', (code, out, err))

    server = pop3(letters, cut='RETR 2')
    url = f'pop3://bob@127.0.0.1:{server.port}'
    code, out, err = run(mailglass, 'fetch', url, '--into', scratch / 'm4', '--password-file', secret)
    check(code == 3 and 'lost' in err and one_sentence(err) and len(maildir('m4')) == 1 and not server.removed,
          'lost in the middle is exit 3, and what came is kept', (code, out, err))

    (scratch / 'm5').mkdir()
    (scratch / 'm5' / 'new').write_text('not a folder')
    code, out, err = run(mailglass, 'fetch', url, '--into', scratch / 'm5', '--password-file', secret)
    check(code == 3 and one_sentence(err), 'a folder that cannot be made is exit 3', (code, out, err))

    server = pop3(letters)
    url = f'pop3://bob@127.0.0.1:{server.port}'
    # No file may grow beyond 4,000 octets: the second message does not fit.
    code, out, err = run(mailglass, 'fetch', url, '--into', scratch / 'm6', '--password-file', secret, restore_signals=False,
                         preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000)))
    check(code == 3 and one_sentence(err) and 'RETR 2' in server.heard, 'a message that cannot be written is exit 3', (code, out, err))
    check('DELE 2' not in server.heard and 'QUIT' not in server.heard and not server.removed, 'and nothing is deleted at the server',
          server.heard)
    check(len(maildir('m6')) == 1 and not list((scratch / 'm6' / 'tmp').iterdir()), 'what came before is kept')

    code, out, err = run(mailglass, 'fetch', f'pop3://bob@127.0.0.1:{free_port()}', '--into', scratch / 'm7', '--password-file', secret)
    check(code == 3 and 'refused' in err and one_sentence(err), 'a refused connection is exit 3', (code, out, err))
    for name, words in {'no user': ['pop3://127.0.0.1', '--into', scratch / 'm7'],
                        'a password in the URL': ['pop3://bob:secret@127.0.0.1', '--into', scratch / 'm7'],
                        'no folder': ['pop3://bob@127.0.0.1']}.items():
        code, out, err = run(mailglass, 'fetch', *words)
        check(code == 2 and one_sentence(err), f'{name} is exit 2', (code, out, err))
    code, out, err = run(mailglass, 'fetch', 'pop3://bob@127.0.0.1', '--into', scratch / 'm7')
    check(code == 3 and 'password' in err and one_sentence(err), 'without a terminal a password must be given', (code, out, err))


def serve_doors(network, doors, *more):
    """mailglass serve, with its doors by engine name."""
    return tap.Listening(len(doors), mailglass, 'serve', network, *more,
                         *(word for door in doors for word in ('--door', door + '=127.0.0.1:0')))


def hosts_of(network):
    ini = configparser.ConfigParser(strict=False, interpolation=None, delimiters=['='])
    ini.optionxform = str
    ini.read(network / 'network.ini')
    return {name[5:]: ini[name] for name in ini.sections() if name.startswith('host ')}


def host_with(network, engine, kind):
    """The host that runs this engine, in the region of the mailbox that is asked for."""
    for name, keys in hosts_of(network).items():
        if engine in keys.get('engines', '') or (not keys.get('engines') and keys.get('kind') in kind):
            yield name, keys


def two_domains():
    """networks/two-domains without its script, so that nobody but the test sends and fetches."""
    network = scratch / 'two-domains'
    shutil.copytree(source / 'networks' / 'two-domains', network)
    ini = (network / 'network.ini').read_text()
    (network / 'network.ini').write_text(ini[:ini.index('[script]')] if '[script]' in ini else ini)
    return network


def test_serve():
    network = two_domains()
    mailbox = next((m for k in hosts_of(network).values() for m in k.get('mailboxes', '').split(';') if m), None)
    address, _, password = mailbox.partition(':')
    password = password.partition(':')[0]
    domain = address.partition('@')[2]
    mda = next(h for h, keys in hosts_of(network).items() if address in keys.get('mailboxes', ''))
    mx = next((h for h, keys in host_with(network, 'smtp.server', ['mta']) if keys.get('region') == domain), None)
    capture = scratch / 'serve.pcapng'
    serve = serve_doors(network, [f'smtp.server@{mx}', f'pop3.server@{mda}'], '--trace', str(capture))
    if not check(len(serve.ports) == 2, 'both doors are open', (serve.lines, serve.process.poll())):
        print('#', serve.stop())
        return

    def curl(*words):
        return run('curl', '-sS', '--user', f'{address}:{password}', f'pop3://127.0.0.1:{serve.ports["pop3.server"]}/', *words)

    if find('swaks') and find('curl'):
        code, out, err = run('swaks', '--server', f'127.0.0.1:{serve.ports["smtp.server"]}', '--from', 'stranger@example.org', '--to',
                             address, '--header', 'Subject: from swaks', '--body', 'first\n.second\nthird')
        check(code == 0, 'swaks delivers', out + err)
        letter = wait_until(lambda: next((text for i in range(1, 9) for text in [run('curl', '-sS', '--user', f'{address}:{password}',
                            f'pop3://127.0.0.1:{serve.ports["pop3.server"]}/{i}').out] if 'from swaks' in text), None))
        check(letter and '\n.second' in letter and '\n..second' not in letter, 'and curl reads it in the simulated mailbox', letter)
        check(letter and 'Received:' in letter, 'with a Received line', letter)
        code, out, err = curl()
        before = len(out.splitlines())
        check(code == 0 and before >= 1, 'curl lists', (out, err))
        code, out, err = run('curl', '-sS', '--user', f'{address}:wrong', f'pop3://127.0.0.1:{serve.ports["pop3.server"]}/')
        check(code == 67, 'a wrong password is refused', (code, out, err))
        into = scratch / 'from-door'
        code, out, err = run(mailglass, 'fetch', f'pop3://{address.replace("@", "%40")}@127.0.0.1:{serve.ports["pop3.server"]}', '--into',
                             into, '--password-env', 'P', env={'P': password})
        check(code == 0 and any(b'from swaks' in m for m in maildir('from-door')), 'our own client fetches it', (code, out, err))
        code, out, err = curl()
        check(code == 0 and not out.strip(), 'and then the mailbox is empty', out)
        code, out, err = run('swaks', '--server', f'127.0.0.1:{serve.ports["smtp.server"]}', '--from', 'stranger@example.org', '--to',
                             'somebody@elsewhere.example')
        check(code != 0, 'no open relay', out)
    else:
        skip('swaks and curl', 'not installed')
    # A client that goes in the middle, and one that is silent, disturb nobody.
    rude = socket.create_connection(('127.0.0.1', serve.ports['smtp.server']))
    rude.recv(100)
    rude.sendall(b'EHLO rude\r\nMAIL FR')
    rude.close()
    silent = socket.create_connection(('127.0.0.1', serve.ports['smtp.server']))
    letter = scratch / 'second.eml'
    letter.write_text('Subject: second\n\nhello\n')
    code, out, err = run(mailglass, 'send', f'smtp://127.0.0.1:{serve.ports["smtp.server"]}', '--from', 'a@example.org', '--to', address,
                         letter)
    check(code == 0, 'our own client delivers through the door', (code, out, err))
    code, err = serve.stop()
    silent.close()
    check(code == 0 and not err, 'SIGINT ends it with exit 0', (code, err))
    if find('tshark'):
        code, out, err = run('tshark', '-r', capture, '-d', f'tcp.port=={serve.ports["smtp.server"]},smtp', '-Y',
                             f'tcp.port=={serve.ports["smtp.server"]} && smtp.req.command == "RCPT"', '-T', 'fields', '-e',
                             'smtp.req.parameter')
        check(address in out, 'the trace was kept, and tshark reads it', (out, err))
    for name, door, want in (('no such host', 'smtp.server@nowhere=127.0.0.1:0', 2), ('no such engine', f'x@{mx}=127.0.0.1:0', 2),
                             ('no door', 'nonsense', 2), ('no address', f'smtp.server@{mx}=nowhere', 3)):
        code, out, err = run(mailglass, 'serve', network, '--door', door)
        check(code == want and one_sentence(err), f'{name} is exit {want}', (code, out, err))
    code, out, err = run(mailglass, 'serve', scratch / 'no-network')
    check(code == 3 and err, 'no such network is exit 3', (code, out, err))


SETTINGS = '''myhostname = mx.example.net
virtual_mailbox_domains = example.net
virtual_mailbox_maps = inline:{ { bob@example.net = bob/ } }
'''


def test_postfix():
    postfix = servers.Postfix(SETTINGS)
    if postfix.why:
        return skip('a real Postfix takes our mail', postfix.why)
    port = postfix.port
    try:
        letter = scratch / 'letter.eml'
        letter.write_text(LETTER)
        code, out, err = run(mailglass, 'send', f'smtp://127.0.0.1:{port}', '--from', 'alice@example.com', '--to', 'bob@example.net',
                             letter)
        check(code == 0 and '250 2.0.0' in out, 'Postfix takes it', (code, out, err))
        text = postfix.letter('bob', '')
        check(text.endswith(LETTER + '\n'), 'and delivers it unchanged', text)
        check('Return-Path: <alice@example.com>' in text, 'with our envelope', text)
        code, out, err = run(mailglass, 'send', f'smtp://127.0.0.1:{port}', '--from', 'alice@example.com', '--to', 'nobody@example.net',
                             '--to', 'bob@example.net', letter)
        check(code == 1 and 'nobody@example.net: 550 5.1.1' in out and 'bob@example.net: 250' in out,
              'it refuses one recipient and takes the other', (code, out, err))
        big = scratch / 'big.eml'
        big.write_text('Subject: big\n\n' + ('x' * 76 + '\n') * 30000)
        code, out, err = run(mailglass, 'send', f'smtp://127.0.0.1:{port}', '--from', '', '--to', 'bob@example.net', big)
        arrived = wait_until(lambda: any(f.stat().st_size > 30000 * 77 for f in (postfix.folder / 'mail/bob/new').glob('*')))
        check(code == 0 and arrived, 'two million octets', (code, out, err))
        huge = scratch / 'huge.eml'
        huge.write_text('Subject: huge\n\n' + ('x' * 76 + '\n') * 150000)
        code, out, err = run(mailglass, 'send', f'smtp://127.0.0.1:{port}', '--from', 'a@example.com', '--to', 'bob@example.net', huge)
        check(code == 1 and '55' in out, 'more than it takes is refused', (code, out, err))
    finally:
        postfix.stop()


ZONE = '''$TTL 300
@ IN SOA ns.example.net. hostmaster.example.net. 1 3600 900 604800 300
@ IN NS ns.example.net.
@ IN MX 10 mx.example.net.
@ IN MX 20 mx2.example.net.
@ IN TXT "v=spf1 -all" "second; \\"part\\""
ns IN A 127.0.0.1
mx IN A 192.0.2.25
mx IN AAAA 2001:db8::25
www IN CNAME mx
'''


def test_nsd():
    if not find('nsd') or not find('dig'):
        return skip('a real NSD is asked', 'NSD or dig is not installed')
    port = free_port()
    servers.start_nsd('127.0.0.1', port, {'example.net': ZONE})

    def lookup(*words):
        return run(mailglass, 'dns', 'lookup', *words, '--server', f'127.0.0.1:{port}', '--json')

    def dig(*words):
        return sorted(' '.join(line.split()[4:]) for line in
                      run('dig', '-p', port, '@127.0.0.1', *words, '+noall', '+answer').lines if line)

    code, out, err = lookup('example.net', 'MX')
    answer = json.loads(out) if out else {}
    check(code == 0 and answer.get('rcode') == 'NOERROR', 'lookup exits 0', (code, out, err))
    check(sorted(r['data'] for r in answer.get('answer', [])) == ['10 mx.example.net.', '20 mx2.example.net.'] and
          answer['answer'][0]['ttl'] == 300 and answer['answer'][0]['name'] == 'example.net.', 'MX records', out)
    for name, kind in (('mx.example.net', 'A'), ('mx.example.net', 'AAAA'), ('www.example.net', 'A'), ('example.net', 'TXT')):
        code, out, err = lookup(name, kind)
        want = dig(name, kind)
        got = sorted(r['data'] for r in json.loads(out)['answer']) if out else None
        check(code == 0 and got == want, f'{name} {kind} as dig has it', (got, want, err))
    code, out, err = lookup('nothing.example.net')
    check(code == 1 and json.loads(out)['rcode'] == 'NXDOMAIN' and one_sentence(err), 'NXDOMAIN is exit 1', (code, out, err))
    code, out, err = lookup('mx.example.net', 'MX')
    check(code == 0 and json.loads(out)['answer'] == [], 'no data is exit 0', (code, out, err))
    code, out, err = lookup('example.org')
    check(code == 3 and one_sentence(err), 'REFUSED is exit 3', (code, out, err))
    code, out, err = run(mailglass, 'dns', 'lookup', 'mx.example.net', '--server', f'127.0.0.1:{port}')
    check(code == 0 and 'status: NOERROR' in out and 'mx.example.net.\t300\tIN\tA\t192.0.2.25\n' in out, 'text', out)
    code, out, err = run(mailglass, 'dns', 'lookup', 'mx.example.net', '--server', f'127.0.0.1:{port}', '--short', '--tcp')
    check(code == 0 and out == '192.0.2.25\n', 'over TCP, short', out)


def test_dns():
    test_nsd()
    code, out, err = run(mailglass, 'dns', 'lookup', 'example.net', '--server', f'127.0.0.1:{free_port()}')
    check(code == 3 and one_sentence(err), 'nobody there is exit 3', (code, out, err))
    code, out, err = run(mailglass, 'dns', 'lookup', 'example.net', 'NONSENSE', '--server', '127.0.0.1')
    check(code == 2 and one_sentence(err), 'a type that is not one is exit 2', (code, out, err))

    if not find('dig'):
        return skip('dig asks a simulated name server', 'no dig')
    network = two_domains()
    server = next(h for h, keys in hosts_of(network).items() if 'example.net.zone' in keys.get('zones', ''))
    serve = serve_doors(network, [f'dns.server@{server}'])
    if check(len(serve.ports) == 1, 'a UDP door is open', serve.lines):
        port = serve.ports['dns.server']
        code, out, err = run('dig', '-p', port, '@127.0.0.1', 'example.net', 'MX', '+norecurse', '+tries=1', '+time=3')
        check(code == 0 and 'status: NOERROR' in out and re.search(r'\bMX\s+\d+ \S+\.', out), 'dig has an answer', out + err)
        code, out, err = run(mailglass, 'dns', 'lookup', 'example.net', 'MX', '--server', f'127.0.0.1:{port}', '--json')
        check(code == 0 and json.loads(out)['answer'][0]['type'] == 'MX', 'and so has our own lookup', (code, out, err))
    code, err = serve.stop()
    check(code == 0, 'and it ends', err)


def test_quiet():
    """A simulation opens no socket."""
    if not find('strace'):
        return skip('a simulation opens no socket', 'no strace')
    networks = [p for p in sorted((source / 'networks').iterdir()) if (p / 'network.ini').exists()]
    log = scratch / 'strace.log'
    # LeakSanitizer and strace exclude each other; leaks are looked for elsewhere.
    tracing = ['strace', '-f', '-qq', '-e', 'trace=network', '-o', str(log)]
    code, out, err = run(*tracing, 'true')
    if code != 0:
        return skip('a simulation opens no socket', 'strace may not trace here')
    for network in networks:
        code, out, err = run(*tracing, mailglass, 'run', network, '--json')
        calls = log.read_text()
        check(code == 0 and '"summary":true' in out.replace(' ', ''), f'{network.name} runs', (code, err))
        check(not re.search(r'AF_INET', calls), f'{network.name} opens no socket', calls[:500])
    # The test itself can see one.
    run(*tracing, mailglass, 'fetch', f'pop3://bob@127.0.0.1:{free_port()}', '--into', scratch / 'quiet', '--password-env', 'HOME')
    check(re.search(r'AF_INET', log.read_text()), 'fetching does', log.read_text()[:500])


tap.main({'send': test_send, 'fetch': test_fetch, 'serve': test_serve, 'postfix': test_postfix, 'dns': test_dns,
          'quiet': test_quiet}[group])
