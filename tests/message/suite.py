#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""suite.py MAILGLASS [-v] - messages that others parsed: addresses, dates, structure, decoded text, file names.

The JSON is mail-parser's (stalwartlabs). What it means by its keys is translated here into ours; what we read otherwise, and
why, is the table DIFFERENT. -v prints every difference. Prints TAP."""
import glob
import json
import os
import re
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import tap

mailglass = sys.argv[1]
verbose = '-v' in sys.argv
suites = os.environ.get('MAILGLASS_SUITES') or os.path.join(os.path.dirname(__file__), '../../../shared/suites')
folder = os.path.join(suites, 'message')
if not os.path.isdir(folder):
    tap.skip_all('no suites')

# Where we differ, and why: aspect, place, reason. `(ours, theirs)` tells whether this is that difference.
DIFFERENT = [
    # RFC 8621 §4.1.4 puts a picture that is shown in the text into the bodies, and among the attachments only if one of the bodies
    # cannot have it; mail-parser always puts it there, too.
    ('bodies', 'attachments', lambda ours, theirs: set(ours) < set(theirs), 'inline pictures'),
    # Audio and images whose base64 is none: mail-parser makes them texts; for us they stay media that cannot be decoded.
    ('bodies', 'text_body', lambda ours, theirs: set(ours) > set(theirs), 'media that cannot be decoded'),
    ('bodies', 'html_body', lambda ours, theirs: set(ours) > set(theirs), 'media that cannot be decoded'),
]


def theirs_addresses(value):
    def person(p):
        return {'name': p['name'], 'address': p['address']}
    kind, content = next(iter(value.items()))
    if kind == 'List':
        return [person(p) for p in content]
    rows = []
    for group in content:
        people = [person(p) for p in group['addresses']]
        rows += [{'group': group['name'], 'members': people}] if group['name'] else people
    return rows


def theirs_date(d):
    zone = '-' if d['tz_before_gmt'] else '+'
    return '%04d-%02d-%02dT%02d:%02d:%02d%s%02d:%02d' % (d['year'], d['month'], d['day'], d['hour'], d['minute'], d['second'],
                                                          zone, d['tz_hour'], d['tz_minute'])


def name_of(header):
    name = header['name']
    return (name['other'] if isinstance(name, dict) else name).lower().replace('_', '-')


def text_of(value):
    """Line ends differ: the JSON was made of files with LF."""
    return value.replace('\r', '')


def bare(value):
    return re.sub(r'^<(.*)>$', r'\1', value)


class Case:
    def __init__(self, name):
        self.name, self.counts, self.wrong, self.meant = name, {}, [], []

    def same(self, aspect, place, ours, theirs):
        for meant, where, test, why in DIFFERENT:
            if ours != theirs and meant == aspect and place.endswith(where) and test(ours, theirs):
                self.meant.append(f'{self.name}: {place}: {why}: ours {ours} theirs {theirs}')
                return
        done, good = self.counts.get(aspect, (0, 0))
        self.counts[aspect] = (done + 1, good + (ours == theirs))
        if ours != theirs:
            self.wrong.append(f'{self.name}: {aspect}: {place}: ours {ours!r:.300} theirs {theirs!r:.300}')

    def headers(self, place, ours, theirs):
        self.same('fields', f'{place} names', [h['name'].lower() for h in ours], [name_of(h) for h in theirs])
        for mine, his in zip(ours, theirs):
            at = f'{place} {mine["name"]}'
            self.same('offsets', at, [mine['offset'], mine['offset'] + mine['length']], [his['offset_field'], his['offset_end']])
            value = his['value']
            if value == 'Empty':
                self.same('dates' if name_of(his) == 'date' else 'fields', at, mine.get('date'), None)
                continue
            kind, content = next(iter(value.items()))
            if kind == 'Address':
                self.same('addresses', at, mine.get('addresses'), theirs_addresses(content))
            elif kind == 'DateTime':
                self.same('dates', at, mine.get('date'), theirs_date(content))
            elif kind == 'Text':
                self.same('fields', at, bare(mine['value']), bare(content))
            elif kind == 'TextList':
                self.same('fields', at, re.sub(r'[<>,\s]+', ' ', mine['value']).strip(), ' '.join(content))

    def content(self, place, part, headers):
        """Types and parameters, the last field of each counts for them."""
        for header in headers:
            if header['value'] == 'Empty' or 'ContentType' not in header['value']:
                continue
            value = header['value']['ContentType']
            theirs = {a['name']: a['value'] for a in value['attributes'] or []}
            if name_of(header) == 'content-type':
                self.same('types', f'{place} type', part['type'], f'{value["c_type"]}/{value["c_subtype"]}')
                self.same('types', f'{place} parameters', part['parameters'], theirs)
            elif name_of(header) == 'content-disposition':
                self.same('types', f'{place} disposition', part['disposition'], value['c_type'])
                self.same('types', f'{place} disposition parameters', part['disposition_parameters'], theirs)

    def part(self, place, ours, his, headers):
        self.headers(place, headers, his['headers'])
        self.content(place, ours, his['headers'])
        self.same('offsets', f'{place} ranges', [ours['header']['offset'], ours['body']['offset'], ours['body']['offset'] + ours['body']['length']],
                  [his['offset_header'], his['offset_body'], his['offset_end']])
        kind, body = next(iter(his['body'].items()))
        mine = 'Multipart' if 'parts' in ours else 'Message' if 'message' in ours else 'Html' if ours['type'] == 'text/html' else \
            'Text' if 'text' in ours or ours.get('undecodable') else 'Binary'
        self.same('structure', f'{place} kind', mine, kind.replace('Inline', ''))
        if kind == 'Multipart' and 'parts' in ours:
            self.same('structure', f'{place} parts', [p['number'] for p in ours['parts']], body)
        elif kind == 'Message' and 'message' in ours:
            self.message(f'{place}/', ours['message'], body)
        elif kind in ('Text', 'Html') and 'text' in ours:
            self.same('texts', place, text_of(ours['text']), text_of(body))
        elif kind in ('Binary', 'InlineBinary') and 'decoded_length' in ours:
            self.same('octets', place, ours['decoded_length'], len(body))

    def message(self, place, ours, theirs):
        parts = []

        def walk(part):
            parts.append(part)
            for child in part.get('parts', []):
                walk(child)
        walk(ours['part'])
        self.same('structure', f'{place} count', len(parts), len(theirs['parts']))
        for key in ('text_body', 'html_body', 'attachments'):
            self.same('bodies', f'{place}{key}', ours[key], theirs[key])
        for i, (mine, his) in enumerate(zip(parts, theirs['parts'])):
            self.part(f'{place}{i}', mine, his, ours['headers'] if i == 0 else mine['headers'])


def parse(path):
    ran = tap.run(mailglass, 'message', 'parse', path, '--json')
    assert ran.code == 0, ran.err
    return ran.rows()[0]


files = sorted(glob.glob(os.path.join(folder, '**/*.eml'), recursive=True))
total, meant = {}, []
for path in files:
    theirs = json.load(open(path[:-4] + '.json'))
    case = Case(os.path.relpath(path, folder)[:-4])
    data = open(path, 'rb').read()
    with tempfile.NamedTemporaryFile(suffix='.eml') as copy:
        # Offsets are of the file before its line ends became CR LF.
        if len(data) != theirs['parts'][0]['offset_end']:
            data = data.replace(b'\r', b'')
        copy.write(data)
        copy.flush()
        case.message('', parse(copy.name), theirs)
        if data != open(path, 'rb').read():  # and as it is: all but the offsets
            again = Case(case.name)
            again.message('', parse(path), theirs)
            case.wrong += [w for w in again.wrong if ': offsets: ' not in w and ': octets: ' not in w and w not in case.wrong]
    for aspect, (done, good) in case.counts.items():
        total[aspect] = [a + b for a, b in zip(total.get(aspect, [0, 0]), (done, good))]
    meant += case.meant
    tap.check(not case.wrong, case.name, '\n'.join(case.wrong if verbose else case.wrong[:5]))
print('# ' + ', '.join(f'{aspect} {good}/{done}' for aspect, (done, good) in sorted(total.items())))
print(f'# {len(meant)} differences are meant')
for line in meant if verbose else []:
    print('#', line)
tap.plan()
