"""What runs imports nothing but what requirements.txt names: tests have more packages beside them than a fresh machine."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IMPORT_ALL = """
import importlib, importlib.abc, importlib.metadata, os, pkgutil, re, sys

locked = set(sys.argv[1].split(","))
named = lambda name: re.sub(r"[-_.]+", "-", name).lower()
owners = importlib.metadata.packages_distributions()
foreign = {package for package, dists in owners.items() if not {named(dist) for dist in dists} & locked}

class OnlyLocked(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if path is None and name in foreign:
            raise ModuleNotFoundError(f"No module named {name!r} in requirements.txt", name=name)

sys.meta_path.insert(0, OnlyLocked())
os.environ["DJANGO_SETTINGS_MODULE"] = "microgrid_site.settings"
import django
django.setup()
rooms = ["kernel", "members", "energy", "grid", "billing", "contracts", "microgrid_site"]
modules = list(rooms)
for room in rooms:
    modules += [found.name for found in pkgutil.walk_packages(importlib.import_module(room).__path__, room + ".")]
for module in modules:
    if not module.endswith("__main__"):
        importlib.import_module(module)
from microgrid_site.celery import app
app.connection_for_write()
print(len(modules))
"""


def test_all_modules_load_with_the_runtime_packages_alone() -> None:
    text = (ROOT / "requirements.txt").read_text()
    locked = {re.sub(r"[-_.]+", "-", name).lower() for name in re.findall(r"^([A-Za-z0-9._-]+)==", text, re.M)}
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, ",".join(sorted(locked))], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout) > 150
