"""The served description fuzzed: nothing that it does not foretell, nothing of 5xx."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from storage.store import Store
from tests.server.served import Served, serving

pytestmark = pytest.mark.trial

EXAMPLES = 40


def test_fuzzing_finds_nothing_undocumented_and_nothing_of_5xx(
    sqlite_store: Store, tmp_path: Path
) -> None:
    with serving(sqlite_store) as served:
        fuzz(served, tmp_path)
        # Under one key all other bodies than the first are answered alike: once more without any.
        fuzz(served, tmp_path, "--header", "Idempotency-Key:")
        figures = served.get("/metrics").text
        served.session.close()
    assert 'code="IDEMPOTENCY_MISMATCH",route="api"' in figures
    assert 'code="MISSING_REQUIRED_FIELD",route="api"' in figures
    assert 'status="500"' not in figures
    assert 'status="503"' not in figures


def fuzz(served: Served, folder: Path, *more: str) -> None:
    done = subprocess.run(
        [
            Path(sys.executable).with_name("st"),
            "run",
            f"{served.url}/openapi.json",
            "--header",
            f"x-api: {served.key}",
            *more,
            "--max-examples",
            str(EXAMPLES),
            # No schema can say which messaging numbers exist.
            "--exclude-checks",
            "positive_data_acceptance",
            "--no-color",
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout
