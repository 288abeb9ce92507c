# SPDX-License-Identifier: GPL-3.0-or-later
"""The language of imaptest's scripts (scripted_test.md in ../shared/suites/imap): what is in a file, and what matches what.

A script is a header and groups of commands; a group is what is sent at once, and the replies that must (not) come. Replies are
read as trees of tokens, as IMAP reads them, and compared with the trees of the script, which have variables and directives."""
import os
import re

RESULTS = (b'ok', b'no', b'bad', b'""')
STATUSES = (b'ok', b'no', b'bad', b'bye', b'preauth')
LITERAL = re.compile(rb'~?\{(\d+)\+?\}\r?\n')
VARIABLE = re.compile(rb'%\{case:(?P<pcase>[^}]*)\}|\$\{case:(?P<dcase>[^}]*)\}|\$\{(?P<braced>\w+)\}|\$\$|\$(?P<number>\d+)|\$(?P<name>\w+)|\$')


class Malformed(Exception):
    """What cannot be read: a script's fault, or a server's."""


# ---- trees ----

class List(list):
    """A list in parentheses, or the brackets of a response code (`code`), with the directives of a script."""
    code = False
    directives = ()

    def __repr__(self):
        return ('[%s]' if self.code else '(%s)') % ' '.join(map(repr, self))


class Text(bytes):
    """An atom, a quoted string or a literal; `kind` says which."""
    kind = 'atom'

    def __new__(cls, octets, kind='atom'):
        self = super().__new__(cls, octets)
        self.kind = kind
        return self

    def __repr__(self):
        shown = bytes(self).decode('latin-1')
        return shown if self.kind == 'atom' else repr(shown) if len(shown) < 200 else f'{shown[:200]!r}… ({len(self)} octets)'


class Reader:
    """Octets read into a tree. Literals are within them, behind their lengths, as on the wire."""

    def __init__(self, octets):
        self.octets, self.at = octets, 0

    def tree(self):
        """All of it, as a list. Behind a status come a code and words, which are no tokens of IMAP's."""
        found = List()
        while self.more():
            found.append(self.token(b''))
            if len(found) == 1 and isinstance(found[0], Text) and found[0].lower() in STATUSES:
                return self.status(found)
        return found

    def status(self, found):
        if self.more() and self.octets[self.at:self.at + 1] == b'[':
            self.at += 1
            code = self.until(b']')
            code.code = True
            found.append(code)
        found.extend(Text(word) for word in self.octets[self.at:].split())
        return found

    def more(self):
        while self.octets[self.at:self.at + 1] in (b' ', b'\t'):
            self.at += 1
        return self.at < len(self.octets)

    def until(self, end):
        """The tokens up to this octet, which is stepped over."""
        found = List()
        while self.more():
            if self.octets[self.at:self.at + 1] == end:
                self.at += 1
                return directed(found)
            found.append(self.token(end))
        raise Malformed(f'no {end.decode()} in {self.octets[:300]!r}')

    def token(self, end):
        octet = self.octets[self.at:self.at + 1]
        if octet == b'(':
            self.at += 1
            return self.until(b')')
        literal = LITERAL.match(self.octets, self.at)
        if literal:
            self.at = literal.end() + int(literal[1])
            return Text(self.octets[literal.end():self.at], 'literal')
        return self.quoted() if octet == b'"' else self.atom(end)

    def quoted(self):
        match = re.compile(rb'"((?:[^"\\]|\\.)*)"', re.S).match(self.octets, self.at)
        if not match:
            raise Malformed(f'a quoted string does not end: {self.octets[self.at:self.at + 200]!r}')
        self.at = match.end()
        return Text(re.sub(rb'\\(.)', rb'\1', match[1], flags=re.S), 'string')

    def atom(self, end):
        """An atom. BODY[HEADER.FIELDS (A "B")]<0> is one, too, its quotation marks gone."""
        start, depth = self.at, 0
        while self.at < len(self.octets):
            octet = self.octets[self.at:self.at + 1]
            if depth == 0 and (octet in (b' ', b'(', b')', b'\t') or octet == end):
                break
            if octet == b'[' and self.at > start:
                depth += 1
            elif octet == b']' and depth:
                depth -= 1
            self.at += 1
        if self.at == start:
            raise Malformed(f'{self.octets[start:start + 60]!r} is no token')
        text = self.octets[start:self.at]
        return Text(text.replace(b'"', b'') if b'[' in text else text)


def directed(found):
    """A list whose directives, if it begins with any, are set aside."""
    count = 0
    while count < len(found) and isinstance(found[count], Text) and found[count].startswith(b'$!'):
        count += 1
    if not count:
        return found
    rest = List(found[count:])
    rest.directives = tuple(bytes(word[2:]) for word in found[:count])
    return rest


# ---- what a list allows ----

class Rules:
    """How a list of the script matches one of the server."""

    def __init__(self, directives):
        self.chain, self.ordered, self.extra = 1, True, False
        self.ignored, self.banned = [], []
        for word in directives:
            key, _, value = word.partition(b'=')
            if key == b'unordered':
                self.ordered, self.extra, self.chain = False, True, int(value or 1)
            elif key == b'ordered':
                self.ordered, self.extra = True, False
            elif key in (b'extra', b'noextra'):
                self.extra = key == b'extra'
            elif key == b'ignore':
                self.ignored.append(Text(value))
            elif key == b'ban':
                self.banned.append(Text(value))
            else:
                raise Malformed(f'unknown directive $!{word.decode()}')


def with_defaults(tree):
    """The tree of a reply as the script says it, its lists with the rules that they have when none are given."""
    words = [bytes(item).lower() if isinstance(item, Text) else b'' for item in tree[:2]] + [b'', b'']
    if words[0] in (b'list', b'lsub') and len(tree) > 1:
        default(tree[1], b'unordered')
    elif words[0] == b'status' and len(tree) > 2:
        default(tree[2], b'unordered=2')
    elif words[1] == b'fetch' and len(tree) > 2:
        default(tree[2], b'unordered=2')
        for name, value in zip(tree[2], tree[2][1:]):
            if isinstance(name, Text) and name.lower() == b'flags':
                default(value, b'unordered', b'noextra', b'ignore=\\recent')
    return tree


def default(item, *directives):
    if isinstance(item, List) and not item.directives:
        item.directives = directives


# ---- what matches ----

class Match:
    """Whether a reply is what the script expects. `values` are the variables, `place` says where message N is now (or None)."""

    def __init__(self, values, place=lambda number: number):
        self.values, self.place = values, place

    def reply(self, expected, got):
        """The variables as they are if it matches (the first way in which it does), or None. Behind a status, and its code, more may come."""
        if isinstance(expected[0], Text) and expected[0].lower() in STATUSES:
            got = got[:len(expected)]
        return next(self.each(expected, got, self.values), None)

    def prefix(self, expected, got):
        """The same of what comes behind the result of a command."""
        return next(self.each(expected, got[:len(expected)], self.values), None)

    def one(self, expected, got, values):
        """Each way in which they match, as the variables that it makes."""
        if isinstance(expected, Text) and expected.kind == 'atom' and expected == b'$':
            yield values
        elif isinstance(expected, List):
            if isinstance(got, List) and expected.code == got.code:
                rules = Rules(expected.directives)
                yield from self.each(expected, got, values) if rules.ordered and not rules.extra else self.some(expected, got, rules, values)
        elif isinstance(got, Text):
            nils = [text.kind == 'atom' and text.lower() == b'nil' for text in (expected, got)]
            whole = expected.kind == 'atom' and VARIABLE.fullmatch(expected)
            if nils[0] == nils[1] or whole:
                yield from self.text(expected, got, values)

    def each(self, expected, got, values):
        """In this order, and no more."""
        if not expected and not got:
            yield values
        elif expected and got:
            for now in self.one(expected[0], got[0], values):
                yield from self.each(expected[1:], got[1:], now)

    def some(self, expected, got, rules, values):
        """Chains of elements; in any order unless the rules want one."""
        size = rules.chain
        chains = [[expected[i:i + size] for i in range(0, len(expected), size)], [got[i:i + size] for i in range(0, len(got), size)]]
        yield from self.chains(*chains, rules, values)

    def chains(self, expected, got, rules, values):
        if not expected:
            if all(self.spare(chain, rules, values) for chain in got):
                yield values
            return
        for i, chain in enumerate(got):
            if rules.ordered and not all(self.spare(skipped, rules, values) for skipped in got[:i]):
                break
            for now in self.each(expected[0], chain, values):
                rest = got[:i] * (not rules.ordered) + got[i + 1:]
                yield from self.chains(expected[1:], rest, rules, now)

    def spare(self, chain, rules, values):
        """Whether what was not asked for may be there."""
        among = rules.banned if rules.extra else rules.ignored
        found = any(next(self.one(item, chain[0], values), None) is not None for item in among)
        return found != rules.extra

    def text(self, expected, got, values):
        """Compared as imaptest does, whose strings end at NUL: append-binary relies on it."""
        pattern = self.pattern(Text(expected.partition(b'\0')[0], expected.kind), values)
        match = None if pattern is None else re.fullmatch(pattern, got.partition(b'\0')[0], re.I | re.S)
        if match:
            new = {**values, **{name: Text(value, got.kind) for name, value in match.groupdict().items()}}
            if all(steps(new, name) for name in match.groupdict()):
                yield new

    def pattern(self, text, values):
        """A regular expression; None if it can match nothing."""
        parts, at, seen = [], 0, set()
        for match in VARIABLE.finditer(text):
            parts.append(re.escape(text[at:match.start()]))
            at = match.end()
            part = self.variable(match, values, seen, text.kind)
            if part is None:
                return None
            parts.append(part)
        return b''.join(parts) + re.escape(text[at:])

    def variable(self, match, values, seen, kind):
        if match[0] == b'$$':
            return re.escape(b'$')
        if match[0] == b'$':
            return b'.*' if kind != 'literal' else re.escape(b'$')
        exact = match['pcase'] if match['pcase'] is not None else match['dcase']
        if exact is not None:
            return b'(?-i:' + re.escape(exact) + b')'
        if match['number'] and kind != 'literal':
            place = self.place(int(match['number']))
            return place and b'%d' % place
        name = (match['braced'] or match['name'] or match['number']).decode()
        if name in values:
            return re.escape(values[name])
        if kind == 'literal':
            return re.escape(match[0])
        if name in seen:
            return b'(?P=' + name.encode() + b')'
        seen.add(name)
        return b'(?P<' + name.encode() + (b'>\\d+)' if re.fullmatch(r'modseq\d+', name) else b'>.*?)')


def steps(values, name):
    """Whether $modseqN is as far above the one before it (or above nothing) as N says."""
    if not re.fullmatch(r'modseq\d+', name):
        return True
    number = int(name[6:])
    before = max((int(other[6:]) for other in values if re.fullmatch(r'modseq\d+', other) and int(other[6:]) < number), default=0)
    floor = int(values[f'modseq{before}']) if before else 0
    return int(values[name]) >= floor + number - before


def expand(text, values):
    """What is sent for this text, outside of literals. A value that is no atom is quoted where it stands alone. Raises KeyError."""
    def replace(match):
        if match[0] in (b'$$', b'$'):
            return b'$'
        exact = match['pcase'] if match['pcase'] is not None else match['dcase']
        if exact is not None:
            return exact
        if match['number']:
            return match[0]
        value = values[(match['braced'] or match['name']).decode()]
        around = text[:match.start()][-1:] + text[match.end():][:1]
        if not around.strip(b' ()') and (not value or re.search(rb'[ (){"\r\n]', value)):
            return b'"' + re.sub(rb'(["\\])', rb'\\\1', value) + b'"'
        return bytes(value)
    return VARIABLE.sub(replace, text)


def expand_literal(octets, values):
    """A literal is sent as it is, but for variables that are known."""
    def replace(match):
        name = match['braced'] or match['name']
        return bytes(values[name.decode()]) if name and name.decode() in values else match[0]
    return VARIABLE.sub(replace, octets)


# ---- files ----

class Reply:
    """A line beginning with * (must come), ! (must not) or ? (may)."""

    def __init__(self, octets, line):
        self.sign, self.octets, self.line = octets[:1].decode(), octets[2:], line
        self.tree = with_defaults(Reader(octets[2:]).tree())
        if not self.tree:
            raise Malformed(f'line {line}: a reply without words')


class Command:
    """`pieces` is text, literal, text…; `result` is what must come: ok, no, bad, or '' for any, and `prefix` what follows it."""

    def __init__(self, pieces, line, tag=None, result=None):
        self.pieces, self.line, self.tag, self.result, self.prefix = pieces, line, tag, result, List()

    def finish(self, words):
        """The line of the result: OK [code] words."""
        result, _, rest = words.partition(b' ')
        self.result = '' if result == b'""' else result.lower().decode()
        self.prefix = Reader(b'ok ' + rest).tree()[1:] if rest.strip() else List()
        return self


class Group:
    """Commands that are sent at once on a connection (from 0), and their replies."""

    def __init__(self, connection):
        self.connection, self.commands, self.replies = connection, [], []

    def done(self):
        return all(command.result is not None for command in self.commands)


class Script:
    """A file: `header`, and `groups` if its connections say more than they do."""

    def __init__(self, path):
        self.name = path.name
        self.header = {'capabilities': '', 'connections': '1', 'messages': 'all', 'state': 'selected', 'ignore_extra_untagged': 'yes'}
        self.groups = []
        lines = kept(joined(path.read_bytes()))
        for number, pieces in lines:
            text = pieces[0].strip()
            if not text:
                break
            if text.startswith(b'#'):
                continue
            key, colon, value = text.decode().partition(':')
            if not colon or key.strip() not in self.header:
                raise Malformed(f'line {number}: no header: {text.decode()}')
            self.header[key.strip()] = value.strip()
        self.connections = int(self.header['connections'])
        self.read([(number, pieces) for number, pieces in lines if pieces[0].strip() and not pieces[0].startswith(b'#')])

    def read(self, lines):
        for i, (number, pieces) in enumerate(lines):
            if pieces[0][:2] in (b'* ', b'! ', b'? '):
                if not self.groups:
                    raise Malformed(f'line {number}: a reply before any command')
                self.groups[-1].replies.append(Reply(inline(pieces), number))
            else:
                self.command(number, *self.numbered(number, pieces), lines[i + 1:])
        if self.groups and not self.groups[-1].done():
            raise Malformed(f'line {self.groups[-1].commands[0].line}: no result is said')

    def numbered(self, number, pieces):
        """The connection, and the line without it."""
        if self.connections == 1:
            return 0, pieces
        match = re.match(rb'(\d+) +', pieces[0])
        if not match or not 1 <= int(match[1]) <= self.connections:
            raise Malformed(f'line {number}: which connection?')
        return int(match[1]) - 1, [pieces[0][match.end():], *pieces[1:]]

    def command(self, number, connection, pieces, later):
        word, _, rest = pieces[0].partition(b' ')
        group = self.groups[-1] if self.groups and not self.groups[-1].done() else None
        if group and group.commands[0].tag is None:
            if word.lower() not in RESULTS:
                raise Malformed(f'line {number}: the command before has no result')
            group.commands[0].finish(inline(pieces))
        elif group and word in [command.tag for command in group.commands] and rest.split(b' ')[0].lower() in RESULTS:
            next(c for c in group.commands if c.tag == word and c.result is None).finish(inline([rest, *pieces[1:]]))
        elif group:
            group.commands.append(Command([rest, *pieces[1:]], number, word))
        else:
            self.groups.append(Group(connection))
            ending = re.compile(rb'(?:\d+ +)?' + re.escape(word) + rb' +(?:ok|no|bad|"")(?: |$)', re.I)
            if word.lower() in RESULTS:
                command = Command([rest, *pieces[1:]], number).finish(word)
            elif any(ending.match(other[0]) for _, other in later):
                command = Command([rest, *pieces[1:]], number, word)
            else:
                command = Command(pieces, number)
            self.groups[-1].commands.append(command)


def inline(pieces):
    """The pieces as they are on the wire, so that they can be read into a tree."""
    return b''.join(piece if i % 2 == 0 else b'{%d}\r\n%b' % (len(piece), piece) for i, piece in enumerate(pieces))


def joined(octets):
    """Lines as (number, [text, literal, text…]): {{{ up to }}} is a literal, whose lines end in CR LF unless ~ stands before it."""
    lines = octets.split(b'\n')
    i = 0
    while i < len(lines):
        number, pieces = i + 1, [lines[i].rstrip(b'\r')]
        while pieces[-1].endswith(b'{{{') and not pieces[0].startswith(b'#'):
            start = i = i + 1
            while i < len(lines) and not lines[i].startswith(b'}}}'):
                i += 1
            if i == len(lines):
                raise Malformed(f'line {start}: a literal does not end')
            raw = pieces[-1].endswith(b'~{{{')
            pieces[-1] = pieces[-1][:-4 if raw else -3]
            body = b'\n'.join(lines[start:i]) if raw else b'\r\n'.join(line.removesuffix(b'\r') for line in lines[start:i])
            pieces += [RawLiteral(body) if raw else body, lines[i][3:].rstrip(b'\r')]
        yield number, pieces
        i += 1


class RawLiteral(bytes):
    """A literal8, ~{n}."""


def kept(lines):
    """The lines that the environment leaves: !ifenv, !ifnenv, !else, !endif."""
    stack = []
    for number, pieces in lines:
        words = pieces[0].decode('latin-1').split()
        word = words[0] if words else ''
        if word in ('!ifenv', '!ifnenv'):
            if len(words) != 2:
                raise Malformed(f'line {number}: {word} what?')
            stack.append((words[1] in os.environ) == (word == '!ifenv'))
        elif word in ('!else', '!endif'):
            if not stack:
                raise Malformed(f'line {number}: {word} without !ifenv')
            here = stack.pop()
            if word == '!else':
                stack.append(not here)
        elif all(stack):
            yield number, pieces
    if stack:
        raise Malformed('!ifenv without !endif')
