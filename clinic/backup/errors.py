"""What keeps a backup from being made or used, each said in a sentence for whoever runs it."""


class BackupError(Exception):
    """The backup was not made, or not restored."""


class NotSetUpError(BackupError):
    """What has to be set first is not: a key, a place, a tool of the database."""


class DamagedError(BackupError):
    """The file is not what was written, and nothing of it is used."""
