"""The management API: what a shop and its merchants keep, one resource a file."""
