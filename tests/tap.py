# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests in Python share: TAP, a scratch folder, and programs that are run, started and stopped.

A test calls check() as often as it likes, and ends with main(function, …) or plan(). Programs are stopped by their own id, and the
scratch folder is removed, however the test ends."""
import atexit
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

scratch = pathlib.Path(tempfile.mkdtemp(prefix='mailglass-test-'))
scratch.chmod(0o755)  # servers give up root before they look
atexit.register(shutil.rmtree, scratch, ignore_errors=True)
environment = dict(os.environ, LC_ALL='C.UTF-8', LANGUAGE='en', HOME=str(scratch), PATH=os.environ['PATH'] + ':/usr/sbin:/sbin')
for _name in ('MAILGLASS_PROGRESS', 'MAILGLASS_LESSON_PATH'):  # what is the developer's own
    environment.pop(_name, None)
_number = _failures = 0
_running = []


# ---- TAP ----

def check(good, name, detail=''):
    """One line of TAP; what is said of a failure is the end of `detail`."""
    global _number, _failures
    _number += 1
    _failures += not good
    print('ok' if good else 'not ok', _number, '-', name, flush=True)
    if not good:
        print('\n'.join('# ' + line for line in str(detail).splitlines()[-60:]), flush=True)
    return good


def skip(name, reason):
    check(True, f'{name} # SKIP {reason}')


def skip_all(reason):
    print('1..0 # SKIP', reason)
    sys.exit(0)


def plan():
    """The last line; ends the test."""
    print(f'1..{_number}')
    sys.exit(_failures > 0)


def main(*tests):
    """Each test in turn, then the plan."""
    for test in tests:
        test()
    plan()


# ---- programs ----

class Done:
    """How a program ended. Text is as it was written: line ends are not translated."""

    def __init__(self, code, out, err):
        self.code, self.octets, self.out, self.err = code, out, out.decode(errors='replace'), err.decode(errors='replace')
        self.lines = self.out.splitlines()

    def __iter__(self):
        return iter((self.code, self.out, self.err))

    def __str__(self):
        return f'exit {self.code}\n{self.out}\n{self.err}'

    def rows(self):
        """A value of JSON a line."""
        return [json.loads(line) for line in self.lines]


def ignore_leaks():
    """Modules that were dlopen()ed hold what LeakSanitizer then takes for leaks; the unit tests look for those."""
    environment['ASAN_OPTIONS'] = os.environ.get('ASAN_OPTIONS', '') + ':detect_leaks=0'  # the last one counts


def find(name):
    """The path of a program, also where administrators have theirs; None if it is not installed."""
    return shutil.which(name, path=environment['PATH'])


def run(*words, env=None, typed='', timeout=300, **more):
    """Runs a program to its end; `code, out, err = run(…)` if all that is wanted is these."""
    done = subprocess.run([str(w) for w in words], env={**environment, **(env or {})}, capture_output=True, input=typed.encode(),
                          timeout=timeout, **more)
    return Done(done.returncode, done.stdout, done.stderr)


def start(*words, **more):
    """Starts a program, which is stopped at the latest when the test ends."""
    quiet = {'stdin': subprocess.DEVNULL, 'stdout': subprocess.DEVNULL, 'stderr': subprocess.DEVNULL, 'env': environment}
    _running.append(subprocess.Popen([str(w) for w in words], **{**quiet, **more}))
    return _running[-1]


def stop(process, how=signal.SIGINT):
    """(code, what it still said to stderr)"""
    if process in _running:
        _running.remove(process)
    if process.poll() is None:
        process.send_signal(how)
    try:
        _, err = process.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        _, err = process.communicate()
    return process.returncode, (err or b'').decode()


@atexit.register
def _stop_all():
    for process in reversed(_running[:]):
        stop(process, signal.SIGTERM)


class Listening:
    """A command of ours that says `listening ENGINE… ADDRESS:PORT` for each of its doors: `ports` by engine, `lines` as said."""

    def __init__(self, count, *words):
        self.process = start(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines = [self.process.stdout.readline().decode() for _ in range(count)]
        said = [re.fullmatch(r'listening ([\w.-]+)(?:@\S+)? 127\.0\.0\.1:(\d+)\n', line) for line in self.lines]
        self.ports = {match[1]: int(match[2]) for match in said if match}

    def stop(self):
        return stop(self.process)


def one_sentence(text):
    """Every failure is told by exactly one line, which names the command."""
    lines = text.strip().splitlines()
    return len(lines) == 1 and lines[0].startswith('mailglass ')


# ---- time and places ----

def wait_until(true, seconds=20):
    """The first true answer, or None."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = true()
        if answer:
            return answer
        time.sleep(0.05)
    return None


def free_port(*addresses):
    """A port that UDP and TCP have free at each of these addresses (127.0.0.1 if none is said)."""
    addresses = addresses or ('127.0.0.1',)
    while True:
        with socket.socket() as first:
            first.bind(('127.0.0.1', 0))
            port = first.getsockname()[1]
        try:
            for address in addresses:
                for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                    with socket.socket(socket.AF_INET, kind) as other:
                        other.bind((address, port))
        except OSError:
            continue
        return port


def greets(port, greeting):
    """Whether a server answers there with these words at first."""
    try:
        with socket.create_connection(('127.0.0.1', port), 1) as sock:
            return sock.recv(100).startswith(greeting)
    except OSError:
        return False
