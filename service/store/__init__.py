"""Postgres and Redis: tables, one function a query, profiles, the stream."""
