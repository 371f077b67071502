#!/usr/bin/env python3
"""Mesotrack's command line: `python3 manage.py demo`, `python3 manage.py test`, or any command of Django."""

import sys

# Every Python that somebody may have has to be able to read this file: an old one gets a sentence, not a traceback.
if sys.version_info < (3, 11):
    sys.exit("Mesotrack needs Python 3.11 or newer; this is %d.%d." % sys.version_info[:2])

if __name__ == "__main__":
    from clinic import bootstrap

    bootstrap.prepare(sys.argv)

    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
