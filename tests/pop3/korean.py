#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""korean.py SOURCE PLACE… - every text that is marked in these folders or files has a Korean translation.

The last is the folder that holds ko.po. Prints TAP."""
import os
import pathlib
import re
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import tap

source = pathlib.Path(sys.argv[1])
folders = [source / f for f in sys.argv[2:]]
files = [str(f) for folder in folders for f in (sorted(folder.glob('*.[ch]')) if folder.is_dir() else [folder])]


def entries(text):
    """(msgid, msgstr, fuzzy) of a .po file."""
    for block in re.split(r'\n\s*\n', text):
        strings = {'msgid': '', 'msgstr': ''}
        key = None
        for line in block.splitlines():
            match = re.match(r'(?:(msgid|msgstr) )?"(.*)"$', line)
            if match:
                key = match.group(1) or key
                strings[key] += match.group(2)
        yield strings['msgid'], strings['msgstr'], '#, fuzzy' in block


marked = tap.run('xgettext', '-kN_', '-k_', '--from-code=UTF-8', '--no-wrap', '-o', '-', *files).out
wanted = {msgid for msgid, _, _ in entries(marked) if msgid}
have = {msgid: (msgstr, fuzzy) for msgid, msgstr, fuzzy in entries((folders[-1] / 'ko.po').read_text()) if msgid}
quoted = re.compile(r'`[^`]+`')


def missing():
    return [m for m in sorted(wanted) if not have.get(m, ('', False))[0] or have[m][1]]


tests = [
    ('some texts are marked', [] if len(wanted) > 20 else [str(len(wanted))]),
    ('every text has a translation', missing()),
    ('no translation is left over', sorted(set(have) - wanted)),
    ('each translation has Hangul, or is a word of the wire',
     [m for m, (s, _) in have.items() if not re.search('[가-힣]', s) and not re.fullmatch('[A-Z0-9 ]+', s)]),
    ('what is in back quotes is the same in both',
     [m for m, (s, _) in have.items() if sorted(quoted.findall(m)) != sorted(quoted.findall(s))]),
]
for name, wrong in tests:
    tap.check(not wrong, name, '\n'.join(wrong))
tap.plan()
