"""From trained networks to bundles: split ONNX graphs, golden rows, manifest, and the gates."""
