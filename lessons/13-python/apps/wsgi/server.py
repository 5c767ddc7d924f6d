"""The server of the own-WSGI-server tutorial, by its names; behind them is lesson 13."""

# ANCHOR: server
import importlib.util
import os
import sys
from pathlib import Path


class WSGIServer:
    """Serves an application, be it WSGI or ASGI."""

    serving = None

    def __init__(self, app, host="localhost", port=8000):
        self.app = app
        self.address = f"{host}:{port}"

    def serve_forever(self):
        """Serves until somebody stops it."""
        if "lesson13" in sys.modules:
            return  # `lesson13 script:app` has loaded the script, and serves what it has made.
        WSGIServer.serving = self
        code = load_lesson13().main(["--addr", self.address, f"{__name__}:WSGIServer.serving.app"])
        sys.exit(code)
# ANCHOR_END: server


# ANCHOR: load
def load_lesson13():
    """The library that `cargo build -p lesson13` has made, the newest if there are several."""
    workspace = Path(__file__).resolve().parents[4]
    target = Path(os.environ.get("CARGO_TARGET_DIR", workspace / "target"))
    libraries = target.glob("*/deps/liblesson13.so")
    library = max(libraries, key=lambda path: path.stat().st_mtime, default=None)
    if library is None:
        sys.exit("wsgi.server: there is no lesson13 yet; cargo build -p lesson13 makes it")
    spec = importlib.util.spec_from_file_location("lesson13", library)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
# ANCHOR_END: load
