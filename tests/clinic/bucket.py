"""A server that speaks as much of S3 as backups need, over HTTPS, so that the real client is tried against it.

It refuses what older servers refuse: parts with a checksum behind them. What is in it, and what it is to do wrong, are
attributes.
"""

import re
import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

KEY = "test-key"
RANGE = re.compile(r"bytes=(\d+)-(\d*)")


class Asked(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        """Say nothing."""

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except (ConnectionError, ssl.SSLError):
            self.close_connection = True

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status, code):
        body = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
        self.answer(status, b"" if self.command == "HEAD" else body)

    def act(self):
        url = urlsplit(self.path)
        bucket, _slash, self.key = unquote(url.path).lstrip("/").partition("/")
        self.asked = {name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if f"Credential={KEY}/" not in self.headers.get("Authorization", ""):
            self.refuse(403, "InvalidAccessKeyId")
        elif bucket != "clinic":
            self.refuse(404, "NoSuchBucket")
        elif "aws-chunked" in self.headers.get("Content-Encoding", ""):
            self.refuse(501, "NotImplemented")
        else:
            getattr(self, f"do_{self.command.lower()}")(self.server.bucket)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = act  # noqa: N815 -- the names that http.server looks for

    def do_get(self, bucket):
        if "uploads" in self.asked:
            self.answer(200, bucket.uploads_as_xml())
        elif "list-type" in self.asked:
            self.answer(200, bucket.files_as_xml(self.asked["prefix"]))
        elif not bucket.may_read:
            self.refuse(403, "AccessDenied")
        else:
            first, last = RANGE.fullmatch(self.headers.get("Range", "bytes=0-")).groups()
            body = bucket.files[self.key]
            piece = body[int(first) : int(last) + 1 if last else None]
            span = f"bytes {first}-{int(first) + len(piece) - 1}/{len(body)}"
            self.answer(206, piece, Content_Range=span, ETag='"1"')

    def do_head(self, bucket):
        if not bucket.may_read:
            self.refuse(403, "AccessDenied")
        elif self.key in bucket.files:
            self.answer(200, Content_Length=str(len(bucket.files[self.key])), ETag='"1"')
        else:
            self.refuse(404, "NoSuchKey")

    def do_put(self, bucket):
        number = int(self.asked.get("partNumber", 0))
        if number and number == bucket.hangs_up_at_part:
            bucket.is_gone = True
        if bucket.is_gone:
            raise ConnectionResetError
        if number:
            bucket.uploads[self.asked["uploadId"]]["parts"][number] = self.body
        else:
            bucket.files[self.key] = self.body[: bucket.keeps_bytes]
        self.answer(200, ETag='"1"')

    def do_post(self, bucket):
        if "uploads" in self.asked:
            upload = f"u{len(bucket.uploads)}"
            bucket.uploads[upload] = {"key": self.key, "parts": {}, "at": bucket.now}
            xml = f"<InitiateMultipartUploadResult><UploadId>{upload}</UploadId></InitiateMultipartUploadResult>"
        else:
            parts = bucket.uploads.pop(self.asked["uploadId"])["parts"]
            bucket.files[self.key] = b"".join(parts[number] for number in sorted(parts))
            xml = "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>"
        self.answer(200, xml.encode())

    def do_delete(self, bucket):
        if bucket.is_gone:
            raise ConnectionResetError
        if not bucket.may_remove:
            self.refuse(403, "AccessDenied")
            return
        if "uploadId" in self.asked:
            del bucket.uploads[self.asked["uploadId"]]
        else:
            bucket.files.pop(self.key, None)
        self.answer(204)


class Bucket:
    def __init__(self, now):
        self.now = now
        self.files, self.uploads = {}, {}
        self.hangs_up_at_part, self.is_gone, self.keeps_bytes = None, False, None
        self.may_read = self.may_remove = True

    def files_as_xml(self, prefix):
        files = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(body)}</Size></Contents>"
            for key, body in sorted(self.files.items())
            if key.startswith(prefix) and "/" not in key.removeprefix(prefix)
        )
        return f"<ListBucketResult><IsTruncated>false</IsTruncated>{files}</ListBucketResult>".encode()

    def uploads_as_xml(self):
        uploads = "".join(
            f"<Upload><Key>{escape(upload['key'])}</Key><UploadId>{name}</UploadId>"
            f"<Initiated>{upload['at']:%Y-%m-%dT%H:%M:%SZ}</Initiated></Upload>"
            for name, upload in self.uploads.items()
        )
        return f"<ListMultipartUploadsResult>{uploads}</ListMultipartUploadsResult>".encode()


def certificate(folder):
    """Write a certificate for 127.0.0.1 with its key into one file, and return its path."""
    from ipaddress import ip_address  # noqa: PLC0415

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bucket")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    path = folder / "bucket.pem"
    path.write_bytes(
        made.public_bytes(pem)
        + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@contextmanager
def serving(folder, monkeypatch, now):
    """Serve an empty bucket, s3://clinic, and let the environment lead there; yield what is in it."""
    path = certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    with ThreadingHTTPServer(("127.0.0.1", 0), Asked) as server:
        server.daemon_threads = True
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.bucket = Bucket(now)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        for name, value in {
            "AWS_ENDPOINT_URL": f"https://127.0.0.1:{server.server_address[1]}",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CA_BUNDLE": str(path),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": str(folder / "none"),
            "AWS_SHARED_CREDENTIALS_FILE": str(folder / "none"),
            "AWS_MAX_ATTEMPTS": "1",
            "NO_PROXY": "127.0.0.1",
        }.items():
            monkeypatch.setenv(name, value)
        yield server.bucket
        server.shutdown()
        thread.join()
