"""What asyncpg makes of `sslmode` in an address, tried on servers that are not what they should be."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core.database import connected

_SSL_REQUEST_BYTES = 8


def certify(folder: Path, host: str) -> tuple[Path, Path]:
    """Write a certificate for `host`, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]), datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / f"{host}.pem", folder / f"{host}.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, secret


@asynccontextmanager
async def pretender(*, tls: tuple[Path, Path] | None) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Listen as a PostgreSQL that takes TLS by a certificate, or none; give its port and what it is told after that."""
    told: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readexactly(_SSL_REQUEST_BYTES)
            writer.write(b"N" if tls is None else b"S")
            await writer.drain()
            if tls is not None:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(*tls)
                await writer.start_tls(context)
            told.append(await reader.read(200))
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], told


async def knock(port: int, query: str, host: str = "localhost") -> None:
    """Try to come in; whether by refusal or by silence of the pretender, it always fails."""
    with pytest.raises((OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)):
        async with connected(f"postgresql://station_app:x@{host}:{port}/station?{query}"):
            pass


@pytest.mark.parametrize("mode", ["require", "verify-full"])
async def test_where_tls_is_asked_for_a_server_without_it_is_told_nothing(tmp_path: Path, mode: str) -> None:
    certificate, _ = certify(tmp_path, "localhost")
    async with pretender(tls=None) as (port, told):
        await knock(port, f"sslmode={mode}&sslrootcert={certificate}", host="127.0.0.1")
    assert not any(b"station_app" in words for words in told)


async def test_left_to_itself_asyncpg_goes_on_without_tls() -> None:
    async with pretender(tls=None) as (port, told):
        await knock(port, "sslmode=prefer", host="127.0.0.1")
    assert any(b"station_app" in words for words in told)


@pytest.mark.parametrize("host", ["localhost", "db.example.org"])
async def test_a_certificate_of_somebody_else_or_for_another_name_is_told_nothing(tmp_path: Path, host: str) -> None:
    theirs = certify(tmp_path, host)
    (tmp_path / "ours").mkdir()
    ours = certify(tmp_path / "ours", "localhost")[0] if host == "localhost" else theirs[0]
    async with pretender(tls=theirs) as (port, told):
        await knock(port, f"sslmode=verify-full&sslrootcert={ours}")
    assert not any(b"station_app" in words for words in told)


async def test_the_right_certificate_is_taken(tmp_path: Path) -> None:
    certificate, key = certify(tmp_path, "localhost")
    async with pretender(tls=(certificate, key)) as (port, told):
        await knock(port, f"sslmode=verify-full&sslrootcert={certificate}")
    assert any(b"station_app" in words for words in told)
