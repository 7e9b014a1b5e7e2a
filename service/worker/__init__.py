"""The way back and the periodic work."""
