#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""drive.py WINDOW NETWORK - the program as its users meet it: started, read through accessibility, driven by keys.

Prints TAP. Runs on a private display (xrun.sh)."""
import os
import subprocess
import sys
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import tap
from tap import check as report

program, network = sys.argv[1:3]


def pump():
    context = GLib.MainContext.default()
    while context.pending():
        context.iteration(False)


def wait_for(what, seconds=20.0):
    """The first true answer of what(), or its last one."""
    end = time.monotonic() + seconds
    while True:
        pump()
        try:
            answer = what()
        except GLib.Error:  # a widget went away while it was read
            answer = None
        if answer or time.monotonic() > end:
            return answer
        time.sleep(0.03)


def walk(node, depth=0):
    if node is None or depth > 40:
        return
    yield node
    for i in range(min(node.get_child_count(), 400)):
        yield from walk(node.get_child_at_index(i), depth + 1)


def application(pid):
    desktop = Atspi.get_desktop(0)
    for i in range(desktop.get_child_count()):
        child = desktop.get_child_at_index(i)
        if child is not None and child.get_process_id() == pid:
            return child
    return None


class Program:
    """One run of the window."""

    def __init__(self, *arguments, **environment):
        self.process = subprocess.Popen([program, *arguments], env={**os.environ, **environment})
        self.app = wait_for(lambda: application(self.process.pid), 30)
        self.find("push button", self.word("Menu", "메뉴"))

    def word(self, english, korean):
        self.korean = os.environ.get("LANGUAGE") == "ko"
        return (english, korean)

    def nodes(self):
        yield from walk(self.app)

    def names(self, role):
        return [n.get_name() for n in self.nodes() if n.get_role_name() == role]

    def find(self, role, names, seconds=20.0):
        if isinstance(names, str):
            names = (names,)

        def look():
            for node in self.nodes():
                name = node.get_name() or ""
                if (role is None or node.get_role_name() == role) and any(
                        name == n or name.endswith(" " + n) for n in names):
                    return node
            return None

        return wait_for(look, seconds)

    def press(self, name):
        node = self.find(None, name)
        return node is not None and Atspi.Action.do_action(node.get_action_iface(), 0)

    def rows(self):
        """What the ladder reads out: rows that are seen."""
        ladder = self.find(None, ("What was said, in order", "오간 말, 차례대로"))
        return [n.get_name() for n in walk(ladder)
                if n.get_name() and n.get_role_name() == "label"] if ladder else []

    def key(self, *keys):
        subprocess.run(["xdotool", "key", "--delay", "30", *keys], check=True)

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


def has(rows, *words):
    return any(all(word in row for word in words) for row in rows)


def main():
    Atspi.init()
    one = Program(network)
    report(one.app is not None, "the window is there for a screen reader")
    report(one.find(None, "alice") is not None and one.find(None, "bob") is not None,
           "hosts are there by name", one.names("push button"))
    report(one.rows() == [], "it starts at the beginning, with nothing said", one.rows())

    subprocess.run(["xdotool", "mousemove", "640", "250"], check=True)
    one.key("Right")
    report(bool(wait_for(one.rows)), "→ goes one step", one.rows())
    one.key("Right", "Right", "Right", "Right")
    greeted = wait_for(lambda: has(one.rows(), "mail.example.com to alice", "220"))
    report(greeted, "a row reads: who to whom, protocol, kind, words", one.rows())
    before = len(one.rows())
    one.key("Left")
    report(wait_for(lambda: len(one.rows()) < before), "← goes back", one.rows())

    one.key("4", "space")
    report(wait_for(lambda: has(one.rows(), "QUIT")), "space plays to the end", one.rows())
    one.key("Home")
    report(wait_for(lambda: one.rows() == []), "Home goes to the start", one.rows())
    one.key("End")
    report(wait_for(lambda: bool(one.rows())), "End goes to the end")
    one.key("Home", "Down", "Down")
    report(wait_for(lambda: has(one.rows(), "EHLO") and has(one.rows(), "250")),
           "↓ goes by a command with its answer", one.rows())
    report(one.find("label", "RFC 5321 §4.2.1", 2) is not None or
           any("RFC 5321" in (n.get_name() or "") for n in one.nodes()),
           "the inspector names the section of the standard")

    one.key("F11")
    gone = wait_for(lambda: not one.find(None, "Layers and fields", 0.1) or
                    not one.find(None, "Layers and fields", 0.1).get_state_set().contains(
                        Atspi.StateType.VISIBLE))
    report(gone, "F11 presents: panels are hidden")
    one.key("Escape")
    back = wait_for(lambda: has(one.rows(), "EHLO"))
    report(back, "Esc leaves, and nothing is lost", one.rows())

    one.key("ctrl+f")
    subprocess.run(["xdotool", "type", "--delay", "20", "mailglass.kind == \"reply\""], check=True)
    report(wait_for(lambda: one.rows() and all("reply" in row for row in one.rows())),
           "Ctrl+F filters the ladder", one.rows())
    one.key("Escape", "Escape")
    report(wait_for(lambda: has(one.rows(), "EHLO")), "Esc shows all again", one.rows())

    report(one.press("Write a mail"), "the sheet to write a mail opens")
    report(one.find(None, ("Text of the mail",)) is not None, "it has a field for the text")
    one.key("Escape")
    one.close()
    report(one.process.returncode in (0, -15), "it ends when asked to", one.process.returncode)

    two = Program(network, LANGUAGE="ko", LANG="C.UTF-8", LC_ALL="C.UTF-8")
    report(two.find(None, "메일 쓰기") is not None, "in Korean the button says 메일 쓰기")
    subprocess.run(["xdotool", "mousemove", "640", "250"], check=True)
    two.key("Down")
    report(wait_for(lambda: has(two.rows(), "보낸 곳")), "the ladder reads in Korean", two.rows())
    report(has(two.rows(), "220"), "and the bytes are as they were on the wire", two.rows())
    two.close()


tap.main(main)
