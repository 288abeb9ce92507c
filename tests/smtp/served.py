# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated network behind doors, for programs that others wrote: `mailglass serve`, and what is in the mailboxes."""
import poplib
import re
import time

import tap


class Served:
    """mailglass serve with a network of these `hosts` (sections of network.ini), of the plugins' kinds.

    `doors` are ENGINE@HOST; ports[door] is where, if they are `open`. A mailbox is (door of POP3, user, password)."""

    def __init__(self, mailglass, plugins, hosts, doors, files=()):
        folder = tap.scratch / 'network'
        folder.mkdir()
        for name, octets in dict(files).items():
            (folder / name).write_bytes(octets)
        now = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())  # certificates of clients are judged by the network's clock
        (folder / 'network.ini').write_text(f'[network]\nformat=1\ntitle=Served\nepoch={now}\nplugins={plugins}\n\n{hosts}')
        self.trace, self.found = tap.scratch / 'serve.pcapng', {}
        words = [word for door in doors for word in ('--door', f'{door}=127.0.0.1:0')]
        self.listening = tap.Listening(len(doors), mailglass, 'serve', folder, '--trace', self.trace, *words)
        said = [re.fullmatch(r'listening (\S+@\S+) 127\.0\.0\.1:(\d+)\n', line) for line in self.listening.lines]
        self.ports = {match[1]: int(match[2]) for match in said if match}
        self.open = len(self.ports) == len(doors)

    def letters(self, mailbox):
        """All letters of a mailbox, in order. Each is fetched once."""
        have = self.found.setdefault(mailbox, [])
        door, user, password = mailbox
        try:
            box = poplib.POP3('127.0.0.1', self.ports[door], timeout=20)
            box.user(user)
            box.pass_(password)
            while len(have) < box.stat()[0]:
                have.append(b'\r\n'.join(box.retr(len(have) + 1)[1]) + b'\r\n')
            box.quit()
        except (OSError, poplib.error_proto):
            pass
        return have

    def letter(self, words, mailbox):
        """The letter that has these words, or None."""
        return tap.wait_until(lambda: next((m for m in self.letters(mailbox) if words in m), None))

    def stop(self):
        return self.listening.stop()
