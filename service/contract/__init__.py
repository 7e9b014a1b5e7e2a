"""Pure: what training and serving must agree on, word for word and number for number."""
