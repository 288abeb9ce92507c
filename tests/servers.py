# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that others wrote, as the tests run them: from a folder of their own, on loopback, stopped by their own id."""
import ctypes
import os
import pathlib
import shutil
import signal
import subprocess

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


# ---- servers that do not live beside Postfix: unpacked, and run with folders and users of their own ----

def unpacked(package):
    """The folder of a Debian package that is not installed, in MAILGLASS_PEERS or a cache of ours; None if it cannot be had."""
    cache = pathlib.Path(os.environ.get('MAILGLASS_PEERS') or pathlib.Path.home() / '.cache/mailglass/peers')
    folder = cache / package
    if not folder.exists() and tap.find('apt-get') and os.geteuid() == 0:
        new = tap.scratch / f'{package}-new'
        new.mkdir()
        try:
            tap.run('apt-get', 'download', package, cwd=new, timeout=60)
        except subprocess.TimeoutExpired:
            return None
        for file in new.glob('*.deb'):
            cache.mkdir(parents=True, exist_ok=True)
            if tap.run('dpkg', '-x', file, new / 'files').code == 0:
                shutil.move(new / 'files', folder)
    return folder if folder.exists() else None


class Caged:
    """A server in a mount namespace of its own, where there are users `users` and `empty` folders; or `why` it does not run.

    `port` takes STARTTLS, `tls_port` is TLS from the start. Both want a certificate and a key, and know one login."""

    users, empty = (), ()

    def __init__(self, package, certificate, key, login):
        self.certificate, self.key, self.login = certificate, key, login
        self.package = unpacked(package) if os.geteuid() == 0 else None
        self.why = 'wants root' if os.geteuid() != 0 else None if self.package else f'{package} cannot be had'
        self.port, self.tls_port, self.folder = tap.free_port(), tap.free_port(), tap.scratch / package
        if self.why:
            return
        self.folder.mkdir()
        commands = [f'mount -t tmpfs tmpfs {folder}' for folder in self.empty]
        for name, line in (('passwd', '{0}:x:{1}:{1}::/:/bin/false\n'), ('group', '{0}:x:{1}:\n')):
            text = pathlib.Path('/etc', name).read_text() + ''.join(line.format(user, 64000 + i) for i, user in enumerate(self.users))
            (self.folder / name).write_text(text)
            commands.append(f'mount --bind {self.folder}/{name} /etc/{name}')
        self.output = open(self.folder / 'output', 'wb')
        self.process = tap.start('unshare', '-m', 'sh', '-ec', '; '.join(commands + self.prepare()), stdout=self.output, stderr=self.output)
        if not tap.wait_until(lambda: self.process.poll() is not None or tap.greets(self.port, b'220 ')) or self.process.poll() is not None:
            self.stop()
            self.why = 'did not start: ' + ' '.join(self.log().split())[-300:]

    def prepare(self):
        """Writes what the server reads; (list) shell commands, of which the last becomes the server."""
        raise NotImplementedError

    def letters(self):
        raise NotImplementedError

    def letter(self, words):
        """The letter that has these words, line ends as LF; '' if none comes."""
        return tap.wait_until(lambda: next((text for text in self.letters() if words in text), None)) or ''

    def letter_now(self):
        """All that has come until now."""
        return ''.join(self.letters())

    def log(self):
        return (self.folder / 'output').read_text(errors='replace')

    def stop(self):
        tap.stop(self.process, signal.SIGTERM)
        self.output.close()


EXIM = '''primary_hostname = exim.example
spool_directory = {0.folder}/spool
log_file_path = {0.folder}/log/%slog
pid_file_path = {0.folder}/pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = {0.port} : {0.tls_port}
tls_on_connect_ports = {0.tls_port}
tls_advertise_hosts = *
tls_certificate = {0.certificate}
tls_privatekey = {0.key}
auth_advertise_hosts = *
smtputf8_advertise_hosts = *
log_selector = +tls_cipher +received_recipients
rfc1413_query_timeout = 0s
queue_only = true
keep_environment =
acl_smtp_rcpt = rcpt
begin acl
rcpt:
 deny condition = ${{if match{{$local_part}}{{^login}}}}
  !authenticated = *
  message = log in first
 accept
begin authenticators
plain:
 driver = plaintext
 public_name = PLAIN
 server_condition = ${{if and{{{{eq{{$auth2}}{{{1}}}}}{{eq{{$auth3}}{{{2}}}}}}}}}
login:
 driver = plaintext
 public_name = LOGIN
 server_prompts = Username:: : Password::
 server_condition = ${{if and{{{{eq{{$auth1}}{{{1}}}}}{{eq{{$auth2}}{{{2}}}}}}}}}
cram:
 driver = cram_md5
 public_name = CRAM-MD5
 server_secret = ${{if eq{{$auth1}}{{{1}}}{{{2}}}fail}}
'''


class Exim(Caged):
    """Exim, which keeps what it is given in its spool."""

    users = ('Debian-exim', )

    def __init__(self, certificate, key, login):
        super().__init__('exim4-daemon-light', certificate, key, login)

    def prepare(self):
        for name in ('spool', 'log'):
            (self.folder / name).mkdir()
            os.chown(self.folder / name, 64000, 64000)
        for name in (self.certificate, self.key):
            os.chmod(name, 0o644)
        (self.folder / 'exim.conf').write_text(EXIM.format(self, *self.login))
        return [f'exec {self.package}/usr/sbin/exim4 -bdf -C {self.folder}/exim.conf']

    def letters(self):
        for file in (self.folder / 'spool' / 'input').glob('*-H'):
            header = file.read_text(errors='replace')
            body = file.with_name(file.name[:-1] + 'D')
            yield header + (body.read_text(errors='replace') if body.exists() else '')

    def log(self):
        logs = [file.read_text(errors='replace') for file in (self.folder / 'log').glob('*')]
        return super().log() + ''.join(logs)


OPENSMTPD = '''pki here cert "{0.folder}/pem"
pki here key "{0.folder}/key"
table people {{ {1} = "{2}" }}
table everybody {{ "@" = "nobody" }}
listen on 127.0.0.1 port {0.port} tls pki here auth-optional <people> hostname opensmtpd.example
listen on 127.0.0.1 port {0.tls_port} smtps pki here auth-optional <people> hostname opensmtpd.example
action keep maildir "{0.folder}/mail" virtual <everybody>
match auth from any for any action keep
match from any for domain "local.example" action keep
'''


class OpenSmtpd(Caged):
    """OpenSMTPD, with a folder of letters."""

    users = ('opensmtpd', 'opensmtpq')
    empty = ('/var/spool', '/var/lib', '/run', '/usr/libexec')

    def __init__(self, certificate, key, login):
        super().__init__('opensmtpd', certificate, key, login)

    def prepare(self):
        (self.folder / 'pem').write_bytes(pathlib.Path(self.certificate).read_bytes())
        (self.folder / 'key').write_bytes(pathlib.Path(self.key).read_bytes())
        (self.folder / 'key').chmod(0o600)
        (self.folder / 'mail').mkdir()
        (self.folder / 'mail').chmod(0o777)
        name, password = self.login
        hashed = tap.run('openssl', 'passwd', '-6', password).out.strip()
        (self.folder / 'smtpd.conf').write_text(OPENSMTPD.format(self, name, hashed))
        return ['mkdir -p /var/lib/opensmtpd/empty /var/spool/smtpd', 'chmod 711 /var/spool/smtpd',
                f'cp -r {self.package}/usr/libexec/opensmtpd /usr/libexec/', f'exec {self.package}/usr/sbin/smtpd -d -f {self.folder}/smtpd.conf']

    def letters(self):
        return [file.read_text(errors='replace') for file in (self.folder / 'mail').glob('new/*')]


DOVECOT = '''protocols =
base_dir = {0}/run
log_path = {0}/log
ssl = no
default_login_user = nobody
default_internal_user = nobody
default_internal_group = nogroup
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256
auth_failure_delay = 0
passdb {{
  driver = passwd-file
  args = {0}/people
}}
userdb {{
  driver = static
  args = uid=5000 gid=5000 home={0}
}}
service auth {{
  unix_listener {0}/auth {{
    mode = 0666
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  unix_listener stats-reader {{
    mode = 0666
  }}
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
'''


class Logins:
    """Dovecot as nothing but the judge of logins, for Postfix: `socket`; or `why` it does not run."""

    def __init__(self, name, password):
        self.folder, program = tap.scratch / 'dovecot', tap.find('dovecot')
        self.socket = self.folder / 'auth'
        self.why = 'Dovecot is not installed' if not program else 'Dovecot wants root' if os.geteuid() != 0 else None
        if self.why:
            return
        self.folder.mkdir()
        (self.folder / 'people').write_text(f'{name}:{{PLAIN}}{password}\n')
        (self.folder / 'dovecot.conf').write_text(DOVECOT.format(self.folder))
        self.process = tap.start(program, '-F', '-c', self.folder / 'dovecot.conf')
        if not tap.wait_until(self.socket.exists):
            log = self.folder / 'log'
            self.why = 'Dovecot did not start: ' + (log.read_text() if log.exists() else '')[-300:]


def gsasl():
    """GNU SASL's library, or None."""
    for name in ('libgsasl.so.18', 'libgsasl.so.7'):
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    return None
