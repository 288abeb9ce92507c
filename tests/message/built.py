#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""built.py MAILGLASS BUILT - what the builder writes is read by Python's email package, and by us, exactly as it was meant. TAP."""
import base64
import email
import email.header
import email.policy
import email.utils
import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import tap
from tap import check, run

mailglass, builder = sys.argv[1:3]
N = 400


def letters():
    """(the octets, what was meant) of each."""
    meant = None
    for line in run(builder, N).lines:
        what, _, value = line.partition(' ')
        if what == 'end':
            yield meant
            continue
        value = value if what in ('date', 'zone', 'type') else base64.b64decode(value)
        if what == 'wire':
            meant = {'wire': value, 'from': [], 'to': [], 'cc': [], 'files': []}
        elif what in ('from', 'to', 'cc'):
            people = meant[what]
            people.append([value.decode()])
        elif what == 'address':
            people[-1].append(value.decode())
        elif what == 'file':
            meant['files'].append({'data': value, 'name': None})
        elif what in ('type', 'name'):
            meant['files'][-1][what] = value if what == 'type' else value.decode()
        else:
            meant[what] = value if what in ('date', 'zone') else value.decode()


def lines(text):
    """Whatever its line ends; the last is the builder's to add."""
    return text.replace('\r\n', '\n').rstrip('\n')


def addresses(raw):
    """Newer versions refuse address literals unless they are told not to be strict."""
    try:
        return email.utils.getaddresses([raw], strict=False)
    except TypeError:
        return email.utils.getaddresses([raw])


def people(message, name):
    """[name, address] of each. The newer way of Python (.addresses) makes two spaces in a name one, and puts one between encoded words on
    two lines (its issue 35547), so it is the older."""
    raw = email.message_from_bytes(message, policy=email.policy.compat32)[name]
    return [[str(email.header.make_header(email.header.decode_header(n))) if n else '', a] for n, a in addresses(raw)]


def unquoted(name):
    """get_filename() takes what looks like quotation marks off a second time."""
    return None if name is None else email.utils.unquote(name).strip()


def by_python(meant):
    message = email.message_from_bytes(meant['wire'], policy=email.policy.default)
    if any(part.defects for part in message.walk()):
        yield f'defects {[part.defects for part in message.walk()]}'
    if str(message['Subject'] or '') != meant['subject']:
        yield f'subject {message["Subject"]!r} {meant["subject"]!r}'
    for name in ('from', 'to', 'cc'):
        got = people(meant['wire'], name)
        if got != meant[name] or [a.addr_spec for a in message[name].addresses] != [a for _, a in meant[name]]:
            yield f'{name} {got} {meant[name]}'
    if int(message['Date'].datetime.timestamp()) != int(meant['date']) or message['Date'].datetime.utcoffset().total_seconds() / 60 != int(meant['zone']):
        yield f'date {message["Date"]} {meant["date"]} {meant["zone"]}'
    attached = list(message.iter_attachments()) if message.is_multipart() and message.get_content_type() == 'multipart/mixed' else []
    if len(attached) != len(meant['files']):
        yield f'{len(attached)} attachments of {len(meant["files"])}'
    for part, file in zip(attached, meant['files']):
        if part.get_content_type() != file['type'] or part.get_filename() != unquoted(file['name']) or part.get_payload(decode=True) != file['data']:
            yield f'attachment {part.get_content_type()} {part.get_filename()!r} {file["type"]} {file["name"]!r}'
    for kind, key in (('plain', 'text'), ('html', 'html')):
        part = message.get_body((kind,))
        if key in meant and (part is None or lines(part.get_content()) != lines(meant[key])):
            yield f'{key} {part.get_content() if part else None!r} {meant[key]!r}'
    if max(len(line) for line in meant['wire'].split(b'\r\n')) > 998 or b'\n' in meant['wire'].replace(b'\r\n', b''):
        yield 'lines'
    if not meant['wire'].isascii():
        yield 'octets beyond ASCII'


def by_us(meant):
    letter = tap.scratch / 'letter.eml'
    letter.write_bytes(meant['wire'])
    ours = run(mailglass, 'message', 'parse', letter, '--json').rows()[0]
    if ours['problems']:
        yield f'problems {ours["problems"]}'
    if (ours['subject'] or '') != meant['subject']:
        yield f'subject {ours["subject"]!r} {meant["subject"]!r}'
    for name in ('from', 'to', 'cc'):
        got = [[p['name'] or '', p['address']] for p in ours[name]]
        if got != meant[name]:
            yield f'{name} {got} {meant[name]}'
    if ours['date_unix'] != int(meant['date']):
        yield f'date {ours["date"]}'


wrong_python, wrong_us, n = [], [], 0
for meant in letters():
    wrong_python += [f'{n}: {what}' for what in by_python(meant)]
    if n % 8 == 0:  # a program each
        wrong_us += [f'{n}: {what}' for what in by_us(meant)]
    n += 1
check(n == N and not wrong_python, f'{n} letters read by Python as they were meant: {len(wrong_python)} things otherwise', '\n'.join(wrong_python[:40]))
check(not wrong_us, f'{(n + 7) // 8} of them by us', '\n'.join(wrong_us[:40]))
tap.plan()
