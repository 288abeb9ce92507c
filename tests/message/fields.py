#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""fields.py MAILGLASS NETWORK - letters that SMTP carries have the fields that tshark finds in them.

Each message of the suite is sent in the simulation; the capture is read by tshark. Where we differ on purpose is in same(). TAP."""
import collections
import email.errors
import email.header
import glob
import json
import os
import re
import shutil
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import tap
from tap import check, run

mailglass, network = sys.argv[1:3]
suites = os.environ.get('MAILGLASS_SUITES') or os.path.join(os.path.dirname(__file__), '../../../shared/suites')
files = sorted(glob.glob(os.path.join(suites, 'message', '**', '*.eml'), recursive=True))
if not files:
    tap.skip_all('no suites')
if tap.find('tshark') is None:
    tap.skip_all('tshark is not installed')
TOP = ['date', 'from', 'sender', 'reply_to', 'to', 'cc', 'bcc', 'message_id', 'in_reply_to', 'references', 'subject', 'comments',
       'keywords', 'return_path', 'received', 'mime_version', 'content.type', 'content.transfer_encoding', 'content.id',
       'content.description', 'user_agent']
PART = ['content-type', 'content-transfer-encoding', 'content-id', 'content-description', 'content-disposition']
FIELDS = ['imf.' + name for name in TOP] + ['mime_multipart.header.' + name for name in PART]


def folder():
    """The network with all the messages in it, a script that sends them."""
    place = tap.scratch / 'network'
    shutil.copytree(network, place)
    ini = place / 'network.ini'
    text = re.sub(r'\n\[script\].*', '', ini.read_text(), flags=re.S)
    lines = ['', '[script]']
    for i, path in enumerate(files):
        shutil.copy(path, place / 'mail' / f'{i}.eml')
        lines.append(f'{i + 1}=at {20 * i}s alice send mail/{i}.eml to bob@example.net')
    ini.write_text(text + '\n'.join(lines) + '\n')
    return place


def plain(value):
    """What folds and spaces leave."""
    return re.sub(r'\s+', ' ', value.replace('\\r\\n', ' ').replace('\\t', ' ')).strip()


def same(field, ours, theirs):
    if field.startswith('mime_'):  # tshark takes the spaces behind a semicolon out of these
        ours, theirs = re.sub('; +', ';', ours), re.sub('; +', ';', theirs)
    if ours == theirs:
        return True
    # We show encoded words decoded, and octets that are no UTF-8 as one sign; tshark leaves words as they are.
    if '=?' not in theirs:
        return False
    try:
        wanted = str(email.header.make_header(email.header.decode_header(theirs.replace('\ufffd', '~'))))
    except (LookupError, UnicodeError, email.errors.HeaderParseError):
        wanted = None  # Python does not know the charset
    decoded['as Python' if wanted is not None else 'that Python cannot'] += 1
    # It takes spaces between words and other characters out, and takes no word inside quotation marks.
    # Octets beyond ASCII in a word are no words at all for tshark, which shows � (here ~): we read them in the word's charset.
    pattern = ''.join('.' if c == '~' else re.escape(c) for c in letters_of(wanted or ''))
    return wanted is None or re.fullmatch(pattern, letters_of(ours)) is not None


def letters_of(value):
    return re.sub(r'[\s"]', '', value)


decoded = collections.Counter()
capture = tap.scratch / 'letters.pcapng'
ran = run(mailglass, 'run', folder(), '--json', '--trace', capture)
check(ran.code in (0, 1), 'the messages are sent', ran.err)
letters = [row['fields'] for row in ran.rows() if row.get('from') == 'alice' and row.get('kind') == 'data' and 'smtp.message' in row['fields']]
read = run('tshark', '-n', '-r', capture, '-Y', 'imf && tcp.dstport==587', '-T', 'json', '--no-duplicate-keys', '-J', 'imf mime_multipart')


def gather(value, name, out):
    """Each value of a field anywhere in what tshark says of a frame."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == name:
                out.extend(v for v in (inner if isinstance(inner, list) else [inner]) if isinstance(v, str))
            gather(inner, name, out)
    elif isinstance(value, list):
        for inner in value:
            gather(inner, name, out)
    return out


frames = [frame['_source']['layers'] for frame in json.loads(read.out)]
by_id = {}
for frame in frames:
    ids = gather(frame, 'imf.message_id', []) + gather(frame, 'imf.date', [])
    by_id.setdefault(tuple(plain(v) for v in ids), frame)
compared, wrong, letters_seen = 0, [], 0
for letter in letters:
    key = tuple(plain(v) for name in ('imf.message_id', 'imf.date') for v in ([letter[name]] if isinstance(letter.get(name), str) else letter.get(name, [])))
    frame = by_id.get(key)
    if frame is None or not key:
        continue
    letters_seen += 1
    for field in FIELDS:
        if field.startswith('mime_') and 'multipart/parallel' in str(letter.get('mime_multipart.header.content-type')):
            continue  # a type that tshark does not take apart; for us it is multipart/mixed (RFC 2046 §5.1.7)
        theirs = [plain(v) for v in gather(frame, field, [])]
        ours = letter.get(field, [])
        ours = [plain(v) for v in (ours if isinstance(ours, list) else [ours])]
        if len(ours) != len(theirs):
            wrong.append(f'{key}: {field}: {ours} {theirs}')
            continue
        for a, b in zip(ours, theirs):
            compared += 1
            if not same(field, a, b):
                wrong.append(f'{key}: {field}: {a!r} {b!r}')
check(compared > 200 and not wrong, f'{compared} values of {letters_seen} of {len(letters)} letters as tshark says; encoded words decoded: {dict(decoded)}', '\n'.join(wrong))
tap.plan()
