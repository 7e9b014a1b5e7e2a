"""A real Postgres and a real Valkey from pip wheels, for a machine that has neither."""
