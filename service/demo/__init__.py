"""The made-up shop: catalogue, shoppers with known tastes, clicks."""
