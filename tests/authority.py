# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates for tests, made with the openssl command."""
import tap


def made(*words):
    done = tap.run('openssl', *words)
    if done.code != 0:
        raise SystemExit(f'openssl {words[0]}: {done.err}')


class Authority:
    """A root of our own in a folder: `ca` is its certificate."""

    def __init__(self, name='Test Root'):
        self.folder = tap.scratch / name.replace(' ', '-')
        self.folder.mkdir()
        self.ca, self.key = self.folder / 'ca.pem', self.folder / 'ca.key'
        made('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30', '-subj', f'/CN={name}', '-keyout',
             self.key, '-out', self.ca, '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign')

    def certificate(self, label, names, days=30):
        """(certificate, key) for names as in `DNS:localhost,IP:127.0.0.1`; days below 0: it has expired."""
        certificate, key, request = (self.folder / f'{label}.{kind}' for kind in ('pem', 'key', 'csr'))
        made('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', f'/CN={label}', '-keyout', key, '-out',
             request)
        extensions = self.folder / 'extensions'
        extensions.write_text(f'subjectAltName={names}\n')
        made('x509', '-req', '-in', request, '-CA', self.ca, '-CAkey', self.key, '-CAcreateserial', '-days', days, '-extfile', extensions, '-out',
             certificate)
        return certificate, key

    def alone(self, label, names):
        """(certificate, key), signed by itself."""
        certificate, key = self.folder / f'{label}.pem', self.folder / f'{label}.key'
        made('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30', '-subj', f'/CN={label}', '-keyout',
             key, '-out', certificate, '-addext', f'subjectAltName={names}')
        return certificate, key
