"""X.509 certificates of devices, as the cooperative's own authority issues them (RFC 5280).

Keys of the authority and of the broker are ECDSA on P-256: what the TLS stacks of small devices know.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_LIFE = timedelta(days=3650)
CERTIFICATE_LIFE = timedelta(days=365)
LIST_LIFE = timedelta(days=30)
BACKDATED = timedelta(minutes=5)  # clocks of devices are a little off
LARGEST_REQUEST_BYTES = 8_192


class CannotCertify(ValueError):
    """A request cannot be granted; the message says why."""


@dataclass(frozen=True, slots=True)
class Authority:
    """The authority's certificate and private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate as it is kept."""

    serial: str
    pem: str
    expires_at: datetime


def found_authority(*, name: str, now: datetime) -> Authority:
    """Make an authority of that name, with a key of its own."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Devices of {name}"[:64])])
    certificate = (
        _builder(subject, subject, key.public_key(), now, AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate, key)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey,
    now: datetime,
    life: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + life)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def certify_device(*, authority: Authority, request: bytes, device_name: str, now: datetime) -> Issued:
    """Grant a device's request (PKCS #10, DER or PEM): only its key is taken over, its name is the device's.

    Raises:
        CannotCertify: the request cannot be read, is not signed by its own key, or has a weak key.
    """
    csr = _read_request(request)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, device_name)])
    name = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(device_name)])
    return _issue(authority, subject, _strong_key(csr), name, ExtendedKeyUsageOID.CLIENT_AUTH, now)


def certify_broker(*, authority: Authority, host_names: Sequence[str], now: datetime) -> tuple[Issued, ec.EllipticCurvePrivateKey]:
    """A certificate and key for the broker, under the names and addresses by which devices reach it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host_names[0][:64])])
    names = x509.SubjectAlternativeName([_general_name(host) for host in host_names])
    issued = _issue(authority, subject, key.public_key(), names, ExtendedKeyUsageOID.SERVER_AUTH, now)
    return issued, key


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _issue(
    authority: Authority,
    subject: x509.Name,
    public_key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey,
    names: x509.SubjectAlternativeName,
    purpose: x509.ObjectIdentifier,
    now: datetime,
) -> Issued:
    issuer_key = authority.key.public_key()
    certificate = (
        _builder(subject, authority.certificate.subject, public_key, now, CERTIFICATE_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(names, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    return Issued(f"{certificate.serial_number:x}", pem_of(certificate), certificate.not_valid_after_utc)


def _read_request(request: bytes) -> x509.CertificateSigningRequest:
    if len(request) > LARGEST_REQUEST_BYTES:
        raise CannotCertify(f"the request has {len(request)} bytes, {LARGEST_REQUEST_BYTES} are possible")
    load = x509.load_pem_x509_csr if request.startswith(b"-----") else x509.load_der_x509_csr
    try:
        csr = load(request)
        is_signed = csr.is_signature_valid
    except (ValueError, TypeError, InvalidSignature) as problem:
        raise CannotCertify(f"the request cannot be read: {problem}") from None
    if not is_signed:
        raise CannotCertify("the request is not signed by the key that it names")
    return csr


def _strong_key(csr: x509.CertificateSigningRequest) -> ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey:
    key = csr.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1 | ec.SECP384R1):
        return key
    if isinstance(key, rsa.RSAPublicKey) and 2048 <= key.key_size <= 4096:
        return key
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key
    raise CannotCertify("the key must be ECDSA on P-256 or P-384, Ed25519, or RSA of 2048 to 4096 bits")


def revocation_list(*, authority: Authority, revoked: Sequence[tuple[str, datetime]], now: datetime) -> str:
    """The authority's list of revoked certificates (serial in hexadecimal, when), as PEM. Its number is the time."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(now - BACKDATED)
        .next_update(now + LIST_LIFE)
        .add_extension(x509.CRLNumber(int(now.timestamp() * 1000)), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False)
    )
    for serial, at in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(int(serial, 16)).revocation_date(at).build()
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(authority.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def pem_of(certificate: x509.Certificate) -> str:
    """A certificate as text."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def key_pem_of(key: ec.EllipticCurvePrivateKey) -> str:
    """A private key as text, in clear: for a file that only its owner reads."""
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
