"""Beginning anew when a file of the application changes."""

# ANCHOR: imports
import os
import sys
import threading
import time

OFTEN = 0.3
PATIENCE = 5
OTHERS = {"site-packages", "node_modules", "target"}
ADDRESS = "LESSON13_ADDRESS"

finished = threading.Event()
# ANCHOR_END: imports


# ANCHOR: files
def own_files():
    """The Python files of this folder, and of every module that has been imported."""
    for folder, folders, files in os.walk("."):
        folders[:] = [name for name in folders if name[0] not in "._" and name not in OTHERS]
        yield from (os.path.join(folder, name) for name in files if name.endswith(".py"))
    for module in list(sys.modules.values()):
        if file := getattr(module, "__file__", None):
            yield file


def stamps():
    found = {}
    for file in own_files():
        try:
            found[file] = os.stat(file).st_mtime_ns
        except OSError:
            pass  # It is being written anew, or has gone.
    return found


def wait_for_change():
    before = stamps()
    while True:
        time.sleep(OFTEN)
        now = stamps()
        # A module that is imported late is no change.
        for file, stamp in now.items():
            if before.get(file, stamp) != stamp:
                return file
        if before.keys() - now.keys():
            return (before.keys() - now.keys()).pop()
        before = now
# ANCHOR_END: files


# ANCHOR: begin
def begin_anew(address):
    """Becomes a new process with the same number, which takes the same port."""
    os.environ[ADDRESS] = address
    os.execv(sys.executable, sys.orig_argv)


def watch(address, say, stop):
    def work():
        say(f"{wait_for_change()} has changed; beginning anew")
        stop()
        finished.wait(PATIENCE)
        begin_anew(address)

    thread = threading.Thread(target=work, name="reload", daemon=True)
    thread.start()
    return thread
# ANCHOR_END: begin
