# SPDX-License-Identifier: GPL-3.0-or-later
"""Dovecot as an IMAP server of our own: from a folder in the scratch folder, on loopback, stopped by its own id."""
import os
import shutil

import tap

CONFIG = '''base_dir = {d}/run
state_dir = {d}/state
log_path = {d}/log
protocols = imap
listen = 127.0.0.1
{tls}disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5
auth_failure_delay = 0
auth_username_format = %n
default_login_user = nobody
default_internal_user = nobody
default_internal_group = nogroup
mail_location = maildir:{d}/mail
first_valid_uid = 1
mail_max_userip_connections = 50
imap_urlauth_host = *
imap_id_send = *
mail_attribute_dict = file:{d}/attributes
imap_metadata = yes
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={d}/home
}}
namespace {{
  inbox = yes
  separator = /
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service imap-urlauth-login {{
  chroot =
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


class Dovecot:
    """Dovecot with one mailbox; or `why` it does not run. With a certificate and its key there is STARTTLS, and `tls_port`."""

    def __init__(self, user, password, certificate=None, key=None):
        self.user, self.password, self.folder, program = user, password, tap.scratch / 'dovecot', tap.find('dovecot')
        self.port, self.tls_port = tap.free_port(), tap.free_port() if certificate else 0
        self.why = None if program and os.path.exists('/usr/lib/dovecot/imap') else 'Dovecot (dovecot-imapd) is not installed'
        self.why = self.why or (None if os.geteuid() == 0 else 'Dovecot wants root')
        if self.why:
            return
        for name in ('run', 'state', 'mail', 'home'):
            (self.folder / name).mkdir(parents=True)
        for path in [self.folder, *self.folder.rglob('*')]:
            shutil.chown(path, 'nobody', 'nogroup')
        config = self.folder / 'dovecot.conf'
        tls = f'ssl = yes\nssl_cert = <{certificate}\nssl_key = <{key}\n' if certificate else 'ssl = no\n'
        config.write_text(CONFIG.format(d=self.folder, port=self.port, tls_port=self.tls_port, tls=tls, password=password))
        self.process = tap.start(program, '-F', '-c', config)
        if not tap.wait_until(lambda: tap.greets(self.port, b'* OK') or self.process.poll() is not None) or self.process.poll() is not None:
            self.why = 'Dovecot did not start: ' + self.log()[-300:]

    def log(self):
        log = self.folder / 'log'
        return log.read_text(errors='replace') if log.exists() else ''

    def stop(self):
        tap.stop(self.process)
