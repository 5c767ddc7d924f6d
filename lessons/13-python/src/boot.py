# ANCHOR: boot
import sys


def refuse(reason):
    sys.stderr.write("lesson13: " + reason + "\n")
    sys.exit(1)


def load(path):
    import importlib.machinery
    import importlib.util
    import sysconfig

    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        refuse(sys.executable + " has no interpreter lock, and this lesson is about it: "
               "name a Python with one, such as --python /usr/bin/python3")
    loader = importlib.machinery.ExtensionFileLoader("lesson13", path)
    spec = importlib.util.spec_from_file_location("lesson13", path, loader=loader)
    try:
        module = importlib.util.module_from_spec(spec)
        sys.modules["lesson13"] = module
        loader.exec_module(module)
    except ImportError as error:
        refuse("%s (%s) cannot load %s: %s; name another Python with --python"
               % (sys.executable, sys.implementation.name, path, error))
    return module


if sys.version_info < (3, 10):
    refuse("Python %d.%d is too old: name one from 3.10 on with --python" % sys.version_info[:2])
sys.exit(load(sys.argv[1]).main(sys.argv[2:]))
# ANCHOR_END: boot
