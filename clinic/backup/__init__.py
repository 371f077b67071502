"""Backups of the whole clinic: one sealed file with the database and every private file that its rows name.

docs/adr/0033-backups-are-one-sealed-file.md says how such a file is made up, docs/operations.md how to live with it.
"""
