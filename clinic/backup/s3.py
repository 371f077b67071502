"""A bucket of S3, or of anything that speaks like it, by boto3: what it is asked, and its errors in words."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
)
from django.utils.translation import gettext as _

from clinic.backup.errors import BackupError, NotSetUpError
from clinic.backup.places import LEFT_BEHIND, NAME
from clinic.backup.progress import Progress

log = logging.getLogger(__name__)

# Over HTTPS boto3 would send a checksum behind each part, which many servers that speak like S3 refuse. All of them
# compare a hash that is signed before it.
CONFIG = Config(
    connect_timeout=10,  # seconds
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
    s3={"payload_signing_enabled": True},
)
# Parts go one after the other, so that progress is told in the thread whose connection to the database writes it.
ONE_AT_A_TIME = TransferConfig(use_threads=False)
KEY_REFUSED = {"InvalidAccessKeyId", "SignatureDoesNotMatch"}
KEY_MAY_NOT = {"AccessDenied", "403"}  # the number alone, where an answer has no body: whether a file is there


class BucketPlace:
    """A bucket, by s3://bucket/prefix. The backup is made and tried here, and then sent.

    Who one is there, and where that is, boto3 finds in the environment as ever.
    """

    def __init__(self, written: str) -> None:
        self.bucket, _slash, prefix = written.removeprefix("s3://").rstrip("/").partition("/")
        self.prefix = f"{prefix}/" if prefix else ""
        self.written = f"s3://{self.bucket}/{prefix}" if prefix else f"s3://{self.bucket}"
        if not self.bucket:
            raise NotSetUpError(_("%(place)s is no place for backups.") % {"place": written})

    def __str__(self) -> str:
        return self.written

    @cached_property
    def client(self) -> Any:
        return boto3.session.Session().client("s3", config=CONFIG)

    def begin(self, name: str, scratch: Path) -> Path:
        """Raises `NotSetUpError` where the bucket or the key is none: before the work, and not after it."""
        if name in self.names():
            raise BackupError(_("There is a backup %(name)s already.") % {"name": name})
        return scratch / name

    def finish(self, unfinished: Path, name: str, progress: Progress) -> None:
        """A bucket shows a file once all of it has come; what came is measured all the same."""
        size = unfinished.stat().st_size
        progress.begin(_("Sending the backup"), size)
        with self.answering(), unfinished.open("rb") as file:
            self.client.upload_fileobj(
                file, self.bucket, self.prefix + name, Callback=progress.step, Config=ONE_AT_A_TIME
            )
        if self.sizes().get(name) != size:
            self.remove(name)
            raise BackupError(_("The backup did not arrive whole at %(place)s.") % {"place": self})

    def names(self) -> list[str]:
        return sorted(self.sizes())

    def sizes(self) -> dict[str, int]:
        """Return the bytes of each backup, by its name. From the list, for which a key need not read what is there."""
        with self.answering():
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=self.prefix, Delimiter="/"
            )
            files = [file for page in pages for file in page.get("Contents", ())]
        found = {file["Key"].removeprefix(self.prefix): file["Size"] for file in files}
        return {name: size for name, size in found.items() if NAME.fullmatch(name)}

    def remove(self, name: str) -> None:
        with self.answering():
            self.client.delete_object(Bucket=self.bucket, Key=self.prefix + name)

    def fetch(self, name: str, to: Path) -> None:
        """Write a backup that is there into a file."""
        if name not in self.names():
            raise BackupError(_("There is no backup %(name)s at %(place)s.") % {"name": name, "place": self})
        with self.answering():
            self.client.download_file(self.bucket, self.prefix + name, str(to))

    def tidy(self, now: datetime) -> None:
        """Remove the parts of uploads that were cut off. A key that may not do that stops no backup."""
        try:
            with self.answering():
                pages = self.client.get_paginator("list_multipart_uploads").paginate(
                    Bucket=self.bucket, Prefix=self.prefix
                )
                for upload in [upload for page in pages for upload in page.get("Uploads", ())]:
                    is_ours = NAME.fullmatch(upload["Key"].removeprefix(self.prefix))
                    if is_ours and upload["Initiated"] < now - LEFT_BEHIND:
                        self.client.abort_multipart_upload(
                            Bucket=self.bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                        )
        except BackupError as error:
            log.warning("Parts of backups that were cut off may be left in the bucket. %s", error)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Raise `BackupError` in words for whatever the other side or its client raises."""
        try:
            yield
        except BackupError:
            raise
        except Exception as error:  # its own errors are no family
            raise self.in_words(error) from error

    def in_words(self, error: Exception) -> BackupError:
        match error:
            case NoCredentialsError() | PartialCredentialsError():
                return self.not_set_up(_("no key is set. It wants AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."))
            case EndpointConnectionError() | ConnectTimeoutError():
                return self.failed(_("nobody answers at %(address)s.") % {"address": self.client.meta.endpoint_url})
            case ClientError():
                return self.refusal(error)
        return self.failed(str(error))

    def refusal(self, error: ClientError) -> BackupError:
        code = error.response.get("Error", {}).get("Code", "")
        if code == "NoSuchBucket":
            return self.not_set_up(_("there is no such bucket."))
        if code in KEY_REFUSED:
            return self.not_set_up(
                _("the key is not taken there. Look at AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.")
            )
        if code in KEY_MAY_NOT:
            return self.failed(_("the key may not do %(act)s.") % {"act": error.operation_name})
        return self.failed(str(error))

    def failed(self, reason: str) -> BackupError:
        return BackupError(_("%(place)s: %(reason)s") % {"place": self, "reason": reason})

    def not_set_up(self, reason: str) -> NotSetUpError:
        return NotSetUpError(_("%(place)s: %(reason)s") % {"place": self, "reason": reason})
