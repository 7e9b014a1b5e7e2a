"""What the management API reads and writes, one resource a file."""
