"""Opens, verifies and runs model bundles; onnxruntime lives only here."""
