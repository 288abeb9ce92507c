#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""peers.py MAILGLASS SOURCE - AUTH (RFC 5034) over real sockets, each mechanism, in both roles.

Our server is asked by curl and by GNU SASL (its library); our client fetches from Dovecot. What is not installed
is skipped. Servers are stopped by their own pid. Prints TAP."""
import base64
import configparser
import ctypes
import os
import pathlib
import shutil
import socket
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import servers
import tap
from tap import check, find, free_port, run, scratch, skip

mailglass, source = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
tap.ignore_leaks()
MECHANISMS = ['PLAIN', 'LOGIN', 'CRAM-MD5', 'SCRAM-SHA-1', 'SCRAM-SHA-256']


def network():
    """two-domains without its script, with AUTH in the clear; the MDA, and an address with its password."""
    folder = scratch / 'two-domains'
    shutil.copytree(source / 'networks' / 'two-domains', folder)
    ini = (folder / 'network.ini').read_text()
    ini = ini[:ini.index('[script]')] if '[script]' in ini else ini
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters=['='])
    parser.read_string(ini)
    host = next(s for s in parser.sections() if parser[s].get('mailboxes'))
    address, password = parser[host]['mailboxes'].split(';')[0].split(':')[:2]
    (folder / 'network.ini').write_text(ini.replace(f'[{host}]\n', f'[{host}]\nauth-clear=yes\n', 1))
    return folder, host.split(' ', 1)[1], address.strip(), password.strip()


# ---- GNU SASL, as a client of POP3 ----

AUTHID, AUTHZID, PASSWORD = 1, 2, 3
CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)


def by_gsasl(lib, port, mechanism, user, password):
    """The lines that the server said."""
    context, session, said = ctypes.c_void_p(), ctypes.c_void_p(), []
    lib.gsasl_property_set.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p]

    def asked(_, where, wanted):
        value = {AUTHID: user, PASSWORD: password}.get(wanted)
        if value is None:
            return 51
        lib.gsasl_property_set(where, wanted, value.encode())
        return 0

    callback = CALLBACK(asked)
    lib.gsasl_init(ctypes.byref(context))
    lib.gsasl_callback_set(context, callback)
    lib.gsasl_client_start(context, mechanism.encode(), ctypes.byref(session))
    with socket.create_connection(('127.0.0.1', port), 10) as sock, sock.makefile('rwb', buffering=0) as lines:
        def say(text):
            lines.write(text.encode() + b'\r\n')
            said.append(lines.readline().decode().rstrip('\r\n'))
        said.append(lines.readline().decode().rstrip('\r\n'))
        say('AUTH ' + mechanism)
        while said[-1].startswith('+ '):
            out = ctypes.c_char_p()
            challenge = said[-1][2:]
            rc = lib.gsasl_step64(session, challenge.encode(), ctypes.byref(out))
            say((out.value or b'').decode() if rc in (0, 1) else '*')
        say('QUIT')
    lib.gsasl_finish(session)
    lib.gsasl_done(context)
    return said


def test_our_server():
    folder, host, address, password = network()
    capture = scratch / 'auth.pcapng'
    serve = tap.Listening(1, mailglass, 'serve', folder, '--door', f'pop3.server@{host}=127.0.0.1:0', '--trace', capture)
    port = serve.ports.get('pop3.server')
    if not check(port, 'the door is open', serve.lines):
        return
    if find('curl'):
        for mechanism in MECHANISMS[:3]:
            words = ['curl', '-sS', '-v', '--login-options', f'AUTH={mechanism}', f'pop3://127.0.0.1:{port}/']
            code, _, err = run(*words, '--user', f'{address}:{password}')
            check(code == 0 and f'> AUTH {mechanism}' in err, f'curl logs in by {mechanism}', err)
            code, _, err = run(*words, '--user', f'{address}:wrong')
            check(code == 67 and '-ERR [AUTH]' in err, f'curl with a wrong password, {mechanism}', (code, err))
    else:
        skip('curl', 'not installed')
    lib = servers.gsasl()
    for mechanism in MECHANISMS if lib else []:
        said = by_gsasl(lib, port, mechanism, address, password)
        check(said[-2].startswith('+OK maildrop'), f'GNU SASL logs in by {mechanism}', said)
        said = by_gsasl(lib, port, mechanism, address, 'wrong')
        check(said[-2].startswith('-ERR [AUTH]'), f'GNU SASL with a wrong password, {mechanism}', said)
    if not lib:
        skip('GNU SASL', 'not installed')
    serve.stop()
    octets = capture.read_bytes() if capture.exists() else b''
    plain = f'\0{address}\0{password}'.encode()
    shown = [text for text in (password.encode(), base64.b64encode(plain), base64.b64encode(password.encode()))
             if text in octets]
    check(octets and not shown, 'no password is in the capture of real sessions, in no form', shown)


# ---- Dovecot ----

DOVECOT = """base_dir = {d}/run
state_dir = {d}/state
log_path = {d}/log
protocols = pop3
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256
default_login_user = {user}
default_internal_user = {user}
default_internal_group = {group}
mail_location = maildir:{d}/mail
first_valid_uid = 1
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {d}/users
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={d}
}}
service anvil {{
  chroot =
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {port}
  }}
}}
"""


def test_our_client():
    program = find('dovecot')
    if not program or os.geteuid() != 0:
        skip('Dovecot', 'not installed, or not root')
        return
    folder, port = scratch / 'dovecot', free_port()
    for name in ('run', 'state', 'mail/new', 'mail/cur', 'mail/tmp'):
        (folder / name).mkdir(parents=True)
    # Dovecot does not prepare passwords (RFC 4013), so this is one that stays as it is.
    (folder / 'users').write_text('bob:se cret\ube44::::::\n')
    (folder / 'mail/new/1.1.x').write_text('Subject: from Dovecot\n\nhello\n')
    for path in [folder, *folder.rglob('*')]:
        shutil.chown(path, 'nobody', 'nogroup')
    config = folder / 'dovecot.conf'
    config.write_text(DOVECOT.format(d=folder, port=port, user='nobody', group='nogroup'))
    (scratch / 'secret').write_text('se cret\ube44\n')
    (scratch / 'wrong').write_text('se cret\n')
    process = tap.start(program, '-F', '-c', config)
    log = folder / 'log'
    if not tap.wait_until(lambda: tap.greets(port, b'+OK') or process.poll() is not None) or process.poll() is not None:
        skip('Dovecot', 'it does not start: ' + (log.read_text().splitlines() or ['?'])[-1] if log.exists() else 'it does not start')
        return
    for mechanism in MECHANISMS:
        words = [mailglass, 'fetch', f'pop3://bob@127.0.0.1:{port}', '--keep', '--auth', mechanism, '--into', scratch / mechanism]
        code, out, err = run(*words, '--password-file', scratch / 'secret')
        letters = [f.read_text() for f in (scratch / mechanism / 'new').glob('*')]
        check(code == 0 and len(letters) == 1 and 'from Dovecot' in letters[0], f'we fetch from Dovecot by {mechanism}',
              (code, out, err))
        if mechanism == MECHANISMS[-1]:
            code, out, err = run(*words[:5], 'auto', *words[6:], '--password-file', scratch / 'secret')
            check(code == 0, 'and by whatever is best', (code, out, err))
        code, out, err = run(*words, '--password-file', scratch / 'wrong')
        check(code != 0 and 'AUTH' in err, f'Dovecot refuses a wrong password, {mechanism}', (code, out, err))
    tap.stop(process)


tap.main(test_our_server, test_our_client)
