# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays imaptest's scripts to a server: connections, the mailbox as a script wants it, and what went otherwise than it says."""
import collections
import re
import socket
import time
import urllib.parse

from script import LITERAL, Malformed, Match, RawLiteral, Reader, Text, expand, expand_literal

SECONDS = 15  # for a command
IDLE_SECONDS = 2  # that IDLE waits for what a script wants
MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split()
FROM = re.compile(rb'From \S.*? +\w{3} (\w{3}) +(\d+) (\d\d:\d\d:\d\d) (\d{4})(?: ([+-]\d{4}))?[ \r]*$')
APPEND = re.compile(rb'append(?: +(?P<box>"(?:[^"\\]|\\.)*"|[^\s("]+))?(?P<flags> +\([^()]*\))?(?P<date> +"[^"]*")?', re.I)
Server = collections.namedtuple('Server', 'port user password')
Failure = collections.namedtuple('Failure', 'line command expected got')


class Lost(Exception):
    """The script cannot go on: the connection is no more, the server is silent, or a variable has no value."""

    def __init__(self, why, line=None):
        super().__init__(why)
        self.line = line


class Letters:
    """The messages of a mailbox file in turn, from the first again after the last: (date as IMAP has it, octets)."""

    def __init__(self, octets):
        self.letters, self.at = [], 0
        for line in octets.splitlines(keepends=True):
            start = FROM.match(line.rstrip(b'\n'))
            if start:
                month, day, clock, year, zone = (part.decode() if part else '+0000' for part in start.groups())
                if month not in MONTHS:
                    raise Malformed(f'no month: {line!r}')
                self.letters.append([f'{int(day):2}-{month}-{year} {clock} {zone}'.encode(), b''])
            elif self.letters:
                self.letters[-1][1] += line.removesuffix(b'\n').removesuffix(b'\r') + b'\r\n'

    def next(self):
        if not self.letters:
            raise Malformed('the mailbox file has no messages')
        self.at += 1
        return self.letters[(self.at - 1) % len(self.letters)]


class Connection:
    """A connection to a server. It keeps count of the messages, for $N, and minds that the server counts right."""

    def __init__(self, server):
        self.server = server
        self.socket = socket.create_connection(('127.0.0.1', server.port), SECONDS)
        self.rest, self.count, self.exists, self.alive, self.capabilities = b'', 0, None, [], set()
        self.greeting = self.line(time.monotonic() + SECONDS)

    def close(self):
        self.socket.close()

    def line(self, end):
        """A line with its literals, without the last CR LF."""
        at, octets = 0, self.rest
        while True:
            stop = octets.find(b'\r\n', at)
            if stop >= 0:
                literal = re.search(rb'~?\{\d+\+?\}\r\n$', octets[at:stop + 2])
                if not literal:
                    self.rest = octets[stop + 2:]
                    return octets[:stop]
                at = stop + 2 + int(LITERAL.match(literal[0])[1])
            while len(octets) < at or octets.find(b'\r\n', at) < 0:
                octets += self.more(end)

    def more(self, end):
        left = end - time.monotonic()
        try:
            self.socket.settimeout(max(left, 0.01))
            octets = self.socket.recv(65536)
        except socket.timeout:
            raise Lost('the server is silent') from None
        except OSError as error:
            raise Lost(str(error)) from None
        if not octets:
            raise Lost('the server closed the connection')
        return octets

    def send(self, octets):
        try:
            self.socket.sendall(octets)
        except OSError as error:
            raise Lost(str(error)) from None

    def say(self, pieces, tag=None):
        """Tells a command that is not the script's; (untagged lines, the line with the result)."""
        lines = []
        self.count += 1
        tag = tag or b'setup%d' % self.count
        end = time.monotonic() + SECONDS
        for i, piece in enumerate(pieces):
            if i % 2:
                piece = bytes(piece)
            elif i + 1 < len(pieces):
                piece += b'{%d}\r\n' % len(pieces[i + 1])
            else:
                piece += b'\r\n'
            self.send((tag + b' ' if i == 0 else b'') + piece)
            while i % 2 == 0 and i + 1 < len(pieces):
                line = self.line(end)
                if line.startswith(b'+'):
                    break
                if line.startswith(tag + b' '):
                    return lines, line[len(tag) + 1:]
                lines.append(line)
        while True:
            line = self.line(end)
            if line.startswith(tag + b' '):
                return lines, line[len(tag) + 1:]
            lines.append(line)
            self.seen(Reader(line[2:]).tree(), ())

    def must(self, *pieces):
        lines, result = self.say(pieces)
        if result[:3].upper() != b'OK ':
            raise Lost(f'the server says to {pieces[0].decode()}: {result.decode(errors="replace")}')
        return lines

    def learn(self):
        """What the server can."""
        self.capabilities = set()
        for line in self.must(b'CAPABILITY'):
            if line.upper().startswith(b'* CAPABILITY '):
                self.capabilities |= set(line.decode().upper().split()[2:])
        return self.capabilities

    def login(self):
        self.must(b'LOGIN "%b" "%b"' % (self.server.user.encode(), self.server.password.encode()))
        self.learn()

    def append(self, box, letter):
        date, octets = letter
        self.must(b'APPEND %b "%b" ' % (box, date), octets, b'')

    # ---- numbers of messages ----

    def begin(self):
        """A command begins: $N is where message N is from now on."""
        self.alive = list(range(1, 10000))

    def place(self, number):
        return self.alive.index(number) + 1 if number in self.alive else None

    def seen(self, tree, doing):
        """What an untagged reply changes; (str) what is wrong with it, if anything is."""
        words = [bytes(item).upper() if isinstance(item, Text) else b'' for item in tree[:2]] + [b'', b'']
        if not words[0].isdigit():
            return None
        number, wrong = int(words[0]), None
        if words[1] == b'EXISTS':
            if self.exists is not None and number < self.exists and not {'select', 'examine'} & set(doing):
                wrong = f'{number} messages after {self.exists} without EXPUNGE'
            self.exists = number
        elif words[1] == b'EXPUNGE':
            if self.exists is not None and not 1 <= number <= self.exists:
                wrong = f'EXPUNGE of message {number} of {self.exists}'
            elif doing and set(doing) <= {'fetch', 'store', 'search'}:
                wrong = f'EXPUNGE while {doing[0].upper()} is answered (RFC 3501, 7.4.1)'
            if self.exists:
                self.exists -= 1
            if self.place(number) is not None or number <= len(self.alive):
                del self.alive[number - 1:number]
        return wrong


class Play:
    """One script and one server; `failures` says what went wrong."""

    def __init__(self, script, letters, server, box='imaptest'):
        self.script, self.letters, self.server, self.box = script, letters, server, box.encode()
        self.failures, self.connections = [], []
        name, _, domain = server.user.partition('@')
        self.values = {'mailbox': self.box, 'mailbox_url': urllib.parse.quote(self.box).encode()}
        for number in [''] + list(range(1, script.connections + 1)):
            self.values.update({f'user{number}': server.user.encode(), f'username{number}': name.encode(), f'domain{number}': domain.encode(),
                                f'password{number}': server.password.encode()})
        self.values = {name: Text(value) for name, value in self.values.items()}

    # ---- the beginning ----

    def missing(self):
        """Capabilities that the script wants and the server does not have."""
        probe = Connection(self.server)
        have = set(probe.learn())
        if self.script.header['state'] != 'nonauth':
            probe.login()
            have |= probe.capabilities
        probe.say([b'LOGOUT'])
        probe.close()
        return [word for word in self.script.header['capabilities'].split() if word.upper() not in have]

    def prepare(self):
        states = ['nonauth', 'auth', 'created', 'appended', 'selected']
        if self.script.header['state'] not in states:
            raise Malformed(f'state {self.script.header["state"]}')
        state = states.index(self.script.header['state'])
        self.connections = [Connection(self.server) for _ in range(self.script.connections)]
        for connection in self.connections:
            connection.login() if state >= 1 else connection.learn()
        first = self.connections[0]
        if state >= 1:
            self.clear(first)
        if state >= 2:
            first.must(b'CREATE ' + self.box)
        if state >= 3:
            wanted = self.script.header['messages']
            for _ in range(len(self.letters.letters) if wanted == 'all' else int(wanted)):
                first.append(self.box, self.letters.next())
        if state >= 4:
            for connection in self.connections:
                connection.must(b'SELECT ' + self.box)

    def clear(self, connection):
        """No mailbox of earlier tests is left, nor a subscription."""
        for ask, undo in ((b'LSUB', b'UNSUBSCRIBE'), (b'LIST', b'DELETE')):
            lines, _ = connection.say([ask + b' "" ' + self.box + b'*'])
            trees = [Reader(line[2:]).tree() for line in lines]
            names = [tree[3] for tree in trees if len(tree) > 3 and isinstance(tree[0], Text) and tree[0].upper() == ask]
            for name in sorted(names, key=len, reverse=True):
                connection.say([undo + b' ', bytes(name), b''])

    # ---- the script ----

    def run(self):
        try:
            self.prepare()
            for group in self.script.groups:
                Exchange(self, group).run()
        except (Lost, Malformed, OSError) as error:
            line = error.line if isinstance(error, Lost) else None
            self.fail(line, '', 'the script goes on', error)
        finally:
            for connection in self.connections:
                connection.close()
        return self.failures

    def fail(self, line, command, expected, got):
        self.failures.append(Failure(line, command, expected, got))


class Exchange:
    """A group of commands that are sent, and what the server answers until all of them have ended."""

    def __init__(self, play, group):
        self.play, self.group, self.connection = play, group, play.connections[group.connection]
        self.open, self.found, self.heard = {}, set(), []
        self.names, self.told, self.wanted_more = [], [], False
        self.end = time.monotonic() + SECONDS

    def run(self):
        self.connection.begin()
        try:
            for command in self.group.commands:
                self.tell(command)
            while self.open:
                self.hear()
        except Lost as lost:
            raise Lost(f'{lost}, at: {self.shown()}', lost.line or self.group.commands[0].line) from None
        for reply in self.group.replies:
            if reply.sign == '*' and reply not in self.found:
                self.fail(reply.line, '* ' + shown(reply.octets, self.play.values))

    def fail(self, line, expected, got=None):
        heard = '\n'.join(shown(line, {}) for line in self.heard[-12:])
        self.play.fail(line, self.shown(), expected, heard if got is None else got)

    def shown(self):
        return '; '.join(self.told) or self.group.commands[0].pieces[0].decode('latin-1')

    def pieces(self, command):
        """What is sent: APPEND without a message gets the next one of the mailbox file."""
        try:
            pieces = [expand_literal(piece, self.play.values) if i % 2 else expand(piece, self.play.values)
                      for i, piece in enumerate(command.pieces)]
        except KeyError as error:
            raise Lost(f'the variable ${error.args[0]} has no value', command.line) from None
        raw = [isinstance(piece, RawLiteral) for piece in command.pieces]
        words = APPEND.fullmatch(pieces[0].rstrip()) if len(pieces) == 1 else None
        if words:
            date, octets = self.play.letters.next()
            date = words['date'] or b' "%b"' % date
            pieces, raw = [b'append ' + (words['box'] or self.play.box) + (words['flags'] or b'') + date + b' ', octets, b''], [False] * 3
        return pieces, raw

    def tell(self, command):
        self.connection.count += 1
        tag = command.tag or b'a%d' % self.connection.count
        pieces, raw = self.pieces(command)
        words = pieces[0].lower().split()
        self.names.append((b' '.join(words[:2]) if words[:1] == [b'uid'] else b''.join(words[:1])).decode('latin-1'))
        self.told.append(shown(b'%b %b' % (tag, pieces[0][:400]), {}) + (' …' if len(pieces) > 1 else ''))
        self.play.values['tag'] = Text(tag)
        self.open[tag] = command
        pieces[0] = tag + b' ' + pieces[0]
        for i, piece in enumerate(pieces):
            if i % 2:
                self.connection.send(piece)
            elif i + 1 == len(pieces):
                self.connection.send(piece + b'\r\n')
            else:
                at_once = 'LITERAL+' in self.connection.capabilities and not raw[i + 1]
                self.connection.send(piece + b'~' * raw[i + 1] + b'{%d%b}\r\n' % (len(pieces[i + 1]), b'+' * at_once))
                self.wanted_more = False
                while not at_once and not self.wanted_more and tag in self.open:
                    self.hear()
                if tag not in self.open:
                    return
        if self.names[-1] == 'idle':
            self.idle(tag)

    def idle(self, tag):
        """Waits for what the script wants, and ends IDLE."""
        self.end, whole = time.monotonic() + IDLE_SECONDS, self.end
        try:
            while tag in self.open and any(r.sign == '*' and r not in self.found for r in self.group.replies):
                self.hear()
        except Lost as lost:
            if 'silent' not in str(lost):
                raise
        self.end = whole
        if tag in self.open:
            self.connection.send(b'DONE\r\n')

    def hear(self):
        line = self.connection.line(self.end)
        self.heard.append(line)
        word, _, rest = line.partition(b' ')
        if word == b'+':
            self.wanted_more = True
        elif word == b'*':
            self.untagged(Reader(rest).tree(), line)
        elif word in self.open:
            self.ended(self.open.pop(word), rest)
        else:
            self.fail(None, 'a tag that is known', shown(line, {}))

    def untagged(self, tree, line):
        listed = False
        for reply in self.group.replies:
            if reply in self.found and reply.sign != '!':
                continue
            values = Match(self.play.values, self.connection.place).reply(reply.tree, tree)
            if values is None:
                continue
            if reply.sign == '!':
                self.fail(reply.line, 'no ' + shown(reply.octets, self.play.values), shown(line, {}))
                continue
            listed = True
            self.found.add(reply)
            self.play.values = values
        wrong = self.connection.seen(tree, self.names)
        if wrong:
            self.fail(self.group.commands[0].line, 'messages counted right', wrong)
        if not listed and self.play.script.header['ignore_extra_untagged'] == 'no':
            self.fail(self.group.commands[0].line, 'nothing that the script does not list', shown(line, {}))

    def ended(self, command, rest):
        result = rest.split(b' ')[0].lower().decode('latin-1')
        tree = Reader(rest).tree()
        if result not in ('ok', 'no', 'bad'):
            self.fail(command.line, 'a result', shown(rest, {}))
        elif command.result and result != command.result:
            self.fail(command.line, command.result.upper(), shown(rest, {}))
        elif command.prefix:
            values = Match(self.play.values, self.connection.place).prefix(command.prefix, tree[1:])
            if values is None:
                self.fail(command.line, f'{command.result.upper()} {command.prefix}', shown(rest, {}))
            else:
                self.play.values = values


def shown(octets, values):
    """Octets for people, with the variables that are known."""
    text = octets.decode('latin-1')
    for name in sorted(values, key=len, reverse=True):
        value = values[name].decode('latin-1')
        text = re.sub(r'\$(?:\{%s\}|%s(?!\w))' % (name, name), lambda _, value=value: value, text)
    text = text.replace('\r\n', '⏎').replace('\n', '␊').replace('\r', '␍').replace('\0', '␀')
    return text if len(text) < 700 else text[:600] + f'… ({len(octets)} octets)'
