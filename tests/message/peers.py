#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""peers.py MAILGLASS MESSAGE-TEST - what we write is read by Python's email package, and what both read is the same. TAP."""
import email
import email.policy
import email.utils
import glob
import os
import sys
import sysconfig

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import tap
from tap import check, run

mailglass, builder = sys.argv[1:3]


def parse(path, *words):
    ran = run(mailglass, 'message', 'parse', path, *words)
    assert ran.code == 0 and not ran.err, ran.err
    return ran


def leaves(part):
    if 'parts' in part:
        return [leaf for child in part['parts'] for leaf in leaves(child)]
    return leaves(part['message']['part']) if 'message' in part else [part]


# ---- what we write ----
wire = run(builder, '--build').octets
message = email.message_from_bytes(wire, policy=email.policy.default)
check(not message.defects and not any(p.defects for p in message.walk()), 'no defects', message.defects)
check(message['From'].addresses[0].display_name == '앨리스 Müller' and message['From'].addresses[0].addr_spec == 'alice@example.com',
      'the sender', message['From'])
check(message['To'].addresses[0].display_name == 'Doe, Jane', 'the recipient', message['To'])
check(message['Subject'] == '한글 제목이 아주 길어서 여러 개의 인코딩된 단어로 나뉘어야 하는 경우를 확인하는 제목입니다 🙂🙂🙂', 'the subject', message['Subject'])
check(message['Date'].datetime.isoformat() == '2026-03-02T05:30:00-03:30', 'the date', message['Date'])
check([p.get_content_type() for p in message.walk()] ==
      ['multipart/mixed', 'multipart/alternative', 'text/plain', 'multipart/related', 'text/html', 'image/png', 'application/pdf',
       'message/rfc822', 'text/plain'], 'the tree', [p.get_content_type() for p in message.walk()])
check(message.get_body(('plain',)).get_content().replace('\r', '') == '안녕하세요. 메일글라스입니다.\n두 번째 줄\n', 'the text')
pdf = next(p for p in message.walk() if p.get_content_type() == 'application/pdf')
check(pdf.get_filename() == '보고서 2026.pdf' and pdf.get_content() == b'%PDF\0\xff', 'the attachment', pdf.get_filename())
check(max(len(line) for line in wire.split(b'\r\n')) <= 78, 'no line is long')

# ---- what both read ----
suites = os.environ.get('MAILGLASS_SUITES') or os.path.join(os.path.dirname(__file__), '../../../shared/suites')
files = sorted(glob.glob(os.path.join(suites, 'message', '**', '*.eml'), recursive=True))
files += sorted(glob.glob(os.path.join(sysconfig.get_path('stdlib'), 'test', 'test_email', 'data', 'msg_*.txt')))
wrong, compared = [], 0
for path in files:
    theirs = email.message_from_bytes(open(path, 'rb').read(), policy=email.policy.compat32)
    if any(p.get_content_maintype() == 'message' or p.defects for p in theirs.walk()):
        continue  # it takes messages apart that are encoded or are reports otherwise
    ours = parse(path, '--json').rows()[0]
    mine = [p for p in leaves(ours['part'])]
    his = [p for p in theirs.walk() if not p.is_multipart()]
    if [p['type'] for p in mine] != [p.get_content_type() for p in his]:
        # It skips a part that is nothing at all, and lets an inner multipart take what is the outer's.
        if os.path.basename(path) not in ('msg_15.txt', 'msg_37.txt', 'msg_39.txt'):
            wrong.append(f'{path}: types {[p["type"] for p in mine]} {[p.get_content_type() for p in his]}')
        continue
    for a, b in zip(mine, his):
        octets = b.get_payload(decode=True)
        if a['transfer_encoding'] and a['transfer_encoding'].startswith('x-'):
            continue  # it takes uuencode off; RFC 2045 knows no such encoding
        if a['decoded_length'] != len(octets):
            wrong.append(f'{path}: {a["section"]}: {a["decoded_length"]} octets, {len(octets)}')
        compared += 1
    if theirs['date']:
        try:
            date = int(email.utils.parsedate_to_datetime(theirs['date']).timestamp())
        except (ValueError, TypeError):
            date = None
        if date != ours['date_unix']:
            wrong.append(f'{path}: date {theirs["date"]}: {ours["date_unix"]}, {date}')
    addresses = [a for _, a in email.utils.getaddresses([str(x) for x in theirs.get_all('to', [])]) if '@' in a]
    flat = [m for p in ours['to'] for m in p.get('members', [p])]
    if [p['address'] for p in flat if p['address']] != addresses:
        wrong.append(f'{path}: To: {flat} {addresses}')
if files:
    check(not wrong and compared > 0, f'{compared} parts of {len(files)} messages as Python reads them', '\n'.join(wrong))

# ---- a part alone ----
letter = tap.scratch / 'letter.eml'
letter.write_bytes(wire)
check(parse(letter, '--part', '2').octets == b'%PDF\0\xff', '--part gives the octets')
check(parse(letter, '--part', '3.1').octets == b'hello\r\n', '--part of a message inside')
none = run(mailglass, 'message', 'parse', letter, '--part', '9')
check(none.code == 1 and 'no such part' in none.err, '--part that is not there: exit 1', none)
report = parse(letter).out
check('3.1  text/plain' in report and '앨리스 Müller <alice@example.com>' in report and '보고서 2026.pdf' in report, 'for people', report)
gone = run(mailglass, 'message', 'parse', f'{letter}.none')
check(gone.code == 3 and '.none' in gone.err, 'no such file: exit 3, and its name', gone)
tap.plan()
