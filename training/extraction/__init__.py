"""Learns from products with attributes to find these in titles and descriptions of others."""
