"""TLS of every door that the collector and the console open: 1.2 or later, with a certificate of the operator's."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from collector.errors import UserError

SOON = timedelta(days=14)


def server_context(cert_file: str, key_file: str | None, section: str) -> ssl.SSLContext:
    """Raises UserError for files that can't be used; `section` of the configuration names them."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    for key, name in (("cert_file", cert_file), ("key_file", key_file)):
        try:
            if name:
                Path(name).read_bytes()
        except OSError as exc:
            raise UserError(
                f"{section}.{key}: {name} can't be read: {exc.strerror}; put it there, readable for the user that runs it"
            ) from exc
    try:
        # The empty password: for a key that has one there is nobody to ask.
        context.load_cert_chain(cert_file, key_file, password="")
    except (ssl.SSLError, OSError) as exc:
        raise UserError(
            f"{section}: {cert_file} and {key_file} can't be used ({exc.args[-1]}); right are a certificate chain and its key, both PEM, "
            "the key without a password"
        ) from exc
    return context


def doubt(cert_file: str, section: str, now: datetime | None = None) -> str:
    """What browsers will say of the certificate, or will say soon; empty where it is good."""
    now = now or datetime.now(UTC)
    certificate = x509.load_pem_x509_certificate(Path(cert_file).read_bytes())
    ends, begins = certificate.not_valid_after_utc, certificate.not_valid_before_utc
    if now > ends:
        return f"{section}.cert_file: {cert_file} ended on {ends:%Y-%m-%d}: browsers refuse it; renew it and start again"
    if now < begins:
        return f"{section}.cert_file: {cert_file} begins on {begins:%Y-%m-%d}: browsers refuse it until then; is the clock right?"
    if now > ends - SOON:
        return f"{section}.cert_file: {cert_file} ends on {ends:%Y-%m-%d}; renew it and start again before that"
    return ""
