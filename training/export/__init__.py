"""From trained networks to bundles: split ONNX graphs, golden rows, manifest, and the gates."""

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # as service/inference does
