"""The clinic's rules as plain functions: no database, no clock, no Django."""
