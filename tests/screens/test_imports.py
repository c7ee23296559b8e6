"""Nothing of the package is read from disk once the desk stands."""

from __future__ import annotations

import subprocess
import sys

_LOADED = """
import sys
from app.background import import_the_rest
import_the_rest()
for name in ("screens.api_keys", "screens.confirm", "screens.contact_panel", "storage.undo"):
    assert name in sys.modules, name
"""


def test_everything_that_screens_need_later_is_imported_behind_the_first_frame() -> None:
    subprocess.run([sys.executable, "-c", _LOADED], check=True)
