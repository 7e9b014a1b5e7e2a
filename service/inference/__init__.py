"""Opens, verifies and runs model bundles; onnxruntime lives only here."""

import os

# else its wheel writes an id of this machine into the home folder and reports to its maker
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
