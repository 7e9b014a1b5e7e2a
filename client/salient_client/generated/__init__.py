"""Made by `make client`; do not edit."""
