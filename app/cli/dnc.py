"""`optdesk dnc`: Do Not Contact, the numbers that must not be texted."""

from __future__ import annotations

import csv
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated, Any

import typer

from app.cli.acting import cancelled_by_ctrl_c, shown_progress
from app.cli.output import Column
from app.cli.session import noun, session_of
from app.exits import INTERRUPTED
from storage import dnc_import, dnc_pages, do_not_contact, suppressions
from storage.access import load_access
from storage.dnc_pages import Entry
from storage.export import private_file, safe_cell
from storage.fates import by_whom
from storage.ids import public
from storage.number_lists import Line
from storage.phones import region_of
from storage.times import stamp

app = noun("dnc")

_SHOWN = 20
"""Skipped lines that are printed one by one."""


@app.command()
def add(
    ctx: typer.Context,
    phones: Annotated[list[str], typer.Argument(metavar="PHONE", help="In any spelling.")],
    reason: Annotated[str, typer.Option(help="Why, for people to read.")] = "",
) -> None:
    """Text these numbers no more; their contacts leave the queue and their group at once."""
    session = session_of(ctx)
    added = session.store(create=True).do(
        lambda conn: suppressions.add(conn, session.who, phones, reason=reason)
    )
    known = len(phones) - added
    session.out.item(
        {"added": added, "known": known},
        f"{added} added" + (f", {known} on the list already." if known else "."),
    )


@app.command()
def remove(
    ctx: typer.Context,
    phone: Annotated[str, typer.Argument(help="A number, in any spelling.")],
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
) -> None:
    """Release a number that staff or an import put on the list; a STOP stays."""
    session = session_of(ctx)
    gone = session.store().do(lambda conn: do_not_contact.release(conn, session.who, phone, reason))
    session.out.item(
        {"released": len(gone), "phone": gone[0].phone},
        f"{gone[0].phone} is released ({', '.join(entry.source for entry in gone)}).",
    )


@app.command()
def check(
    ctx: typer.Context, phone: Annotated[str, typer.Argument(help="A number, in any spelling.")]
) -> None:
    """Tell whether a number may be texted, and by whose word not."""
    session = session_of(ctx)
    with session.store().read() as conn:
        found = do_not_contact.entries_of(conn, phone)
    said = by_whom(found, lambda moment: f"at {stamp(moment)}")
    session.out.item(
        {"phone": phone, "suppressed": bool(found), "entries": [_row(entry) for entry in found]},
        f"{phone} must not be texted: it {said}." if found else f"{phone} is on no list.",
    )


@app.command("import")
def import_(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(help="A CSV or plain list; - reads standard input.")],
    region: Annotated[
        str, typer.Option(help="Of numbers without a country, such as US; else the integration's.")
    ] = "",
    reason: Annotated[str, typer.Option(help="Why, for people to read.")] = "",
    report: Annotated[
        Path | None, typer.Option(help="Write every line skipped, and why, to this file.")
    ] = None,
) -> None:
    """Put a whole list of numbers on Do Not Contact; a run that was cut off goes on.

    Such as: optdesk dnc import list.csv --report skipped.csv
    """
    session = session_of(ctx)
    store = session.store(create=True)
    if region:
        region = region_of(region)
    else:
        with store.read() as conn:
            region = load_access(conn).default_region
    told: list[Line] = []
    with _named_file(file) as path, _report(report) as skip, cancelled_by_ctrl_c() as cancel:

        def skipped(line: Line) -> None:
            if len(told) < _SHOWN:
                told.append(line)
            if skip is not None:
                skip.writerow([line.number, line.reason, safe_cell(line.text)])

        done = dnc_import.take_in_list(
            store,
            session.who,
            path,
            region=region,
            name="standard input" if file == "-" else Path(file).name or file,
            reason=reason,
            skipped=skipped,
            progress=shown_progress(),
            cancel=cancel,
        )
    people = f"{done.contacts:,} contact" + ("" if done.contacts == 1 else "s")
    session.out.item(
        {
            "id": public("imp", done.id),
            "lines": done.lines,
            "added": done.added,
            "known": done.known,
            "skipped": done.skipped,
            "reasons": dict(done.reasons),
            "contacts": done.contacts,
            "resumed": done.resumed,
            "cancelled": done.cancelled,
            "skipped_lines": [
                {"line": line.number, "reason": line.reason, "text": line.text} for line in told
            ],
        },
        f"{done.added:,} added, {done.known:,} on the list already, {done.skipped:,} skipped;"
        f" {people} left the queue or their group.",
    )
    if report is None:
        for line in told:
            session.out.note(f"line {line.number}: {line.reason}: {line.text}")
        if done.skipped > len(told):
            session.out.note(f"and {done.skipped - len(told):,} more; --report FILE takes them all")
    if done.cancelled:
        session.out.note("Stopped there; the same command goes on.")
        raise SystemExit(INTERRUPTED)


@contextmanager
def _named_file(name: str) -> Iterator[Path]:
    if name != "-":
        yield Path(name)
        return
    # It is read twice, so a pipe is kept for as long as that takes.
    with tempfile.NamedTemporaryFile(prefix="optdesk-dnc-") as kept:
        shutil.copyfileobj(getattr(sys.stdin, "buffer", _Encoded(sys.stdin)), kept)
        kept.flush()
        yield Path(kept.name)


class _Encoded:
    """A stream of text as one of bytes."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        return self._stream.read(size).encode()


@contextmanager
def _report(path: Path | None) -> Iterator[Any]:
    if path is None:
        yield None
        return
    with private_file(path) as stream:
        writer = csv.writer(stream)
        writer.writerow(["line", "reason", "text"])
        yield writer


@app.command("list")
def list_(
    ctx: typer.Context,
    search: Annotated[
        str, typer.Option("--search", metavar="TEXT", help="Digits, a source, words of a reason.")
    ] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 1000,
) -> None:
    """List the numbers that must not be texted."""
    session = session_of(ctx)
    store = session.store()

    def rows() -> Iterator[dict[str, Any]]:
        behind, left = None, limit
        while left > 0:
            with store.read() as conn:
                size = min(left, 1000)
                found = dnc_pages.page(conn, search=search, behind=behind, limit=size)
            yield from map(_row, found)
            if len(found) < size:
                return
            behind, left = found[-1].place, left - len(found)

    session.out.rows(
        (
            Column("number", lambda row: row["phone"] or "(erased)"),
            Column("by", lambda row: row["source"]),
            Column("who", lambda row: row["actor"]),
            Column("when", lambda row: row["at"]),
            Column("reason", lambda row: row["reason"]),
        ),
        rows(),
        "Nobody is on the Do Not Contact list." if not search else "No entry matches.",
    )


@app.command()
def imports(ctx: typer.Context) -> None:
    """List the lists that were imported, and how old they are."""
    session = session_of(ctx)
    with session.store().read() as conn:
        found = dnc_import.imports(conn)
    session.out.rows(
        (
            Column("list", lambda row: row["name"]),
            Column("age", lambda row: f"{row['age_days']} d", right=True),
            Column("added", lambda row: f"{row['added']:,}", right=True),
            Column("skipped", lambda row: f"{row['skipped']:,}", right=True),
            Column("who", lambda row: row["actor"]),
            Column("state", lambda row: "whole" if row["done"] else "cut off"),
        ),
        (
            {
                "id": public("imp", row.id),
                "name": row.name,
                "actor": row.actor,
                "lines": row.lines,
                "added": row.added,
                "known": row.known,
                "skipped": row.skipped,
                "done": row.done,
                "at": stamp(row.started_at),
                "age_days": row.age.days,
            }
            for row in found
        ),
        "No list was imported yet.",
    )


def _row(row: Entry) -> dict[str, Any]:
    return {
        "phone": row.phone,
        "source": row.source,
        "reason": row.reason,
        "actor": row.actor,
        "at": stamp(row.at),
    }
