"""HTTP in and out, one resource a file."""
