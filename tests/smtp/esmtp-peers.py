#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""esmtp-peers.py MAILGLASS CARRY SOURCE - extensions of SMTP between ours and others, on loopback.

Our server, behind a door, with swaks, curl and Python's smtplib: logins, BDAT, SMTPUTF8, notices on demand. Our
client (CARRY) with Postfix, and Postfix relaying to our server. What is not installed is skipped. Prints TAP."""
import os
import smtplib
import sys
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import served
import servers
import tap
from tap import check, find, run, scratch, skip, wait_until

mailglass, carry, source = (os.path.abspath(p) for p in sys.argv[1:4])
tap.ignore_leaks()

HOSTS = '''[host mx.example.net]
kind=mta
address=192.0.2.25
domains=example.net
mailboxes=bob@example.net:sesame;밥@example.net:sesame
auth=yes
auth-clear=yes
vrfy=tell
expn=tell
logins_max=0
extensions=PIPELINING;SIZE;8BITMIME;ENHANCEDSTATUSCODES;DSN;SMTPUTF8;CHUNKING;BINARYMIME
engines=smtp.server:25;smtp.queue;smtp.client;pop3.server:110
'''
SMTP, POP = 'smtp.server@mx.example.net', 'pop3.server@mx.example.net'
BOX = (POP, 'bob@example.net', 'sesame')


def heard(serve, field='smtp.command_line'):
    return run('tshark', '-r', serve.trace, '-d', f'tcp.port=={serve.ports[SMTP]},smtp', '-T', 'fields', '-e', field, '-Y', 'smtp.req').out


def test_swaks(serve):
    if not find('swaks'):
        return skip('swaks', 'not installed')
    base = ['swaks', '--server', f'127.0.0.1:{serve.ports[SMTP]}', '--from', 'bob@example.net', '--helo', 'c.example']
    who = ['--auth-user', 'bob@example.net', '--auth-password']
    for kind in ('PLAIN', 'LOGIN', 'CRAM-MD5'):
        code, out, err = run(*base, '--to', 'bob@example.net', '--auth', kind, *who, 'sesame', '--header', f'Subject: by {kind}')
        check(code == 0 and '235 2.7.0' in out, f'swaks logs in with {kind}', out + err)
        code, out, err = run(*base, '--to', 'bob@example.net', '--auth', kind, *who, 'wrong')
        check(code == 28 and '535 5.7.8' in out, f'and not with a wrong password: {kind}', out + err)
    letter = serve.letter(b'by CRAM-MD5', BOX)
    check(letter and b'with ESMTPA' in letter, 'the postmark says ESMTPA', letter)
    code, out, err = run(*base, '--to', 'x@elsewhere.example', '--quit-after', 'RCPT')
    check(code != 0 and '550 5.7.1' in out, 'no relay without a login', out)
    code, out, err = run(*base, '--to', 'x@elsewhere.example', '--quit-after', 'RCPT', '--auth', 'PLAIN', *who, 'sesame')
    check(code == 0, 'relay with one', out)
    code, out, err = run(*base, '--to', 'bob@example.net', '--pipeline', '--header', 'Subject: piped', '--body', 'one\n.\n..two')
    check(code == 0 and serve.letter(b'piped', BOX), 'swaks pipelines', out + err)
    code, out, err = run(*base, '--to', '밥@example.net> NOTIFY=NEVER ORCPT=utf-8;밥@example.net', '--from',
                         '밥@보기.example> SMTPUTF8 BODY=8BITMIME RET=HDRS ENVID=a+2Bb', '--quit-after', 'RCPT')
    # It puts a bracket behind each, which is a character like any other in these values.
    check('ENVID=a+2Bb>' in out and code == 0, 'swaks says parameters', out)


def test_curl(serve):
    if not find('curl'):
        return skip('curl', 'not installed')
    letter = scratch / 'curl.eml'
    letter.write_text('From: bob@example.net\r\nSubject: by curl\r\n\r\n.dot\r\n')
    base = ['curl', '-sS', '-v', f'smtp://127.0.0.1:{serve.ports[SMTP]}/c.example', '--mail-from', 'bob@example.net', '-T', letter]
    for options in (['AUTH=PLAIN'], ['AUTH=LOGIN'], ['AUTH=CRAM-MD5'], ['AUTH=PLAIN', '--sasl-ir']):
        code, out, err = run(*base, '--mail-rcpt', 'bob@example.net', '--user', 'bob@example.net:sesame', '--login-options', *options)
        check(code == 0 and '235 2.7.0' in err, f'curl logs in: {" ".join(options)}', err)
    code, out, err = run(*base, '--mail-rcpt', 'bob@example.net', '--mail-auth', 'x@example.net', '--user',
                         'bob@example.net:sesame')
    check(code == 0 and 'AUTH=' in err, 'curl says who handed it in', err)
    code, out, err = run(*base, '--mail-rcpt', '밥@example.net')
    check(code == 0 and 'SMTPUTF8' in err, 'curl writes to 밥@example.net', err)
    for word, want in (('VRFY', '250 2.1.5 <bob@example.net>'), ('EXPN', '250 2.1.5 <bob@example.net>')):
        code, out, err = run('curl', '-sS', '-v', f'smtp://127.0.0.1:{serve.ports[SMTP]}/c.example', '-X', word, '--mail-rcpt', 'bob')
        check(want in out + err, f'curl asks with {word}', out + err)
    code, out, err = run('curl', '-sS', '-v', f'smtp://127.0.0.1:{serve.ports[SMTP]}/c.example', '-X', 'HELP')
    check('214 2.0.0 EHLO' in out + err, 'and for HELP', out + err)


def test_smtplib(serve):
    def session():
        s = smtplib.SMTP('127.0.0.1', serve.ports[SMTP], 'c.example', timeout=20)
        s.ehlo()
        return s
    with session() as s:
        check(s.does_esmtp and set(s.esmtp_features) >= {'pipelining', 'size', '8bitmime', 'dsn', 'smtputf8', 'chunking', 'binarymime',
              'auth', 'expn'}, 'smtplib reads the extensions', s.esmtp_features)
        code, text = s.login('bob@example.net', 'sesame')
        check(code == 235, 'smtplib logs in with what it likes best', text)
    for kind in ('auth_plain', 'auth_login', 'auth_cram_md5'):
        with session() as s:
            s.user, s.password = 'bob@example.net', 'sesame'
            code, text = s.auth(kind[5:].upper().replace('_', '-'), getattr(s, kind))
            check(code == 235, f'smtplib: {kind}', text)
    with session() as s:
        refused = s.sendmail('bob@example.net', ['bob@example.net'], 'Subject: notices\r\n\r\nx\r\n',
                             mail_options=['RET=HDRS', 'ENVID=a+2Bb'], rcpt_options=['NOTIFY=SUCCESS,DELAY', 'ORCPT=rfc822;b@c'])
        check(refused == {}, 'smtplib asks for notices')
        refused = s.sendmail('밥@보기.example', ['밥@example.net'], 'Subject: 안녕\r\n\r\n'.encode(), mail_options=['SMTPUTF8', 'BODY=8BITMIME'])
        check(refused == {}, 'smtplib writes from and to 밥')
        try:
            s.sendmail('밥@보기.example', ['bob@example.net'], 'x', mail_options=['BODY=8BITMIME'])
            check(False, 'not without saying so')
        except (smtplib.SMTPException, UnicodeError) as error:
            check(True, 'not without saying so', error)
        s.rset()
        s.mail('bob@example.net')
        s.rcpt('bob@example.net')
        for line, octets in ((b'BDAT 25\r\n', b'Subject: in pieces\r\n\r\n.\r\n'), ):
            s.send(line)
            time.sleep(0.2)  # tshark 4.0 reads a BDAT that is alone in its packet
            s.send(octets)
        one = s.getreply()
        s.send(b'BDAT 5 LAST\r\n.\r\nxy')
        two = s.getreply()
        check(one[0] == 250 and two[0] == 250, 'BDAT by hand', (one, two))
        check((serve.letter(b'in pieces', BOX) or b'').endswith(b'in pieces\r\n\r\n.\r\n.\r\nxy\r\n'), 'arrives as it was', serve.letters(BOX)[-1:])
        check(s.verify('bob')[0] == 250 and s.verify('nobody')[0] == 550 and s.expn('bob')[0] == 250, 'VRFY and EXPN tell')
        check(b'BDAT' in s.help(), 'HELP knows BDAT')
        check(s.docmd('BDAT', 'x')[0] == 501, 'a piece of no length ends the session')


SETTINGS = '''myhostname = relay.example.org
virtual_mailbox_domains = local.example
virtual_mailbox_maps = inline:{{ {{ bob@local.example = bob/ }}, {{ 밥@local.example = bap/ }} }}
relayhost = [127.0.0.1]:{0}
'''
LETTER = 'From: a@example.org\r\nSubject: {}\r\nMessage-ID: <1@example.org>\r\nDate: Mon, 2 Mar 2026 09:00:00 +0000\r\n\r\n.dot\r\n\r\n.\r\n안녕\r\n'


def test_to_postfix(postfix):
    port = postfix.port
    letter = scratch / 'to-postfix.eml'
    cases = {
        'with BDAT': ('from=a@example.org to=bob@local.example', ['chunking=yes', 'chunk_size=50'], ['BDAT 50\\r\\n', 'LAST\\r\\n']),
        'with BDAT, pipelined': ('from=a@example.org to=bob@local.example', ['chunking=yes', 'chunk_size=50', 'pipelining=yes'],
                                 ['RCPT TO:<bob@local.example>\\r\\n\nS:', 'BDAT 50\\r\\n']),
        'with notices': ('from=a@example.org ret=HDRS envid=x+y to=bob@local.example notify1=SUCCESS,DELAY orcpt1=rfc822;b+b@local.example',
                         [], [' RET=HDRS ENVID=x+2By', ' NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b+2Bb@local.example']),
        'with DATA, pipelined': ('from=a@example.org to=bob@local.example', ['pipelining=yes'], ['DATA\\r\\n']),
    }
    for i, (name, (mail, settings, said)) in enumerate(cases.items()):
        subject = f'case {i}'
        letter.write_bytes(LETTER.format(subject).encode())
        code, out, err = run(carry, f'127.0.0.1:{port}', mail, letter, *settings)
        check(code == 0 and out.startswith('ok dsn 250 2.0.0'), f'our client to Postfix {name}', (out, err))
        check(all(s in err for s in said), f'it says so: {name}', err)
        text = postfix.letter('bob', f'Subject: {subject}\n')
        check(text.endswith('\n\n.dot\n\n.\n안녕\n'), f'it arrives as it was: {name}', text)
    letter.write_bytes(LETTER.format('안녕').encode())
    code, out, err = run(carry, f'127.0.0.1:{port}', 'from=앨리스@example.org smtputf8=yes to=밥@local.example', letter)
    check(code == 0 and out.startswith('ok dsn 250') and 'MAIL FROM:<앨리스@example.org>' in err and ' SMTPUTF8' in err,
          'our client to Postfix with SMTPUTF8', (out, err))
    check('Subject: 안녕\n' in postfix.letter('bap', 'Subject: 안녕'), 'it arrives at 밥')
    letter.write_bytes(b'a\nb')
    code, out, err = run(carry, f'127.0.0.1:{port}', 'from=a@example.org body=BINARYMIME to=bob@local.example', letter)
    check(out.startswith('ok dsn 554 5.6.3'), 'Postfix takes no binary letter, and none is sent', (out, err))


def test_from_postfix(postfix, serve):
    with smtplib.SMTP('127.0.0.1', postfix.port, 'c.example', timeout=20) as s:
        s.ehlo()
        s.sendmail('a@example.org', ['bob@example.net'], LETTER.format('relayed').encode(),
                   mail_options=['BODY=8BITMIME', 'RET=FULL', 'ENVID=abc'], rcpt_options=['NOTIFY=SUCCESS,FAILURE', 'ORCPT=rfc822;b@x'])
        s.sendmail('앨리스@example.org', ['밥@example.net'], LETTER.format('utf8 relayed').encode(),
                   mail_options=['SMTPUTF8', 'BODY=8BITMIME'])
    text = (serve.letter(b'Subject: relayed', BOX) or b'').decode()
    check(text.endswith('\r\n\r\n.dot\r\n\r\n.\r\n안녕\r\n'), 'Postfix relays to our server', text)
    check('with ESMTP id' in text, 'with ESMTP', text)
    sent = wait_until(lambda: next((line for line in postfix.log().splitlines() if 'to=<밥@example.net>' in line), None))
    check(sent and 'status=sent' in sent, 'and to 밥, with SMTPUTF8', sent)


def test_heard(serve, postfixed):
    if not find('tshark'):
        return skip('what the server heard', 'no tshark')
    octets = serve.trace.read_bytes()
    check(b'sesame' not in octets and b'c2VjcmV0' not in octets and b'AHNlY3JldA' not in octets, 'no password is in our trace')
    said = heard(serve)
    for words in ('RET=HDRS ENVID=a+2Bb', 'NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b@c', 'BDAT 25'):
        check(words in said, f'tshark reads {words} in our trace', said)
    if postfixed:
        for words in ('ENVID=abc RET=FULL', 'NOTIFY=SUCCESS,FAILURE', 'SMTPUTF8'):
            check(words in said, f'Postfix said {words}', said)


def main():
    serve = served.Served(mailglass, 'smtp;pop3', HOSTS, (SMTP, POP))
    if not check(serve.open, 'the doors are open', serve.listening.lines):
        return
    for test in (test_swaks, test_curl, test_smtplib):
        test(serve)
    postfix = servers.Postfix(SETTINGS.format(serve.ports[SMTP]))
    if postfix.why:
        skip('Postfix', postfix.why)
    else:
        try:
            test_to_postfix(postfix)
            test_from_postfix(postfix, serve)
        finally:
            postfix.stop()
    code, err = serve.stop()
    check(code == 0, 'the server ends with exit 0', err)
    test_heard(serve, not postfix.why)


tap.main(main)
