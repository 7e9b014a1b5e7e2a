"""The arms: selling-point models by name, all fitted, measured and exported alike."""
