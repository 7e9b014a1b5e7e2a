"""Peers: what others would rank feature words by, all from one table and one tuning budget."""
