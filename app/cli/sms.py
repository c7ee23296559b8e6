"""`optdesk sms`: play the carrier and the person, judge texts, look after lost ones."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.help_page import Noun, Verbs
from app.cli.output import Column
from app.cli.session import noun, session_of
from storage import gateway_state, messages, scripts
from storage.errors import NotFound, Refused
from storage.ids import parse, public
from storage.inbound import Inbound, receive
from storage.keywords import Meaning
from storage.phones import parse_e164
from storage.reviews import ReviewRow, confirm_review, dismiss_review
from storage.reviews import reviews as list_reviews
from storage.scripts import OUTCOMES, Scripted
from storage.times import stamp

app = noun("sms")

Message = Annotated[str, typer.Argument(metavar="TEXT", help="Its msg_… id.")]

Phone = Annotated[str, typer.Argument(help="The number in E.164, or '*' for all others.")]


@app.command()
def simulate(
    ctx: typer.Context,
    phone: Phone,
    outcome: Annotated[str, typer.Argument(help=f"One of: {', '.join(OUTCOMES)}.")],
    delay: Annotated[int, typer.Option(min=0, help="Milliseconds until it happens.")] = 0,
    reply: Annotated[str, typer.Option(help="What the person texts back, such as STOP.")] = "",
) -> None:
    """Say what becomes of texts to a number from now on, and what comes back.

    Such as: optdesk sms simulate +14155550123 deliver --delay 500 --reply STOP
    """
    session = session_of(ctx)
    store = session.store(create=True)
    made = store.do(lambda conn: scripts.script(conn, phone, outcome, delay, reply))
    answer = f" They text back: {made.reply}" if made.reply else ""
    session.out.item(_row(made), f"Texts to {_named(made.phone)}: {made.outcome}.{answer}")


@app.command()
def forget(ctx: typer.Context, phone: Phone) -> None:
    """Let texts to a number be accepted again."""
    session = session_of(ctx)
    if not session.store().do(lambda conn: scripts.unscript(conn, phone)):
        raise NotFound(f"Nothing was said about texts to {phone}.", "See: optdesk sms list")
    session.out.item({"phone": phone, "outcome": None}, f"Texts to {_named(phone)}: as usual.")


@app.command("list")
def list_(ctx: typer.Context) -> None:
    """List what was said about numbers."""
    session = session_of(ctx)
    with session.store().read() as conn:
        found = list(scripts.scripts(conn).values())
    session.out.rows(
        (
            Column("number", lambda row: row["phone"]),
            Column("outcome", lambda row: row["outcome"]),
            Column("delay", lambda row: f"{row['delay_ms']} ms", right=True),
            Column("reply", lambda row: row["reply"]),
        ),
        map(_row, found),
        "Nothing was said: every text is accepted.",
    )


def _row(scripted: Scripted) -> dict[str, object]:
    return {
        "phone": scripted.phone,
        "outcome": scripted.outcome,
        "delay_ms": scripted.delay_ms,
        "reply": scripted.reply,
    }


def _named(phone: str) -> str:
    return "all other numbers" if phone == "*" else phone


@app.command()
def inbound(
    ctx: typer.Context,
    phone: Annotated[str, typer.Argument(help="Who sends it, in E.164.")],
    body: Annotated[str, typer.Argument(help="What it says, such as STOP.")],
    to: Annotated[str, typer.Option(help="The number it is sent to: its id or E.164.")] = "",
) -> None:
    """Play a text that a person sends."""
    session = session_of(ctx)
    parsed = parse_e164(phone)
    if parsed is None:
        raise Refused(
            f"“{phone}” is no phone number in E.164 format.", "Write it like +14155550123."
        )
    text = Inbound("simulated", "", parsed.e164, to, body)
    done = session.store(create=True).do(lambda conn: receive(conn, text))
    fields = {
        "phone": parsed.e164,
        "meaning": done.meaning.value,
        "changed": done.changed,
        "contact_id": public("con", done.contact_id) if done.contact_id else None,
        "reply": done.reply,
    }
    said = _DONE[done.meaning]
    if done.meaning is Meaning.START and not done.changed:
        said = "Wants texts; no opt-out stood in the way and no YES is waited for."
    if done.meaning is Meaning.REVIEW and not done.waits:
        said = "Resembles an opt-out, of somebody who is opted out already."
    session.out.item(fields, said + (f" Answer: {done.reply}" if done.reply else ""))


@app.command()
def unknown(ctx: typer.Context) -> None:
    """List the texts of which nobody knows whether they were sent."""
    session = session_of(ctx)
    with session.store().read() as conn:
        found = messages.unknown(conn, limit=1000)
    session.out.rows(
        (
            Column("id", lambda row: row["id"]),
            Column("number", lambda row: row["phone"]),
            Column("since", lambda row: row["at"]),
            Column("why", lambda row: row["error"]),
        ),
        (
            {
                "id": public("msg", row.message_id),
                "contact_id": public("con", row.contact_id),
                "phone": row.phone,
                "purpose": row.purpose,
                "error": row.error,
                "at": stamp(row.at),
            }
            for row in found
        ),
        "The fate of every text is known.",
    )


@app.command()
def resend(ctx: typer.Context, message: Message) -> None:
    """Send a text of unknown fate again; it may arrive twice."""
    session = session_of(ctx)
    ident = _message_id(message)
    row = session.do_for_good(
        lambda conn: messages.resend(conn, session.who, ident),
        "Send this text again? If it was sent before, it arrives twice.",
    )
    session.out.item({"id": message, "phone": row.phone}, f"The text to {row.phone} goes out.")


@app.command()
def arrived(ctx: typer.Context, message: Message) -> None:
    """Note that a text of unknown fate went out, as the provider shows."""
    session = session_of(ctx)
    ident = _message_id(message)
    row = session.do_for_good(
        lambda conn: messages.arrived(conn, session.who, ident),
        "Note that this text went out? It is not sent again.",
    )
    session.out.item({"id": message, "phone": row.phone}, f"The text to {row.phone} went out.")


@app.command()
def gateways(ctx: typer.Context) -> None:
    """Show whether texts go out, for each gateway that was ever in trouble."""
    session = session_of(ctx)
    with session.store().read() as conn:
        found = gateway_state.circuits(conn)
    session.out.rows(
        (
            Column("gateway", lambda row: row["name"]),
            Column("circuit", lambda row: row["state"]),
            Column("why", lambda row: row["reason"]),
            Column("until", lambda row: row["until"] or ""),
        ),
        (
            {
                "name": row.name,
                "state": row.state,
                "reason": row.reason,
                "until": stamp(row.until) if row.until else None,
                "changed_at": stamp(row.changed_at),
            }
            for row in found
        ),
        "No gateway was ever in trouble.",
    )


review = Noun(cls=Verbs, help="Judge texts that resemble an opt-out.", no_args_is_help=True)
app.add_typer(review, name="review")


@review.command("list")
def reviews(ctx: typer.Context) -> None:
    """List the texts that wait for a person's judgement."""
    session = session_of(ctx)
    with session.store().read() as conn:
        found = list_reviews(conn, limit=1000)
    session.out.rows(
        (
            Column("id", lambda row: row["id"]),
            Column("number", lambda row: row["phone"]),
            Column("came", lambda row: row["at"]),
            Column("text", lambda row: row["body"]),
        ),
        map(_review, found),
        "Nothing waits for a judgement.",
    )


@review.command()
def confirm(ctx: typer.Context, message: Message) -> None:
    """Take a text for the opt-out that it resembles."""
    session = session_of(ctx)
    ident = _message_id(message)
    row = session.store().do(lambda conn: confirm_review(conn, session.who, ident))
    session.out.item(_review(row), f"{row.phone} is opted out.")


@review.command()
def dismiss(ctx: typer.Context, message: Message) -> None:
    """Let a text be: it was no opt-out."""
    session = session_of(ctx)
    ident = _message_id(message)
    row = session.store().do(lambda conn: dismiss_review(conn, session.who, ident))
    session.out.item(_review(row), f"{row.phone} stays opted in.")


def _review(row: ReviewRow) -> dict[str, object]:
    return {
        "id": public("msg", row.message_id),
        "contact_id": public("con", row.contact_id) if row.contact_id else None,
        "phone": row.phone,
        "body": row.body,
        "at": stamp(row.at),
    }


def _message_id(text: str) -> int:
    ident = parse(text)
    if ident is None:
        raise NotFound(f"“{text}” is no text's id.", "See: optdesk sms review list")
    return ident


_DONE = {
    Meaning.STOP: "Opted out.",
    Meaning.START: "Opted in: a STOP of theirs is lifted, or the YES was given.",
    Meaning.HELP: "Asked for help.",
    Meaning.REVIEW: "Resembles an opt-out: a person has to judge it (optdesk sms review list).",
    Meaning.OTHER: "Kept with the contact.",
}
