"""The ordinary way to take a lead in, which ours is measured against: FastAPI, pydantic, an ORM session, two inserts.

No key, no checks, no look-ups. `python ordinary_intake.py PORT DSN` creates its tables and serves `POST /v1/leads`.
"""

import sys
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import BigInteger, DateTime, Identity, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Consent(BaseModel):
    given_at: datetime
    text: str | None = None
    ip: str | None = None
    source_url: str | None = None


class Lead(BaseModel):
    model_config = ConfigDict(extra="forbid")
    external_id: str = Field(max_length=100)
    project_id: str = Field(max_length=100)
    first_name: str = Field(max_length=100)
    last_name: str = Field(max_length=100)
    phone: str = Field(max_length=100)
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=300)
    address: dict[str, Any] | None = None
    consent: Consent | None = None
    comments: str | None = Field(default=None, max_length=4000)
    custom: dict[str, Any] = {}


class Base(DeclarativeBase):
    pass


class LeadRow(Base):
    __tablename__ = "leads"
    id: Mapped[uuid.UUID] = mapped_column(UUID, primary_key=True)
    external_id: Mapped[str] = mapped_column(Text, unique=True)
    project_id: Mapped[str] = mapped_column(Text)
    first_name: Mapped[str] = mapped_column(Text)
    last_name: Mapped[str] = mapped_column(Text)
    phone: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    address: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    consent: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    comments: Mapped[str | None] = mapped_column(Text)
    custom: Mapped[dict[str, Any]] = mapped_column(JSONB)
    status: Mapped[str] = mapped_column(Text, default="accepted")
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class OutboxRow(Base):
    __tablename__ = "outbox"
    position: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(UUID)
    type: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    body: Mapped[bytes] = mapped_column(LargeBinary)


def create_app(dsn: str) -> FastAPI:
    engine = create_async_engine(dsn.replace("postgresql://", "postgresql+asyncpg://"), pool_size=8, max_overflow=0)
    sessions = async_sessionmaker(engine, expire_on_commit=False)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        yield
        await engine.dispose()

    app = FastAPI(lifespan=lifespan)

    @app.post("/v1/leads", status_code=201)
    async def create(lead: Lead) -> dict[str, str]:
        lead_id = uuid.uuid4()
        content = lead.model_dump(mode="json")
        async with sessions.begin() as session:
            session.add(LeadRow(id=lead_id, received_at=datetime.now(UTC), **content))
            body = lead.model_dump_json().encode()
            session.add(OutboxRow(id=uuid.uuid4(), type="lead.accepted.v1", subject=str(lead_id), body=body))
        return {"id": str(lead_id), "status": "accepted"}

    return app


if __name__ == "__main__":
    uvicorn.run(create_app(sys.argv[2]), host="127.0.0.1", port=int(sys.argv[1]), access_log=False, log_level="warning")
