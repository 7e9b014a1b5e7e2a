"""What the commands of `salient` do, one a file; each brings rooms together that do not meet."""
