#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""names.py IMAP-SAY SOURCE - our names for the octets of IMAP are tshark's, in a session with Dovecot and in the
captures of shared/suites that hold IMAP. Prints TAP.

tshark looks at lines and knows nothing of literals, nor of passwords in them, so lines are compared that belong to no
literal. It takes the first key of a search for a mailbox, and the first word behind a state for a command: neither is
compared."""
import ast
import os
import pathlib
import re
import socket
import struct
import sys

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'), os.path.dirname(os.path.abspath(__file__))]
import tap
from dovecot import Dovecot
from tap import check, run

say, source = sys.argv[1], pathlib.Path(sys.argv[2])
suites = pathlib.Path(os.environ.get('MAILGLASS_SUITES') or source / '../shared/suites')
FIELDS = ['imap.line', 'imap.request', 'imap.request_tag', 'imap.request.command', 'imap.request.command.uid',
          'imap.request.folder', 'imap.request.username', 'imap.request.password', 'imap.response', 'imap.response_tag',
          'imap.response.status']
LETTER = (b'From: Alice <alice@example.com>\r\nTo: bob@example.net\r\nSubject: =?utf-8?q?caf=C3=A9?=\r\nMIME-Version: 1.0\r\n'
          b'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b\r\n'
          b'Content-Type: image/png; name="a.png"\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b--\r\n')


# ---- two streams, as turns ----

def name_streams(turns, name):
    """What we say of turns (b'C' or b'S', octets): a list of (who, summary, [(field, raw, value)])."""
    path = tap.scratch / f'{name}.streams'
    path.write_bytes(b''.join((b'\0' if who == 'C' else b'\1') + octets for who, octets in turns))
    ran = run(say, path)
    check(ran.code == 0, f'{name}: all of it is named', ran.err)
    units = []
    for line in ran.lines:
        words = [text(w) for w in line.split('\t')]
        if words[0] == 'unit':
            units.append((words[1], words[3], []))
        elif words:
            units[-1][2].append((words[0], words[2], words[3]))
    return units


def text(word):
    """A word as g_strescape() wrote it."""
    quoted = "'" + word.replace("'", "\\'") + "'"
    return ast.literal_eval('b' + quoted).decode('utf-8', 'replace') if '\\' in word else word


def write_capture(turns, path):
    """The turns as a capture of raw IPv4, port 143, a packet for each line, so that tshark looks at each alone."""
    octets, sent, number = struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101), {'C': 1, 'S': 1}, 0
    for who, turn in turns:
        for piece in re.findall(rb'[^\n]*\n|[^\n]+$', turn):
            other, number = 'S' if who == 'C' else 'C', number + 1
            ports = (40000, 143) if who == 'C' else (143, 40000)
            ends = (b'\x0a\0\0\1', b'\x0a\0\0\2') if who == 'C' else (b'\x0a\0\0\2', b'\x0a\0\0\1')
            segment = struct.pack('>HHIIBBHHH', *ports, sent[who], sent[other], 0x50, 0x18, 65535, 0, 0) + piece
            packet = struct.pack('>BBHHHBBH', 0x45, 0, 20 + len(segment), 1, 0, 64, 6, 0) + b''.join(ends) + segment
            octets += struct.pack('<IIII', number, 0, len(packet), len(packet)) + packet
            sent[who] += len(piece)
    path.write_bytes(octets)


def tshark(path, *words):
    return run('tshark', '-n', '-r', path, *words)


def their_values(path):
    """What tshark says: for each field all its values, in order."""
    values = {}
    for field in FIELDS:
        out = tshark(path, '-Y', 'imap', '-T', 'fields', '-E', 'occurrence=a', '-E', 'aggregator=\x1f', '-e', field).out
        values[field] = [v.replace('\\r\\n', '\r\n') for line in out.split('\n') if line for v in line.split('\x1f')]
        if field.endswith('.uid'):
            values[field] = [v.lower().replace('1', 'true') for v in values[field]]
    return values


def our_values(units):
    values = {field: [] for field in FIELDS}
    for who, _, fields in units:
        for field, raw, _ in fields:
            if field in values:
                values[field].append(raw)
    return values


def compare(name, path, units):
    theirs, ours, n = their_values(path), our_values(units), 0
    for field in FIELDS:
        n += len(theirs[field])
        check(theirs[field] == ours[field], f'{name}: {field}: {len(theirs[field])} values as tshark says',
              f'ours:   {ours[field]}\ntshark: {theirs[field]}')
    check(n > 10, f'{name}: {n} values were compared')


# ---- a session with Dovecot ----

class Session:
    """A client that writes down what both ends say."""

    def __init__(self, port):
        self.socket = socket.create_connection(('127.0.0.1', port))
        self.socket.settimeout(10)
        self.turns, self.number = [], 0
        self.hear(rb'\r\n')

    def hear(self, until):
        heard = b''
        while not re.search(until, heard, re.M):
            more = self.socket.recv(65536)
            if not more:
                break
            heard += more
        self.turns.append(('S', heard))
        return heard

    def say(self, *lines):
        """A command, and what follows each time that the server has said to go on."""
        self.number += 1
        tag = b'a%d' % self.number
        for i, line in enumerate(lines):
            octets = (tag + b' ' if i == 0 else b'') + line + b'\r\n'
            self.turns.append(('C', octets))
            self.socket.sendall(octets)
            self.hear(rb'^\+.*\r\n' if i + 1 < len(lines) else rb'^' + tag + rb' .*\r\n')


# Lines without literals: all is compared with tshark.
PLAIN = ['CAPABILITY', 'LOGIN bob "secret"', 'NAMESPACE', 'CREATE "&vPStAA-"', 'CREATE Work', 'LIST "" "*"', 'SUBSCRIBE Work', 'LSUB "" *',
         'STATUS INBOX (MESSAGES UIDNEXT UNSEEN)', 'SELECT INBOX', 'EXAMINE "INBOX"', 'SELECT INBOX',
         'FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE BODYSTRUCTURE)', 'STORE 1 +FLAGS.SILENT (\\Flagged work)',
         'UID STORE 1 FLAGS (\\Answered)', 'SORT (REVERSE DATE) UTF-8 ALL',
         'THREAD REFERENCES UTF-8 ALL', 'COPY 1 Work', 'EXPUNGE', 'CHECK', 'UNSUBSCRIBE Work', 'DELETE Work', 'NOOP', 'FROB x', 'CLOSE',
         'UNSELECT', 'LOGOUT']
# With literals: what tshark cannot tell, we can.
LITERALS = [(b'LOGIN {3}', b'bob {6}', b'secret'), (b'APPEND INBOX (\\Seen) {%d}' % len(LETTER), LETTER),
            (b'APPEND INBOX {%d+}\r\n%s' % (len(LETTER), LETTER),), (b'SELECT INBOX',), (b'FETCH 1 (ENVELOPE BODY[])',),
            (b'UID SEARCH SUBJECT {3}', b'caf SEEN'), (b'FETCH 1:2 BODY.PEEK[HEADER.FIELDS (TO)]',), (b'IDLE', b'DONE'), (b'LOGOUT',)]


def values_of(units, field):
    return [value for _, _, fields in units for name, _, value in fields if name == field]


def compare_dovecot():
    server = Dovecot('bob', 'secret')
    if server.why:
        tap.skip('Dovecot', server.why)
        return
    session = Session(server.port)
    for words in LITERALS:
        session.say(*words)
    units = name_streams(session.turns, 'literals')
    check(values_of(units, 'imap.request.password') == ['secret'] and values_of(units, 'imap.request.username') == ['bob'],
          'a login by literals: the name and the password', [u[2] for u in units[:8]])
    check(values_of(units, 'imf.subject').count('café') >= 3, 'a message that is put in and fetched is named as one',
          values_of(units, 'imf.subject'))
    check(values_of(units, 'imap.envelope.subject') == ['café'], 'the subject in an envelope is decoded')
    check(values_of(units, 'imap.request.search.value') == ['caf'], 'a literal in a search is its value', values_of(units, 'imap.request.search.value'))
    status = values_of(units, 'imap.response.status')
    check(status.count('OK') >= len(LITERALS) and 'BAD' not in status, 'and Dovecot understood all of it', status)
    session = Session(server.port)
    for line in PLAIN:
        session.say(line.encode())
    server.stop()
    path = tap.scratch / 'dovecot.pcap'
    write_capture(session.turns, path)
    compare('dovecot', path, name_streams(session.turns, 'dovecot'))


# ---- captures ----

def read_turns(path):
    """What a capture holds up to TLS, from tshark's own reassembly."""
    out = tshark(path, '-Y', 'tcp.len > 0', '-T', 'fields', '-e', 'tcp.dstport', '-e', 'tcp.payload').lines
    turns = [('C' if port == '143' else 'S', bytes.fromhex(payload.replace(':', '')))
             for port, payload in (line.split('\t') for line in out if '\t' in line)]
    return [(who, bytes(o for o in octets if o > 1)) for who, octets in turns]


def compare_capture(path):
    units = name_streams(read_turns(path), path.name)
    compare(path.name, path, units)
    if 'starttls' in path.name:
        said = [summary for _, summary, _ in units]
        check(any(s.endswith('STARTTLS') for s in said) and said[-1].startswith('TLS, '), 'after STARTTLS comes TLS', said)


if tap.find('tshark') is None:
    tap.skip_all('tshark is not installed')
captures = sorted((suites / 'captures' / 'zeek').glob('*imap*.pcap'))
if not captures:
    tap.skip('captures', 'shared/suites is not here')
tap.main(compare_dovecot, *(lambda path=path: compare_capture(path) for path in captures))
