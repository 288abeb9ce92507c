# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates for tests, made with the openssl command."""
import time

import tap


def made(*words):
    done = tap.run('openssl', *words)
    if done.code != 0:
        raise SystemExit(f'openssl {words[0]}: {done.err}')


CURVE = ('ec', '-pkeyopt', 'ec_paramgen_curve:P-256')
RSA = ('rsa:2048', )


class Authority:
    """A root of our own in a folder: `ca` is its certificate."""

    def __init__(self, name='Test Root'):
        self.folder = tap.scratch / name.replace(' ', '-')
        self.folder.mkdir()
        self.ca, self.key = self.folder / 'ca.pem', self.folder / 'ca.key'
        made('req', '-x509', '-newkey', *CURVE, '-nodes', '-days', '30', '-subj', f'/CN={name}', '-keyout',
             self.key, '-out', self.ca, '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign')

    def certificate(self, label, names, days=30, kind=CURVE):
        """(certificate, key) for names as in `DNS:localhost,IP:127.0.0.1`; with 0 days it has expired when this returns."""
        certificate, key, request = (self.folder / f'{label}.{kind}' for kind in ('pem', 'key', 'csr'))
        made('req', '-new', '-newkey', *kind, '-nodes', '-subj', f'/CN={label}', '-keyout', key, '-out',
             request)
        extensions = self.folder / 'extensions'
        extensions.write_text(f'subjectAltName={names}\n')
        made('x509', '-req', '-in', request, '-CA', self.ca, '-CAkey', self.key, '-CAcreateserial', '-days', days, '-extfile', extensions, '-out',
             certificate)
        if days == 0:
            time.sleep(1.1)
        return certificate, key

    def alone(self, label, names):
        """(certificate, key), signed by itself."""
        certificate, key = self.folder / f'{label}.pem', self.folder / f'{label}.key'
        made('req', '-x509', '-newkey', *CURVE, '-nodes', '-days', '30', '-subj', f'/CN={label}', '-keyout',
             key, '-out', certificate, '-addext', f'subjectAltName={names}')
        return certificate, key
