"""Pure: which ads, at what price, under which titles."""
