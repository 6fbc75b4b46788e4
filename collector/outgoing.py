"""TLS of every connection that the collector opens: 1.2 or later, certificate and host name verified, always. There is no switch for it."""

from __future__ import annotations

import ssl
from functools import lru_cache

from collector.errors import UserError


@lru_cache(maxsize=8)
def tls_context(ca_file: str | None = None, cert_file: str | None = None, key_file: str | None = None) -> ssl.SSLContext:
    """Trusts the authorities in `ca_file` (PEM) and no others, or else those of the system; shows the certificate in `cert_file` where the
    other side asks for one. Kept, because reading the authorities takes tens of milliseconds.

    Raises UserError for files that can't be used.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file)
        if cert_file:
            context.load_cert_chain(cert_file, key_file)
    except FileNotFoundError as exc:
        files = ", ".join(name for name in (ca_file, cert_file, key_file) if name)
        raise UserError(f"a certificate file is missing, one of: {files}") from exc
    except (ssl.SSLError, OSError) as exc:
        files = ", ".join(name for name in (ca_file, cert_file, key_file) if name)
        said = exc.strerror or exc
        raise UserError(
            f"the certificate files can't be used ({files}): {said}; they must be PEM, and the key must fit the certificate"
        ) from exc
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
