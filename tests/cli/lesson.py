#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""lesson.py MAILGLASS SOURCE - mailglass lesson, as teachers, students and scripts use it. Prints TAP."""
import csv
import io
import os
import re
import shutil
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import tap
from tap import check

mailglass, source = sys.argv[1:3]
lessons = os.path.join(source, 'lessons')
shipped = sorted(n for n in os.listdir(lessons) if os.path.exists(os.path.join(lessons, n, 'lesson.md')))
scratch = str(tap.scratch)
tap.environment['XDG_DATA_HOME'] = os.path.join(scratch, 'data')


def ours(*words, typed='', **environment):
    return tap.run(mailglass, 'lesson', *words, typed=typed, env=environment)


def progress(name):
    """A learner's own file."""
    return {'MAILGLASS_PROGRESS': os.path.join(scratch, name + '.ini')}


def usage():
    broken = os.path.join(scratch, 'broken.ini')
    open(broken, 'w').write('no key file\n')
    new = os.path.join(scratch, 'used')
    ours('new', new)
    for words, code, said in [
            (['list', '--help'], 0, None), (['show', '--help'], 0, None), (['run', '--help'], 0, None), (['check', '--help'], 0, None),
            (['new', '--help'], 0, None), (['report', '--help'], 0, None), (['show', 'pop3'], 0, None), (['list'], 0, None),
            ([], 2, 'list'), (['sing'], 2, 'list'), (['show'], 2, 'one lesson'), (['run'], 2, 'one lesson'), (['check'], 2, '--all'),
            (['new'], 2, 'one folder'), (['show', 'pop3', 'nslookup'], 2, 'one lesson'), (['run', 'pop3', 'x'], 2, 'one lesson'),
            (['check', '--all', 'pop3'], 2, '--all'), (['list', '--nonsense'], 2, '--nonsense'),
            (['show', 'pop3', '--language', 'fr'], 2, 'en and ko'), (['run', 'pop3', '--language', 'fr'], 2, 'en and ko'),
            (['run', 'pop3', '--step', '99'], 2, '--step 99'), (['run', 'pop3', '--step', '0'], 2, '--step 0'),
            (['run', 'pop3', '--step', 'nonsense'], 2, '--step nonsense'),
            (['show', 'no-such'], 3, 'smtp-by-hand'), (['run', 'no-such'], 3, 'smtp-by-hand'), (['check', 'no-such'], 3, 'no-such'),
            (['new', new], 3, 'lesson.md'), (['new', broken + '/x'], 3, 'broken.ini'), (['report', broken], 3, 'broken.ini'),
            (['report', '/nonexistent.ini'], 3, '/nonexistent.ini')]:
        got = ours(*words)
        good = got.code == code and (said is None or (said in got.err and got.err.startswith('mailglass')))
        check(good and (code == 0) == (got.err == '') and (code != 0 or got.out != ''), f'{" ".join(words)}: exit {code}', got)
    got = ours('list', '--help', LANGUAGE='ko')
    check('단원' in got.out or '수업' in got.out, 'help speaks Korean', got)


def listed():
    rows = {row['id']: row for row in ours('list', '--json').rows()}
    keys = ['id', 'folder', 'group', 'title', 'minutes', 'steps', 'passed', 'finished', 'problems']
    check(set(shipped) == set(rows) and all(list(row) == keys for row in rows.values()), 'list --json has every lesson', rows)
    check(all(row['minutes'] > 0 and row['steps'] > 5 and row['problems'] == [] for row in rows.values()), 'and what they are', rows)
    text = ours('list')
    check(all(re.search(rf'^  {re.escape(name)} ', text.out, re.M) for name in shipped) and
          text.lines[0] == 'The way of a mail', 'list says the same in text', text)
    korean = ours('list', LANGUAGE='ko')
    check(korean.code == 0 and '손으로 하는 SMTP' in korean.out and not re.search('^[A-Z][a-z]+ [a-z]', korean.out, re.M),
          'and in Korean', korean)
    # A folder of one's own: one lesson that works, one that does not, one instead of a shipped one.
    own = os.path.join(scratch, 'own')
    for name in ('mine', 'pop3'):
        ours('new', os.path.join(own, name))
    shutil.copytree(os.path.join(source, 'tests/lesson/twenty'), os.path.join(own, 'twenty'))
    rows = {row['id']: row for row in ours('list', '--json', MAILGLASS_LESSON_PATH=own).rows()}
    check(rows['mine']['steps'] == 2 and rows['pop3']['title'] == 'My lesson' and rows['pop3']['folder'] == os.path.join(own, 'pop3'),
          'MAILGLASS_LESSON_PATH is looked at first', rows)
    check(rows['twenty']['title'] is None and len(rows['twenty']['problems']) > 10, 'a broken one is listed with what is wrong', rows)
    text = ours('list', MAILGLASS_LESSON_PATH=own)
    check('cannot be used' in text.out and own in text.out and text.code == 0, 'in text, too', text)
    check(ours('run', 'twenty', MAILGLASS_LESSON_PATH=own).code == 3, 'and is not run')


def shown():
    for name in shipped:
        for language, other in (('en', 'ko'), ('ko', 'en')):
            plain, notes = ours('show', name, '--language', language), ours('show', name, '--language', language, '--notes')
            source_text = open(os.path.join(lessons, name, 'lesson.md')).read()
            titles = [t for t in re.findall(rf'^### {language}: (.*)$', source_text, re.M)]
            check(plain.code == notes.code == 0 and all(t.replace('`', '') in plain.out for t in titles) and
                  len(notes.lines) > len(plain.lines) and not re.search(r'\*\*|\]\(', notes.out), f'show {name} in {language}', plain)
            check(bool(re.search('[가-힣]{2}', plain.out)) == (language == 'ko') or name == 'nslookup', f'and in {language} alone', plain)
    check('For the teacher' in ours('show', 'pop3', '--notes').out, 'notes are for the teacher')
    check('For the teacher' not in ours('show', 'pop3').out, 'and for nobody else')


def checked():
    for name in shipped:
        got = ours('check', name)
        check(got.code == 0 and got.err == '' and re.fullmatch(rf'{name}: sound \(\d+ steps\)\n', got.out), f'check {name}: sound', got)
    every = ours('check', '--all')
    check(every.code == 0 and len(every.lines) == len(shipped) and all(': sound (' in line for line in every.lines), 'check --all', every)
    folder = os.path.join(source, 'tests/lesson/twenty')
    wanted = open(os.path.join(folder, 'problems.txt')).read().replace('DATA', source).splitlines()
    got = ours('check', folder)
    check(got.code == 1 and [line.split('lesson.md:', 1)[1] for line in got.lines] == wanted and got.err == '' and
          all(line.startswith(folder + '/lesson.md:') for line in got.lines), 'twenty mistakes: twenty lines', got)
    both = ours('check', folder, 'pop3')
    check(both.code == 1 and 'pop3: sound' in both.out, 'a good one beside it is sound', both)
    mixed = ours('check', 'pop3', 'no-such')
    check(mixed.code == 3 and 'pop3: sound' in mixed.out and 'no-such' in mixed.err, 'and what is not there is said', mixed)
    file = ours('check', os.path.join(lessons, 'pop3', 'lesson.md'))
    check(file.code == 0, 'check lesson.md itself', file)
    # The glossary is judged with the lesson that it is for.
    folder = os.path.join(scratch, 'glossed', 'mine')
    ours('new', folder)
    glossary = os.path.join(scratch, 'glossed', 'glossary.md')
    open(glossary, 'w').write('## word\n### en: word\nMeaning.\n')
    got = ours('check', folder)
    check(got.code == 1 and len(got.lines) == 1 and 'glossary.md:2: error: ' in got.out, 'a glossary is judged, too', got)
    korean = ours('check', os.path.join(source, 'tests/lesson/twenty'), LANGUAGE='ko')
    check(korean.code == 1 and len(korean.lines) == 20 and all(re.search('[가-힣]', line) for line in korean.lines),
          'mistakes are said in Korean', korean)


def made():
    folder = os.path.join(scratch, 'made', 'mine')
    new = ours('new', folder)
    got = ours('check', folder)
    check(new.code == 0 and got.code == 0 and got.out == 'mine: sound (2 steps)\n', 'new makes what check finds sound', got)
    check(ours('run', folder, typed=':1\n\n\n', **progress('made')).code == 0, 'which can be taken')


def steps_of(name):
    """What is typed in each step, as the lesson's file tells it: (lines, letters, predicted)."""
    text = open(os.path.join(lessons, name, 'lesson.md')).read()
    for step in re.split(r'^## .*$', text, flags=re.M)[1:]:
        fences = re.findall(r'^```(\w+)\n(.*?)^```$', step, re.M | re.S)
        lines = [line for word, body in fences if word == 'solution' for line in body.splitlines() if line and line[0] != '#']
        letters = [chr(ord('a') + re.findall(r'^\((.)\)', body, re.M).index('x')) for word, body in fences if word == 'quiz']
        yield lines, letters, any(word == 'run' and 'predict: yes' in body for word, body in fences)


def script_of(name, prefixed=True):
    typed = []
    for lines, letters, predicted in steps_of(name):
        lines = lines if prefixed else [re.sub('^alice> ', '', line) for line in lines]
        typed += letters + lines if predicted else lines + letters
        typed.append('')
    return typed


def taken():
    for name in shipped:
        got = ours('run', name, typed='\n'.join(script_of(name)) + '\n', **progress('typed-' + name))
        check(got.code == 0 and 'the lesson is done' in got.out and '✗' not in got.out and ' ! ' not in got.out and got.err == '',
              f'{name}: typed from the first step to the last', got)
    row = [r for r in ours('list', '--json', **progress('typed-pop3')).rows() if r['id'] == 'pop3'][0]
    check(row['finished'] and row['passed'] == row['steps'], 'and it is kept', row)
    check('done' in ours('list', **progress('typed-pop3')).out, 'and listed')
    bare = script_of('smtp-by-hand', prefixed=False)
    got = ours('run', 'smtp-by-hand', typed='\n'.join(bare) + '\n', **progress('bare'))
    check(got.code == 0 and '220' in got.out, 'smtp-by-hand: at the console that waits, the line alone is enough', got)
    crlf = ours('run', 'smtp-by-hand', typed='\r\n'.join(bare) + '\r\n', **progress('crlf'))
    check(crlf.code == 0 and crlf.out == got.out, 'with other line ends', crlf)
    for name in shipped:
        typed = ':solution\n\n' * len(list(steps_of(name)))
        got = ours('run', name, '--language', 'ko', typed=typed, **progress('solved'))
        check(got.code == 0 and re.search('[가-힣]', got.out) and not re.search(r'^  ! ', got.out, re.M), f'{name}: by its solutions, in Korean', got)


def unfinished():
    mine = progress('unfinished')
    script = script_of('smtp-by-hand')
    third = [i for i, line in enumerate(script) if line == ''][2]
    got = ours('run', 'smtp-by-hand', typed='\n'.join(script[:third + 1]) + '\n', **mine)
    check(got.code == 1 and 'the lesson is done' not in got.out, 'a script that ends too early: exit 1', got)
    title = [line for line in got.lines if line.startswith('== Step 4 of')]
    got = ours('run', 'smtp-by-hand', typed=':quit\n', **mine)
    check(got.code == 1 and [line for line in got.lines if line.startswith('== ')] == title, 'it goes on where it was left', got)
    got = ours('run', 'smtp-by-hand', typed='\n'.join(script[third + 1:]) + '\n', **mine)
    check(got.code == 0, 'and can be finished from there', got)
    got = ours('run', 'smtp-by-hand', typed=':quit\n', **mine)
    check('== Step 1 of' in got.out, 'what was finished begins anew', got)
    got = ours('run', 'smtp-by-hand', '--step', 'envelope', typed=':quit\n', **mine)
    number = re.search(r'== Step (\d+) of', got.out).group(1)
    again = ours('run', 'smtp-by-hand', '--step', number, typed=':quit\n', **mine)
    check(got.out == again.out and int(number) > 3, '--step by its id and by its number', got)
    check(ours('run', 'smtp-by-hand', typed='', **progress('nothing')).code == 1, 'nothing typed: exit 1')
    check(ours('run', 'smtp-by-hand', typed='\n' * 30, **progress('enters')).code == 1, 'Enter alone does not finish it')
    skipped = ours('run', 'smtp-by-hand', typed=':next\n' * 30, **progress('skips'))
    check(skipped.code == 1 and 'this is the last step' in skipped.out, 'nor does skipping', skipped)


def words():
    got = ours('run', 'smtp-by-hand', typed='\n'.join(
        [':help', ':check', ':hint', ':hint', ':hint', ':nonsense', 'EHLO x', ':back', ':9', ':z', 'a', ':ko', ':en', ':1', 'HALLO', 'alice dance',
         ':again', 'alice talk smtp://nobody.example.net', 'zoe> x', ':next', 'NOOP', 'b', ':back', ':quit']) + '\n', **progress('words'))
    for said in ('begins this step again', '✗ The server has not greeted you yet.', '(:hint helps)', 'Without a number it is port 25',
                 'there is no further hint', 'there is no :nonsense', 'no console is open', 'this is the first step', 'no such line to try',
                 'nothing is asked here', '서버가 먼저 말합니다', '500 5.5.1', 'cannot "dance"', 'first say what you expect',
                 '✓ Yes. EHLO asks'):
        check(said in got.out, f'run says: {said}', got)
    check(got.code == 1 and got.err == '', 'and survives what is typed', got)
    got = ours('run', 'dns-leak', '--step', 'repair', typed=':2\n:1\n:2\n:again\n:1\n:2\n', **progress('depths'))
    set_in = {len(line.split(' DNS ')[1]) - len(line.split(' DNS ')[1].lstrip()) for line in got.out.splitlines() if ' → tld ' in line}
    check(len(set_in) == 1, 'a step that begins again sets its lines in as before', got)
    wild = ''.join(chr(c) for c in range(1, 127)) * 20 + '\n' + 'x' * 100000 + '\n:\n: \n::\n>\n> \nalice>\n!\n!link\nwait\nwait x\nalice\nalice \n'
    got = ours('run', 'smtp-by-hand', typed=wild, **progress('wild'))
    check(got.code == 1 and got.err == '', 'whatever it is', got)


def reported():
    files = []
    for learner in ('Kim, Minji', '=cmd', '박서준'):
        path = os.path.join(scratch, f'{len(files)}.ini')
        open(path, 'w').write(f'[learner]\nname={learner}\n')
        ours('run', 'smtp-by-hand', typed=':check\n:hint\nalice talk smtp://mx.example.net\n\na\nb\n\n:solution\n', MAILGLASS_PROGRESS=path)
        files.append(path)
    got = ours('report', *files)
    rows = list(csv.DictReader(io.StringIO(got.octets.decode(), newline='')))
    check(got.code == 0 and got.octets.count(b'\r\n') == got.octets.count(b'\n') == len(rows) + 1, 'report is CSV by RFC 4180', got)
    check([r['learner'] for r in rows] == sum(([who] * 3 for who in ('Kim, Minji', "'=cmd", '박서준')), []), 'a row a step of each', rows)
    check([(r['step'], r['attempts'], r['hints'], r['solution'], r['wrong']) for r in rows[:3]] ==
          [('connect', '1', '1', 'false', '0'), ('hello', '0', '0', 'false', '1'), ('helo', '0', '0', 'true', '0')], 'with what was done', rows)
    check(all(bool(re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ', r['passed'])) for r in rows), 'and when', rows)
    parsed = ours('report', '--json', *files).rows()
    check(len(parsed) == len(rows) and parsed[3]['learner'] == '=cmd' and parsed[0]['attempts'] == 1 and parsed[2]['solution'] is True,
          'and in JSON', parsed)
    got = ours('report', files[0], '/nonexistent.ini', files[2])
    check(got.code == 3 and '/nonexistent.ini' in got.err and '박서준' in got.out, 'one that is missing hides no other', got)
    own = ours('report', MAILGLASS_PROGRESS=files[2])
    check(own.code == 0 and len(own.lines) == 4, "one's own", own)
    none = ours('report', **progress('none'))
    check(none.code == 0 and none.out == 'learner,lesson,step,passed,attempts,hints,solution,wrong\r\n' and
          not os.path.exists(progress('none')['MAILGLASS_PROGRESS']), 'nothing done: a header, and no file', none)


tap.main(usage, listed, shown, checked, made, taken, unfinished, words, reported)
