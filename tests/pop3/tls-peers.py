#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""tls-peers.py MAILGLASS - our POP3 server with STLS, and with TLS from the start, and the clients that others wrote.

curl, openssl s_client and Python's poplib, on loopback. What is not installed is skipped. Prints TAP."""
import os
import poplib
import ssl
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'smtp'))
import authority
import served
import tap
from tap import check, find, run, skip

mailglass = os.path.abspath(sys.argv[1])
tap.ignore_leaks()
BOB, PASSWORD, WRONG = 'bob@example.net', 'sesame-7Qx', 'wrong-3Zk'
HOST = '''[host {0}]
kind=mda
address=192.0.2.{1}
mailboxes=bob@example.net:sesame-7Qx
auth=yes
tls-certificate=mail.pem
tls-key=mail.key
engines=pop3.server:110;pop3.server-tls:995
stls={2}

'''
HOSTS = HOST.format('offer', 1, 'offer') + HOST.format('strict', 2, 'require') + HOST.format('plain', 3, 'no')
OFFER, REQUIRE, PLAIN, POP3S = 'pop3.server@offer', 'pop3.server@strict', 'pop3.server@plain', 'pop3.server-tls@offer'
root = authority.Authority()
certificate, key = root.certificate('mail', 'DNS:localhost,IP:127.0.0.1')
ours = served.Served(mailglass, 'pop3;tls', HOSTS, (OFFER, REQUIRE, PLAIN, POP3S),
                     {'mail.pem': certificate.read_bytes(), 'mail.key': key.read_bytes()})


def test_doors():
    check(ours.open, 'the doors are open', ours.listening.lines)


def curl(door, *words, password=PASSWORD, secure=True):
    scheme = 'pop3s' if door == POP3S else 'pop3'
    tls = ['--cacert', root.ca] + (['--ssl-reqd'] if scheme == 'pop3' else []) if secure else []
    return run('curl', '-sS', '-v', *tls, *words, f'{scheme}://localhost:{ours.ports[door]}/', '--user', f'{BOB}:{password}')


def test_curl():
    if not find('curl'):
        return skip('curl', 'not installed')
    for door in (OFFER, REQUIRE, POP3S):
        for login in ('AUTH=PLAIN', 'AUTH=LOGIN', 'AUTH=CRAM-MD5'):
            done = curl(door, '--login-options', login)
            check(done.code == 0 and f'> {login.replace("=", " ")}' in done.err, f'curl, {door}, {login}', done)
            done = curl(door, '--login-options', login, password=WRONG)
            check(done.code == 67, f'curl, {door}, {login}, wrong password', done)
    done = curl(PLAIN)
    check(done.code == 64 and PASSWORD not in done.err, 'curl --ssl-reqd where STLS is not offered', done)
    done = curl(REQUIRE, secure=False)
    check(done.code != 0, 'curl without TLS where it is required', done)


def test_openssl():
    for door, words in ((OFFER, ['-starttls', 'pop3']), (REQUIRE, ['-starttls', 'pop3']), (POP3S, [])):
        for version in ('-tls1_2', '-tls1_3'):
            done = run('openssl', 's_client', '-connect', f'127.0.0.1:{ours.ports[door]}', '-CAfile', root.ca, '-verify_hostname', 'localhost',
                       '-verify_return_error', '-crlf', '-ign_eof', version, *words, typed=f'USER {BOB}\nPASS {PASSWORD}\nQUIT\n')
            check('+OK maildrop has 0 messages' in done.out and 'Verify return code: 0' in done.out, f'openssl s_client, {door}, {version}', done)


def test_poplib():
    context = ssl.create_default_context(cafile=str(root.ca))
    for door in (OFFER, REQUIRE):
        box = poplib.POP3('localhost', ours.ports[door], timeout=20)
        before = box.capa()
        check('STLS' in before and ('USER' in before) == (door == OFFER), f'poplib, {door}: CAPA before TLS', before)
        box.stls(context)
        after = box.capa()
        check('STLS' not in after and 'USER' in after and 'PLAIN' in after['SASL'], f'poplib, {door}: CAPA inside TLS', after)
        box.user(BOB)
        check(box.pass_(PASSWORD).startswith(b'+OK maildrop'), f'poplib, {door}: logs in')
        box.quit()
    box = poplib.POP3_SSL('localhost', ours.ports[POP3S], timeout=20, context=context)
    box.user(BOB)
    check(box.pass_(PASSWORD).startswith(b'+OK maildrop'), 'poplib, TLS from the start')
    box.quit()
    box = poplib.POP3('localhost', ours.ports[REQUIRE], timeout=20)
    try:
        box.user(BOB)
        said = 'taken'
    except poplib.error_proto as error:
        said = str(error)
    check('STLS' in said, 'poplib without TLS where it is required', said)


def test_capture():
    ours.stop()
    check(ours.trace.exists() and PASSWORD.encode() not in ours.trace.read_bytes(), 'no password is in the capture')


tap.main(test_doors, test_curl, test_openssl, test_poplib, test_capture)
