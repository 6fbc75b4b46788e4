"""A private certificate authority, and certificates for servers and clients that it signs. Time is passed in; nothing is written here.

ECDSA on P-256, SHA-256: every TLS 1.2 stack of the last ten years takes it, and it costs a small gateway less than RSA does. The limits of
validity: the authority ten years, everything else 397 days, renewed from a month before.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from collector.errors import UserError

AUTHORITY_LIFE, LIFE, RENEW_BEFORE = timedelta(days=3653), timedelta(days=397), timedelta(days=30)
HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")
SKEW = timedelta(days=1)
"""A gateway whose clock is a day behind still believes a new certificate."""


class Pair(NamedTuple):
    """A certificate and its private key, PEM."""

    certificate: bytes
    key: bytes


def authority(name: str, now: datetime) -> Pair:
    """A new authority that may sign certificates of its own, and no further authorities."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(name)
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    builder = (
        _begun(subject, subject, key, now, AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
    )
    return _signed(builder, key, key)


def server(signer: Pair, hosts: Sequence[str], now: datetime) -> Pair:
    """A certificate for a server that is reached by each of these names and addresses. UserError where one is neither."""
    return _issued(signer, hosts[0], [_host(host) for host in hosts], ExtendedKeyUsageOID.SERVER_AUTH, now)


def client(signer: Pair, name: str, now: datetime) -> Pair:
    """A certificate by which a client proves who it is."""
    return _issued(signer, name, [x509.DNSName(name)], ExtendedKeyUsageOID.CLIENT_AUTH, now)


def ends_soon(certificate: bytes, now: datetime) -> bool:
    """It is over, or will be within a month."""
    return x509.load_pem_x509_certificate(certificate).not_valid_after_utc - now < RENEW_BEFORE


def hosts_of(certificate: bytes) -> set[str]:
    """The names and addresses that a server's certificate is for."""
    names = x509.load_pem_x509_certificate(certificate).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))}


def fingerprint(certificate: bytes) -> str:
    """SHA-256 of the certificate, in hex: what a technician compares."""
    return x509.load_pem_x509_certificate(certificate).fingerprint(hashes.SHA256()).hex()


def _issued(signer: Pair, name: str, names: Sequence[x509.GeneralName], purpose: x509.ObjectIdentifier, now: datetime) -> Pair:
    issuer = x509.load_pem_x509_certificate(signer.certificate)
    issuer_key = serialization.load_pem_private_key(signer.key, password=None)
    if not isinstance(issuer_key, EllipticCurvePrivateKey):
        raise UserError("the key of the authority is no key on an elliptic curve; it was not made by oxygrid")
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        _begun(_name(name), issuer.subject, key, now, LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    return _signed(builder, key, issuer_key)


def _begun(subject: x509.Name, issuer: x509.Name, key: EllipticCurvePrivateKey, now: datetime, life: timedelta) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _signed(builder: x509.CertificateBuilder, key: EllipticCurvePrivateKey, signer: EllipticCurvePrivateKey) -> Pair:
    certificate = builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    plain = serialization.NoEncryption()
    return Pair(certificate, key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Oxygrid"), x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        pass
    if not HOST_NAME.fullmatch(host):
        raise UserError(f"{host!r} is neither a host name nor an address; a name of another script is written as xn--…")
    return x509.DNSName(host)
