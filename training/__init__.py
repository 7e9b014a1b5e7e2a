"""Offline: parquet logs in, verified ONNX bundles out. It knows the service's contract only."""
