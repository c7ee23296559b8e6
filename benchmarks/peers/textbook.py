"""The textbook: FastAPI and SQLModel, a session and a commit for each request, WAL and FULL.

It stores a fraction of what Optdesk stores: one row for each lead, nothing sent, no ledger.
`python textbook.py FILE` prints `listening on URL`.
"""

import socket
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import uvicorn
from fastapi import Depends, FastAPI, HTTPException
from sqlalchemy import event
from sqlmodel import Field, Session, SQLModel, create_engine, select


class OptIn(SQLModel):
    mobile_phone: str = Field(regex=r"^\+[1-9][0-9]{6,14}$")
    ip_address: str
    user_agent: str
    opt_in_number_id: str


class Contact(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    mobile_phone: str = Field(unique=True, index=True)
    ip_address: str
    user_agent: str
    opt_in_number_id: str
    stage: str = Field(default="queued", index=True)
    received_at: datetime = Field(default_factory=lambda: datetime.now(UTC))


engine = create_engine(
    f"sqlite:///{sys.argv[1]}", connect_args={"check_same_thread": False, "timeout": 30}
)


@event.listens_for(engine, "connect")
def _prepare(driver, _record) -> None:
    driver.execute("PRAGMA journal_mode = WAL")
    driver.execute("PRAGMA synchronous = FULL")


def _session() -> Iterator[Session]:
    with Session(engine) as session:
        yield session


app = FastAPI()


@app.put("/v1/public/opt-in/")
def opt_in(said: OptIn, session: Annotated[Session, Depends(_session)]) -> dict[str, object]:
    known = session.exec(select(Contact).where(Contact.mobile_phone == said.mobile_phone)).first()
    if known:
        raise HTTPException(409, "Contact already opted in")
    contact = Contact.model_validate(said)
    session.add(contact)
    session.commit()
    session.refresh(contact)
    return {
        "success": True,
        "data": {"contact_id": contact.id, "phone_number": contact.mobile_phone},
    }


if __name__ == "__main__":
    SQLModel.metadata.create_all(engine)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(1024)
    print(f"listening on http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    config = uvicorn.Config(app, access_log=False, log_level="warning")
    uvicorn.Server(config).run(sockets=[listening])
