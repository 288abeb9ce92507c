# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that others wrote, as the tests run them: from a folder of their own, on loopback, stopped by their own id."""
import ctypes
import os
import shutil

import tap


def answers(address, port, zone):
    """Whether a name server answers dig."""
    return 'status: ' in tap.run('dig', '+tries=1', '+time=1', '-p', port, f'@{address}', zone, 'SOA').out


def start_nsd(address, port, zones, more=''):
    """NSD at an address, with zones by name, each the path of a file or its text; raises if it does not answer."""
    folder = tap.scratch / f'nsd-{address}-{port}'
    folder.mkdir()
    text = (f'server:\n ip-address: {address}\n port: {port}\n username: ""\n chroot: ""\n zonesdir: "{folder}"\n pidfile: ""\n'
            f' zonelistfile: "{folder}/list"\n xfrdfile: "{folder}/xfrd"\n xfrdir: "{folder}"\n database: ""\n server-count: 1\n'
            f' logfile: "{folder}/log"\n rrl-ratelimit: 0\n rrl-whitelist-ratelimit: 0\n minimal-responses: no\n'
            f'remote-control:\n control-enable: no\n')
    for number, (name, records) in enumerate(zones.items()):
        path = records
        if isinstance(records, str):
            path = folder / f'{number}.zone'
            path.write_text(records)
        text += f'zone:\n name: "{name}"\n zonefile: "{path}"\n{more}'
    (folder / 'nsd.conf').write_text(text)
    tap.start(tap.find('nsd'), '-d', '-c', folder / 'nsd.conf')
    if not tap.wait_until(lambda: answers(address, port, next(iter(zones)))):
        raise SystemExit(f'NSD does not answer at {address}: {(folder / "log").read_text()}')


POSTFIX = '''compatibility_level = 3.6
queue_directory = {0}/queue
data_directory = {0}/data
mail_owner = postfix
setgid_group = postdrop
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtputf8_enable = yes
smtp_tls_security_level = none
virtual_mailbox_base = {0}/mail
virtual_uid_maps = static:5000
virtual_gid_maps = static:5000
virtual_minimum_uid = 1
maillog_file = {0}/maillog
maillog_file_prefixes = {0}
'''
MASTER = '''127.0.0.1:{0} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
'''


class Postfix:
    """A Postfix of our own: `port`, `folder`; or `why` it does not run. `settings` are lines of main.cf, `services` of master.cf."""

    def __init__(self, settings, services=''):
        self.folder, self.port, self.program = tap.scratch / 'postfix', tap.free_port(), tap.find('postfix')
        self.why = 'Postfix is not installed' if not self.program else 'Postfix wants root' if os.geteuid() != 0 else None
        if self.why:
            return
        for name in ('etc', 'queue', 'data', 'mail'):
            (self.folder / name).mkdir(parents=True)
        shutil.chown(self.folder / 'data', 'postfix')
        os.chown(self.folder / 'mail', 5000, 5000)
        (self.folder / 'etc' / 'main.cf').write_text(POSTFIX.format(self.folder) + settings)
        (self.folder / 'etc' / 'master.cf').write_text(MASTER.format(self.port) + services)
        code, _, err = tap.run(self.program, '-c', self.folder / 'etc', 'start')
        if code != 0 or not tap.wait_until(lambda: tap.greets(self.port, b'220 ')):
            self.stop()
            log = self.log() if (self.folder / 'maillog').exists() else ''
            self.why = 'Postfix did not start: ' + ' '.join((err + log).split())[-300:]

    def stop(self):
        tap.run(self.program, '-c', self.folder / 'etc', 'stop')

    def log(self):
        return (self.folder / 'maillog').read_text()

    def letter(self, user, words):
        """The letter in a user's mailbox that has these words; '' if none comes."""
        def look():
            folder = self.folder / 'mail' / user / 'new'
            texts = [file.read_text() for file in folder.glob('*')] if folder.is_dir() else []
            return next((text for text in texts if words in text), None)
        return tap.wait_until(look) or ''


def gsasl():
    """GNU SASL's library, or None."""
    for name in ('libgsasl.so.18', 'libgsasl.so.7'):
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    return None
