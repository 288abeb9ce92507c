#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""drive.py BUILD SOURCE - the program with plugins that are missing, wrong, and somebody else's.

Installs the build into a scratch folder, builds the plugin of outside/ from the installed headers
alone, and runs the installed command. Prints TAP."""
import json
import os
import shutil
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import tap
from tap import check

build, source = (os.path.abspath(p) for p in sys.argv[1:3])
here = os.path.join(source, 'tests', 'plugins')
scratch = str(tap.scratch)
root = os.path.join(scratch, 'root')
tap.ignore_leaks()
for name in [name for name in tap.environment if name.startswith('MAILGLASS_')]:
    del tap.environment[name]
tap.environment['XDG_DATA_HOME'] = scratch + '/home'


def run(*words, **environment):
    return tap.run(*words, env=environment)


def find(root, name):
    for folder, _, files in os.walk(root):
        if name in files:
            return os.path.join(folder, name)
    return None


def compile_plugin(output, *flags, code=None):
    # The sanitizers of the host are not needed in the plugin: its symbols are resolved when loaded.
    pc = os.path.dirname(find(root, 'mailglass.pc'))
    cflags = run('pkg-config', '--cflags', 'mailglass', PKG_CONFIG_PATH=pc).out.split()
    # What is installed into a scratch root is there under its prefix.
    prefix = run('pkg-config', '--variable=prefix', 'mailglass', PKG_CONFIG_PATH=pc).out.strip()
    cflags = ['-I' + root + f[2:] if f.startswith('-I' + prefix + '/include') and prefix != '/usr' else f for f in cflags]
    code = code or os.path.join(here, 'outside', 'daytime.c')
    return run('gcc', '-shared', '-fPIC', '-fvisibility=hidden', '-Wall', '-Werror', *cflags, *flags, code, '-o', output)


def main():
    installed = run('meson', 'install', '-C', build, '--no-rebuild', '--quiet', DESTDIR=root)
    check(installed.code == 0, 'installs', installed.out + installed.err)
    mailglass = os.path.join(next(f for f, _, _ in os.walk(root) if os.path.basename(f) == 'bin'), 'mailglass')
    own = os.path.dirname(find(root, 'smtp.so'))
    data = os.path.dirname(os.path.dirname(find(root, 'glossary.md')))  # …/share/mailglass/lessons/glossary.md
    for name in ('org.mailglass.Mailglass.desktop', 'org.mailglass.Mailglass.svg', 'mailglass.1', 'mailglass.pc',
                 'plugin.h', 'mailglass', 'mailglass.mo', 'org.mailglass.Mailglass.metainfo.xml', 'mailglass-window',
                 'lesson.md', 'glossary.md'):
        check(find(root, name) or find(root, name + '.gz'), f'{name} is installed')

    lessons = sorted(f for f in os.listdir(os.path.join(source, 'lessons'))
                     if os.path.exists(os.path.join(source, 'lessons', f, 'lesson.md')))
    shelf = {'MAILGLASS_PLUGIN_PATH': own, 'MAILGLASS_DATA': data}
    listed = run(mailglass, 'lesson', 'list', '--json', **shelf)
    found = {row['id']: row for row in map(json.loads, listed.lines)}
    check(sorted(found) == lessons and all(r['folder'].startswith(root) and not r['problems'] for r in found.values()),
          'the installed lessons are found, and sound', listed.out + listed.err)
    for lesson in ('first-mail', 'smtp-by-hand'):  # a network that is shipped, and one of its own
        proved = run(mailglass, 'lesson', 'check', lesson, **shelf)
        check(proved.code == 0, f'{lesson} is proved where it is installed', proved.out + proved.err)

    theirs = os.path.join(scratch, 'theirs')
    os.mkdir(theirs)
    built = compile_plugin(theirs + '/daytime.so')
    check(built.code == 0, 'a plugin builds outside the tree from the installed headers', built.err)
    include = run('gcc', '-M', '-I' + os.path.dirname(os.path.dirname(find(root, 'plugin.h'))),
                  *run('pkg-config', '--cflags', 'glib-2.0').out.split(), os.path.join(here, 'outside', 'daytime.c'))
    check(source not in include.out.replace(os.path.join(here, 'outside'), ''), 'it sees nothing of the tree', include.out)

    env = {'MAILGLASS_PLUGIN_PATH': own + ':' + theirs, 'MAILGLASS_DATA': data}
    listed = run(mailglass, 'plugin', 'list', **env)
    check(listed.code == 0 and 'daytime' in listed.out, 'it is listed', listed.out + listed.err)
    ran = run(mailglass, 'run', os.path.join(here, 'outside', 'network'), '--json', **env)
    rows = [json.loads(line) for line in ran.lines]
    check(ran.code == 0 and any(r.get('protocol') == 'daytime' and r.get('kind') == 'answer' and
          r['fields']['daytime.string'].startswith('1772442000 ') for r in rows), 'its engines talk in a network',
          ran.out + ran.err)

    # The plugin in the user's own folder.
    os.makedirs(scratch + '/home/mailglass/plugins')
    shutil.copy(theirs + '/daytime.so', scratch + '/home/mailglass/plugins/')
    listed = run(mailglass, 'plugin', 'list', MAILGLASS_PLUGIN_PATH=own)
    check('daytime' in listed.out, "it is found in the user's folder", listed.out + listed.err)
    shutil.rmtree(scratch + '/home')

    # Wrong ones: one clear line each, and the program goes on.
    wrong = os.path.join(scratch, 'wrong')
    os.mkdir(wrong)
    compile_plugin(wrong + '/other-abi.so', '-DMG_OTHER_ABI', code=os.path.join(here, 'outside', 'other-abi.c'))
    open(wrong + '/broken.so', 'w').write('this is not a shared object\n')
    open(wrong + '/empty.c', 'w').write('int nothing; int nothing = 1;\n')
    compile_plugin(wrong + '/no-symbol.so', code=wrong + '/empty.c')
    shutil.copy(own + '/smtp.so', wrong + '/taken.so')
    env['MAILGLASS_PLUGIN_PATH'] = own + ':' + wrong
    listed = run(mailglass, 'plugin', 'list', **env)
    lines = (listed.out + listed.err).splitlines()
    for name, words in (('other-abi', ('ABI', '99')), ('broken', ()), ('no-symbol', ('mg_plugin',)), ('taken', ('smtp',))):
        hits = [line for line in lines if name + '.so' in line]
        check(len(hits) == 1 and all(w in hits[0] for w in words), f'{name}: one clear line', '\n'.join(lines))
    check(any(line.lstrip().startswith('smtp') for line in lines), 'the good ones are still there', '\n'.join(lines))
    ran = run(mailglass, 'run', 'first-mail', '--quiet', **env)
    check(ran.code == 0, 'and a network still runs', ran.out + ran.err)

    # One removed: what needs it says so by name.
    few = os.path.join(scratch, 'few')
    os.mkdir(few)
    for name in ('smtp.so', 'dns.so'):
        shutil.copy(os.path.join(own, name), few)
    os.rename(own, own + '.away')
    ran = run(mailglass, 'run', 'two-domains', MAILGLASS_PLUGIN_PATH=few, MAILGLASS_DATA=data)
    check(ran.code == 3 and 'pop3' in ran.err and 'network.ini:' in ran.err,
          'a network that needs a missing plugin says which', ran.out + ran.err)
    listed = run(mailglass, 'plugin', 'list', MAILGLASS_PLUGIN_PATH=few)
    check(listed.code == 0 and 'pop3' not in listed.out, 'and the rest goes on', listed.out)


tap.main(main)
