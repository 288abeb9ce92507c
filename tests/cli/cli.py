#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""cli.py MAILGLASS SOURCE - the command, driven as people and scripts drive it. Prints TAP."""
import ipaddress
import json
import os
import re
import shutil
import signal
import subprocess
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import tap
from tap import check, find, run

mailglass, source = sys.argv[1:3]
networks = os.path.join(source, 'networks')
shipped = sorted(n for n in os.listdir(networks) if os.path.exists(os.path.join(networks, n, 'network.ini')))
scratch = str(tap.scratch)


def ours(*words, **environment):
    return run(mailglass, *words, env=environment)


def same(a, b, without):
    return {k: v for k, v in a.items() if k not in without} == {k: v for k, v in b.items() if k not in without}


def usage():
    for words, code, said in [
            (['help'], 0, None), (['--help'], 0, None), (['version'], 0, None), (['--version'], 0, None),
            (['run', '--help'], 0, None), (['network', 'check', '--help'], 0, None), (['plugin', 'list', '--help'], 0, None),
            (['nonsense'], 2, 'nonsense'), (['network'], 2, 'check'), (['run'], 2, '--help'),
            (['run', '--nonsense', 'first-mail'], 2, '--nonsense'), (['run', 'first-mail', 'two-domains'], 2, '--help'),
            (['run', 'no-such-network'], 3, 'no-such-network'), (['run', '/nonexistent'], 3, '/nonexistent'),
            (['run', 'first-mail', '--filter', 'smtp.nothing =='], 2, '--filter'),
            (['run', 'first-mail', '--until', 'and'], 2, '--until'), (['run', 'first-mail', '--time', 'soon'], 2, '--time'),
            (['run', 'first-mail', '--level', 'octet'], 2, '--level'), (['run', 'first-mail', '--repeat', '-1'], 2, '--repeat'),
            (['run', 'first-mail', '--now', 'today'], 2, '--now'),
            (['run', 'first-mail', '--quiet', '--trace', '/nonexistent/x.pcapng'], 3, '/nonexistent/x.pcapng'),
            (['plugin', 'list', 'smtp'], 2, 'smtp'), (['plugin', 'check', '/nonexistent.so'], 3, '/nonexistent.so'),
            (['picture', 'first-mail'], 2, '--output'), (['picture', '--help'], 0, None), (['network', 'check'], 2, '--help'), (['serve', 'first-mail', '--now', 'today'], 2, '--now'), (['network', 'new'], 2, '--help'), (['network', 'new', networks], 3, networks)]:
        got = ours(*words)
        good = got.code == code and (said is None or (said in got.err and got.err.startswith('mailglass')))
        good = good and (code == 0) == (got.err == '') and (code != 0 or got.out != '')
        check(good, f'{" ".join(words)}: exit {code}, said on the right side', got)
    check('Example' in ours('run', '--help').out, '--help has an example')
    check('mailglass dns lookup' in ours('help').out, 'help lists the commands')
    check('네트워크' in ours('help', LANGUAGE='ko', LC_ALL='C.UTF-8').out, 'and speaks Korean')
    # The window's program is what runs without a command.
    for words in ([], ['first-mail'], ['--first-frame']):
        got = ours(*words, MAILGLASS_WINDOW='/bin/echo')
        check(got.code == 0 and got.out.split() == words, f'the window gets {words}', got)
    words = ['picture', 'first-mail', '--at', '4', '--output', 'x.png', '--dark']
    got = ours(*words, MAILGLASS_WINDOW='/bin/echo')
    check(got.code == 0 and got.out.split() == ['--picture', *words[1:]], 'and draws pictures', got)
    got = ours(MAILGLASS_WINDOW='/nonexistent/window')
    check(got.code == 3 and '/nonexistent/window' in got.err, 'a window that is not there is named', got)


KEYS = ['n', 'time', 'from', 'to', 'protocol', 'kind', 'summary', 'parent', 'stream', 'encrypted', 'fields']
KINDS = {'command', 'reply', 'query', 'answer', 'data', 'note', 'decision', 'state'}


def runs(name, mails, fetched):
    first, again = ours('run', name, '--json'), ours('run', name, '--json')
    check(first.code == 0 and first.err == '', f'{name} runs', first)
    rows = first.rows()
    total = rows.pop()
    check(all(list(row) == KEYS and row['kind'] in KINDS for row in rows), f'{name}: JSON has its keys, in order')
    check([r['n'] for r in rows] == sorted({r['n'] for r in rows}) and
          all(r['parent'] is None or 0 < r['parent'] < r['n'] for r in rows), f'{name}: causes come first')
    check(all(a['time'] <= b['time'] for a, b in zip(rows, rows[1:])), f'{name}: time goes forward')
    check(list(total)[:1] == ['summary'] and {'time', 'exchanges', 'packets', 'delivered', 'bounced', 'queued', 'hash'} <= set(total),
          f'{name}: the summary is last', total)
    check((total['delivered'], total['bounced'], total['queued'], total['fetched']) == (mails, 0, 0, fetched),
          f'{name}: {mails} delivered, {fetched} fetched, none lost', total)
    check(first.out == again.out, f'{name}: two processes say the same, hash and all', again.lines[-1:])
    check(re.fullmatch('[0-9a-f]{64}', total['hash']), f'{name}: the hash is one', total)
    # Nothing is lost in this network, so chance decides numbers and nothing else.
    other = ours('run', name, '--json', '--seed', '2').rows()
    check(len(other) == len(rows) + 1 and same(other[-1], total, {'hash'}) and other[-1]['hash'] != total['hash'] and
          [(r['time'], r['from'], r['to'], r['kind']) for r in other[:-1]] ==
          [(r['time'], r['from'], r['to'], r['kind']) for r in rows], f'{name}: another seed, the same story')
    times = ours('run', name, '--json', '--repeat', '3').rows()[-1]
    check((times['delivered'], times['fetched']) == (3 * mails, 3 * fetched), f'{name}: three times over', times)

    text = ours('run', name)
    exchanges = [line for line in text.lines if '→' in line]
    want = [r for r in rows if r['to'] is not None]
    check(len(exchanges) == len(want), f'{name}: text and JSON agree', f'{len(exchanges)} {len(want)}')
    check(all(re.match(rf' *\d+\.\d\d\d  {re.escape(r["from"])} → {re.escape(r["to"])} +[A-Z0-9]+   ', line) and
              line.endswith(r['summary']) for line, r in zip(exchanges, want)), f'{name}: a line is as it should be',
          '\n'.join(exchanges[:5]))
    columns = {re.search(r'   (SMTP|POP3|DNS|LMTP) ', line).start() for line in exchanges}
    check(len(columns) == 1, f'{name}: columns stand under each other', columns)
    check(f'{mails} mail' in text.lines[-1] and total['hash'][:12] in text.lines[-1], f'{name}: ends in plain words', text.lines[-1])
    quiet = ours('run', name, '--quiet')
    check(quiet.lines == text.lines[-1:], f'{name}: --quiet is the summary alone', quiet)
    return rows, total


def options():
    until = ours('run', 'first-mail', '--json', '--until', 'smtp.req.command == "DATA"')
    rows = until.rows()
    check(until.code == 0 and rows[-2]['fields'].get('smtp.req.command') == 'DATA' and
          sum(r.get('fields', {}).get('smtp.req.command') == 'DATA' for r in rows) == 1, '--until stops at the first', until.err)
    never = ours('run', 'first-mail', '--quiet', '--until', 'smtp.response.code == 999')
    check(never.code == 1 and '--until' in never.err, '--until that never matches: exit 1', never)
    early = ours('run', 'first-mail', '--json', '--time', '0.5')
    check(early.code == 0 and len(early.lines) > 5 and all(r['time'] < 0.5 for r in early.rows()), '--time stops', early.err)
    picked = ours('run', 'two-domains', '--json', '--filter', 'smtp.req.command in {"MAIL", "RCPT"}')
    got = {r['fields']['smtp.req.command'] for r in picked.rows()[:-1]}
    check(got == {'MAIL', 'RCPT'}, '--filter picks', got)
    check(len(ours('run', 'two-domains', '--json', '--filter', 'frame.number == 0').lines) == 1, '--filter may pick nothing')
    packets = [r['summary'] for r in ours('run', 'first-mail', '--json', '--level', 'packet').rows()[:-1] if r['protocol'] == 'tcp']
    exchanges = [r for r in ours('run', 'first-mail', '--json', '--level', 'exchange').rows()[:-1] if r['protocol'] == 'tcp']
    check(any(s.startswith('SYN') for s in packets) and exchanges == [], '--level packet shows SYN, exchange does not', packets)
    dated = ours('run', 'first-mail', '--json', '--now', '0').out
    check('1970' in dated and '1970' not in ours('run', 'first-mail', '--json').out, '--now fixes the date')
    path = os.path.join(scratch, 'x.pcapng')
    traced = ours('run', 'first-mail', '--quiet', '--trace', path)
    check(traced.code == 0 and open(path, 'rb').read(4) == b'\x0a\x0d\x0d\x0a', '--trace writes pcapng', traced)
    full = os.path.exists('/dev/full') and subprocess.run([mailglass, 'run', 'first-mail'], stdout=open('/dev/full', 'w'),
                                                         stderr=subprocess.PIPE)
    check(not full or (full.returncode == 3 and full.stderr), 'output that cannot be written: exit 3', full)


def interrupt():
    path = os.path.join(scratch, 'interrupted.pcapng')
    process = tap.start(mailglass, 'run', 'first-mail', '--repeat', '1000000', '--json', '--trace', path, stdout=subprocess.PIPE,
                        stderr=subprocess.PIPE)
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    total = json.loads(out.splitlines()[-1])
    check(process.returncode == 3 and total['summary'] and b'interrupted' in err and os.path.getsize(path) > 100,
          'SIGINT ends cleanly and keeps what happened', err)


MISTAKES = '''[network]
format=1
epoch=the day before
titel=x
[host alice]
kind=mau
address=192.0.2.300
[host mta]
kind=mta
address=192.0.2.25
engines=imap4.server:143;smtp.server:99999
[host mx]
kind=mta
address=192.0.2.25
at=left
[link mx bob]
delay=quick
loss=7
[script]
1=alice send mail/none.eml
2=at 0s carol fetch
'''


def mistakes():
    folder = os.path.join(scratch, 'mistakes')
    os.mkdir(folder)
    path = os.path.join(folder, 'network.ini')
    open(path, 'w').write(MISTAKES)
    want = [3, 6, 7, 11, 11, 14, 15, 16, 17, 18, 20, 21]
    got = ours('network', 'check', folder)
    errors = [line for line in got.lines if ': error: ' in line]
    lines = [int(m.group(1)) for m in (re.match(re.escape(path) + r':(\d+): error: .{10}', line) for line in errors) if m]
    check(got.code == 1 and lines == want, f'{len(want)} mistakes, {len(want)} lines with file and line, in order', got)
    check(f'{path}:4: warning: ' in got.out and '"title"' in got.out, 'an unknown key is a warning and a guess', got)
    rows = ours('network', 'check', folder, '--json').rows()
    check([r['line'] for r in rows if r['severity'] == 'error'] == want and all(r['file'] == path and r['text'] for r in rows),
          'the same in JSON', rows)
    ran = ours('run', folder)
    check(ran.code == 3 and ran.out == '' and ran.err.count(': error: ') == len(want), 'run says the same, and exit 3', ran)
    # A zone that does not parse is reported with its own line.
    broken = os.path.join(scratch, 'broken')
    shutil.copytree(os.path.join(networks, 'first-mail'), broken)
    zone = os.path.join(broken, 'zones', 'example.net.zone')
    text = open(zone).read()
    line = text[:text.index('IN MX')].count('\n') + 1
    open(zone, 'w').write(text.replace('IN MX   10', 'IN MX   ten'))
    got = ours('network', 'check', broken)
    check(got.code == 1 and got.out.count(f'{zone}:{line}:') == 1, 'a zone that does not parse is pointed at', got)
    open(zone, 'w').write(text)
    ini = os.path.join(broken, 'network.ini')
    text = open(ini).read()
    for setting, said in [('starttls=required', 'no;offer;require'), ('misbehave=451 at noon', '451 at noon'), ('line-ends=loose', 'strict;keep;lax')]:
        open(ini, 'w').write(text.replace('[host mta.example.com]\n', f'[host mta.example.com]\n{setting}\n'))
        got = ours('network', 'check', broken)
        check(got.code == 1 and said in got.out and f'{ini}:' in got.out, f'{setting}: a word that means nothing is no word less', got)


def made():
    folder = os.path.join(scratch, 'mine')
    new = ours('network', 'new', folder)
    checked = ours('network', 'check', folder)
    check(new.code == 0 and checked.code == 0 and 'warning' not in checked.out, 'network new makes a network without a fault', checked)
    check(ours('run', folder, '--quiet').code == 0, 'which runs')
    check(ours('network', 'new', folder).code == 3, 'and is not overwritten')


def documentation_only(name):
    folder = os.path.join(networks, name)
    checked = ours('network', 'check', name)
    check(checked.code == 0 and 'warning' not in checked.out, f'{name}: network check finds nothing', checked)
    good = [ipaddress.ip_network(a) for a in ('192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32')]
    bad = []
    for root, _, files in os.walk(folder):
        for file in files:
            data = open(os.path.join(root, file), 'rb').read()
            text = data.decode()
            for word in re.findall(r'\b\d+\.\d+\.\d+\.\d+\b|\b[0-9a-f:]*::[0-9a-f:]*\b', text):
                if not any(ipaddress.ip_address(word) in net for net in good):
                    bad.append(f'{file}: {word}')
            for word in re.findall(r'@([\w.-]+)|://([\w.-]+)', text):
                if not re.search(r'(^|\.)example(\.(com|net|org))?\.?$', ''.join(word)):
                    bad.append(f'{file}: {word}')
            lone = 1 if file == 'lunch-and-more.eml' else 0  # what the lesson on smuggling is about
            if file.endswith('.eml') and (data.count(b'\n') != data.count(b'\r\n') + lone or b'\r\n\r\n' not in data):
                bad.append(f'{file}: lines do not end in CR LF')
            if file.endswith('.zone') and find('nsd-checkzone'):
                origin = '.' if file == 'root.zone' else file[:-5]
                if run(find('nsd-checkzone'), origin, os.path.join(root, file)).code:
                    bad.append(f'{file}: nsd-checkzone refuses it')
    check(not bad, f'{name}: names and addresses for documentation only, files as others read them', '\n'.join(bad))
    ini = open(os.path.join(folder, 'network.ini')).read()
    check(all(f'\n{key}=' in ini for key in ('title', 'title[ko]', 'description', 'description[ko]')), f'{name}: two languages')


def plugins():
    rows = ours('plugin', 'list', '--json').rows()
    check({'smtp', 'pop3', 'dns'} <= {r['id'] for r in rows} and
          all(list(r) == ['id', 'version', 'summary', 'path', 'problem', 'dissectors', 'engines'] for r in rows), 'plugin list', rows)
    for row in rows:
        if row['id']:
            got = ours('plugin', 'check', row['path'])
            check(got.code == 0 and ': error: ' not in got.out, f'plugin check {row["id"]}', got)
    path = os.path.join(scratch, 'broken.so')
    open(path, 'w').write('no plugin')
    got = ours('plugin', 'check', path)
    check(got.code == 1 and got.out.startswith(path + ': error: '), 'plugin check of what is none: exit 1', got)


tap.main(usage, plugins, lambda: runs('first-mail', 1, 1), lambda: runs('two-domains', 2, 2),
         *(lambda name=name: documentation_only(name) for name in shipped), options, interrupt, mistakes, made)
