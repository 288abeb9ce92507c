#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""manual.py MAILGLASS SOURCE [--write] - the manual page and bash's completion have all that the program says of itself.

What `mailglass help` and each `mailglass COMMAND --help` say is the section COMMANDS of data/mailglass.1, word for word, and the
window's options are its section OPTIONS; --write puts them there. Prints TAP."""
import os
import pathlib
import re
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import tap
from tap import check, run

mailglass, source = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
page = source / 'data' / 'mailglass.1'
completion = source / 'data' / 'mailglass.bash-completion'
window = os.environ.get('MAILGLASS_WINDOW', '')


def commands():
    """Name and summary of each command."""
    return re.findall(r'^  mailglass ([a-z]+(?: [a-z]+)?)  +(.*)$', run(mailglass, 'help').out, re.M)


def options(text):
    """Option with its value, and what it does."""
    return [row for row in re.findall(r'^  (?:-\w, )?(--[a-z-]+\S*)  +(.*)$', text, re.M) if not row[0].startswith('--help')]


def roff(text):
    text = text.replace('\\', '\\e').replace('-', '\\-').replace('…', '...')
    return '\\&' + text if text[:1] in ".'" else text


def option_rows(rows):
    return ''.join(f'.TP\n.B {roff(option)}\n{roff(what)}\n' for option, what in rows)


def section(name, summary):
    """What the manual page says of a command."""
    out, sentence = f'.SS mailglass {name}\n', roff(summary[0].upper() + summary[1:] + '.')
    if name in ('help', 'version'):
        return out + f'{sentence}\n'
    text = run(mailglass, *name.split(), '--help').out
    usage = re.search(r'^Usage:\n  (.*)$', text, re.M)[1]
    out += f'.B {roff(usage)}\n.PP\n{sentence}\n' + option_rows(options(text))
    after = text.split('Shows this help\n', 1)[1].strip()
    prose, _, examples = re.split(r'\n*^(Examples?:)\s*', after, 1, re.M)
    if prose:
        out += f'.PP\n{roff(prose)}\n'
    lines = [roff(line.strip()) for line in examples.splitlines()]
    return out + '.PP\n.nf\n' + '\n'.join(lines) + '\n.fi\n'


def of_the_window():
    return option_rows(options(run(window, '--help').out.split('Application Options:')[1]))


def between(text, head, tail):
    return text.split(f'.SH {head}\n', 1)[1].split(f'.SH {tail}\n', 1)[0]


def write():
    text = page.read_text()
    made = ''.join(section(*command) for command in commands())
    head, tail = text[:text.index('.SH OPTIONS\n')], text[text.index('.SH EXIT STATUS\n'):]
    page.write_text(f'{head}.SH OPTIONS\n{of_the_window()}.SH COMMANDS\n{made}{tail}')


def test_manual():
    text = page.read_text()
    here = between(text, 'COMMANDS', 'EXIT STATUS')
    for name, summary in commands():
        wanted = section(name, summary)
        check(wanted in here, f'the manual page has {name}, as its --help says (manual.py --write puts it there)', wanted)
    listed = re.findall(r'^\.SS mailglass (.*)$', here, re.M)
    check(listed == [name for name, _ in commands()], 'and no command that is not there', listed)
    version = run(mailglass, 'version').out.strip().replace('mailglass', 'Mailglass')
    check(f'"{version}"' in text.splitlines()[1], f'it is of {version}', text.splitlines()[1])
    if not os.path.exists(window):
        return tap.skip("the window's options", 'the window is not built')
    check(of_the_window() == between(text, 'OPTIONS', 'COMMANDS'), "it has the window's options", of_the_window())


def completed(*words):
    """What bash offers for the last of these words."""
    script = f'source {completion}\nCOMP_WORDS=("$0" "$@")\nCOMP_CWORD=$#\n_mailglass "$0" "${{!#}}"\nprintf "%s\\n" "${{COMPREPLY[@]}}"\n'
    return run('bash', '-c', script, mailglass, *words, cwd=tap.scratch).lines


def test_completion():
    names = [name for name, _ in commands()]
    first = completed('')
    check({name.split()[0] for name in names} <= set(first), 'the first words of commands are completed', first)
    check('first-mail' in first, 'and networks, which the window opens', first)
    for name in names:
        words = name.split()
        if len(words) == 2:
            offered = completed(words[0], '')
            check(words[1] in offered, f'{name} is completed', offered)
        if name in ('help', 'version'):
            continue
        wanted = {option.split('=')[0] for option, _ in options(run(mailglass, *words, '--help').out)} | {'--help'}
        offered = completed(*words, '--')
        check(set(offered) == wanted, f'{name}: its options are completed, and no others', f'{sorted(wanted)}\n{offered}')
    check(completed('lesson', 'run', 'smtp-') == ['smtp-by-hand'], 'lessons are completed', completed('lesson', 'run', 'smtp-'))
    check(completed('run', 'dns-l') == ['dns-leak'], 'networks are completed', completed('run', 'dns-l'))
    (tap.scratch / 'letter.eml').touch()
    check(completed('message', 'parse', 'let') == ['letter.eml'], 'files are completed', completed('message', 'parse', 'let'))
    if os.path.exists(window):
        wanted = {option.split('=')[0] for option, _ in options(run(window, '--help').out.split('Application Options:')[1])} | {'--help'}
        check(set(completed('--')) == wanted, "the window's options are completed", completed('--'))


if '--write' in sys.argv:
    write()
else:
    tap.main(test_manual, test_completion)
