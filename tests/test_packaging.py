"""What is shipped, what it is locked to, and what it must not carry along."""

import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
ROOMS = ("app", "screens", "widgets", "storage", "server")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))

# In pieces, so that this file does not hold what it forbids.
REGISTRIES = [
    ".".join(name) for name in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"))
]
INDEX_OPTION = re.compile(
    r"(?m)(?:^|\s)--(?:(?:extra-|default-)?index-url|default-index|find-links)\b"
)


def run(*command: object, cwd: Path = ROOT, **environment: str) -> str:
    """Run a command, without input, and return what it prints; its errors are the test's."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def shipped_files() -> list[Path]:
    """The files of the five rooms, without what Python leaves behind."""
    return [
        path.relative_to(ROOT)
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]


def repository_files() -> list[Path]:
    """What is committed, or would be."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    files = (ROOT / name for name in listed.split("\0") if name)
    return [path for path in files if path.is_file()]


def locked(lock: Path) -> dict[str, str]:
    """Version by name of everything in a lock."""
    pins = re.findall(r"(?m)^([A-Za-z0-9._-]+)==(\S+)", lock.read_text())
    return {canonicalize_name(name): version for name, version in pins}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment that holds the wheel and sees what it depends on."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    options = ("--quiet", "--disable-pip-version-check", "--no-index", "--no-deps")
    run(sys.executable, "-m", "pip", "--python", python, "install", *options, wheel)
    # A path file adds the folder, but not the editable Optdesk that a path file there points to.
    (site_packages,) = (folder / "lib").glob("python*/site-packages")
    (site_packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return folder / "bin"


def test_the_wheel_holds_every_file_of_the_rooms(wheel: Path):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {path.as_posix() for path in shipped_files()} <= names


def test_the_wheel_holds_style_sheets_and_migrations(wheel: Path):
    names = zipfile.ZipFile(wheel).namelist()
    assert [name for name in names if name.endswith(".tcss")]
    assert [name for name in names if re.fullmatch(r"storage/.*versions/\w+\.py", name)]


def test_the_wheel_holds_the_rooms_and_nothing_else(wheel: Path):
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert tops == {*ROOMS, f"optdesk-{PROJECT['version']}.dist-info"}


def test_the_installed_program_says_its_version_from_any_folder(installed: Path, tmp_path: Path):
    for room in ROOMS:
        (tmp_path / f"{room}.py").write_text("raise SystemExit('the wrong module')")
    for folder in (tmp_path, Path("/")):
        said = run(installed / "optdesk", "--version", cwd=folder, HOME=str(tmp_path))
        assert PROJECT["version"] in said


def test_the_installed_program_is_the_wheel_and_not_the_checkout(installed: Path, tmp_path: Path):
    found = run(installed / "python", "-c", "import app; print(app.__file__)", cwd=tmp_path)
    assert Path(found).is_relative_to(installed.parent)


def test_the_unit_lets_the_listener_choose_its_core():
    lines = (ROOT / "docs" / "optdesk.service").read_text().splitlines()
    filters = [line.partition("=")[2] for line in lines if line.startswith("SystemCallFilter=")]
    assert filters[0] == "@system-service"
    # A call of a list that is taken away ends the process, unless it is given back behind that.
    assert filters.index("sched_setaffinity") > filters.index("~@privileged @resources")
    assert "SystemCallErrorNumber=EPERM" in lines
    # Without /proc/stat nobody can tell which core is calm.
    assert not [line for line in lines if line.startswith("ProcSubset=")]


def test_storage_and_server_never_import_textual():
    code = """
import importlib, pkgutil, sys
import server, storage

for room in (server, storage):
    for module in pkgutil.walk_packages(room.__path__, room.__name__ + "."):
        if not module.name.endswith(".env"):  # Alembic alone can run its env.py
            importlib.import_module(module.name)
strangers = {name.split(".")[0] for name in sys.modules}
strangers &= {"textual", "app", "screens", "widgets"}
assert not strangers, strangers
"""
    run(sys.executable, "-c", code)


def test_no_file_names_a_package_registry():
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in repository_files()
        for name in REGISTRIES
        if name.encode() in path.read_bytes()
    ]
    assert not found


def test_no_file_names_a_package_index():
    found = [
        str(path.relative_to(ROOT))
        for path in repository_files()
        if INDEX_OPTION.search(path.read_text(errors="replace"))
    ]
    assert not found


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_holds_pins_with_hashes_and_no_address(lock: Path):
    for entry in lock.read_text().replace("\\\n", " ").splitlines():
        assert re.match(r"[a-z0-9._-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", entry), entry
        assert "://" not in entry


def test_every_dependency_is_locked_for_running():
    wanted = {canonicalize_name(Requirement(line).name) for line in PROJECT["dependencies"]}
    assert wanted <= set(locked(ROOT / "requirements" / "run.txt"))


def test_the_tests_run_with_the_versions_that_are_shipped():
    run_lock, dev_lock = (locked(ROOT / "requirements" / name) for name in ("run.txt", "dev.txt"))
    assert run_lock.items() <= dev_lock.items()
