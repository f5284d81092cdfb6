"""What may happen to leads, at random, through the services' own APIs: what is refused just does not happen."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, cast

from four_services import AGENTS, FourServices, Load, agent_headers, lead_body
from sponsor_svc.statistics.log.rebuild import rebuild_statistics

ZONES = ("UTC", "Europe/Helsinki", "Asia/Kathmandu", "America/St_Johns")
CURRENCIES = ("EUR", "SEK", "JPY", "KWD")
MONEY = [{"amount_minor": 4990 + n, "currency": currency} for n, currency in enumerate(CURRENCIES)]
ADMIN = {"level": "admin"}


@dataclass
class Happenings:
    """`a` and `b` of a step choose whom it is about, and how. The statistics hear of it when they are told."""

    world: FourServices
    chance: random.Random
    load: Load
    projects: list[str] = field(default_factory=list[str])
    lists: list[str] = field(default_factory=list[str])
    sponsors: list[str] = field(default_factory=list[str])
    bodies: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    leads: list[str] = field(default_factory=list[str])
    returns: list[str] = field(default_factory=list[str])

    async def begin(self) -> None:
        """Two projects, of which one has its leads validated, four lists, two sponsors, two partners, two agents."""
        self.projects = await self.load.begin(("plain", "validated"))
        for name in ("north", "south"):
            sponsor = await self.world.ask("sponsor-svc", "POST", "sponsors", {"name": name})
            self.sponsors.append(sponsor["id"])
        for name in ("a", "b", "c", "d"):
            body = {"name": name, "sponsor_id": self.sponsors[0]} if name == "a" else {"name": name}
            self.lists.append((await self.world.ask("sponsor-svc", "POST", "contact-lists", body))["id"])
        self.world.statistics_wait = True
        for number in range(6):
            await self.push(number, number)

    async def step(self, verb: str, a: int, b: int) -> None:
        do: Callable[[int, int], Awaitable[None]] = getattr(self, verb)
        await do(a, b)

    async def _try(self, service: str, method: str, path: str, body: Any = None, **who: Any) -> Any:
        return await self.world.ask(service, method, path, body, refusable=True, **who)

    def _lead(self, a: int) -> str:
        return self.leads[a % len(self.leads)]

    async def _in(self, service: str, query: str, a: int) -> str:
        """A lead to which something can happen, or any."""
        rows = await self.world.services[service].db.pool.fetch(f"{query} ORDER BY lead_id")
        return str(rows[a % len(rows)]["lead_id"]) if rows else self._lead(a)

    async def _worked(self, a: int, *states: str) -> str:
        wanted = ", ".join(f"'{state}'" for state in states)
        return await self._in("assignment-svc", f"SELECT lead_id FROM work_items WHERE state IN ({wanted})", a)

    async def push(self, a: int, b: int) -> None:
        """With or without an order, a list, a good address; now and then a test, a duplicate or a replacement."""
        self.load.number += 1
        more: dict[str, Any] = {"contact_list_id": self.lists[b % 4]} if b % 3 else {}
        if a % 2:
            more |= {"order": _order(a, b, "partial" if a % 4 == 1 else "completed")}
        if b == 4:
            more |= {"email": "no address"}
        if b == 5 and self.leads:
            returned = "SELECT lead_id FROM returns WHERE state = 'accepted'"
            more |= {"replacement_for": await self._in("lead-intake-svc", returned, a)}
        more |= {"test": True} if (a, b) == (7, 3) else {}
        body = lead_body(self.load.number, self.projects[a % 2], **more)
        if b == 3 and self.bodies:
            known = self.bodies[a % len(self.bodies)]
            body |= {name: known[name] for name in ("phone", "email")}
        await self._send(body, a)

    async def _send(self, body: dict[str, Any], a: int) -> None:
        made = await self._try("lead-intake-svc", "POST", "leads", body, key=self.load.keys[a % 2])
        if made is not None and made["id"] not in self.leads:
            self.leads.append(made["id"])
            self.bodies.append(body)

    async def push_again(self, a: int, b: int) -> None:
        """The same lead, grown: in another list, with another number, with an order, put right."""
        at = a % len(self.bodies)
        body = self.bodies[at] | {"contact_list_id": self.lists[b % 4]}
        body |= {"order": _order(a, b, "partial")} if b % 2 else {}
        body |= {"email": f"right.{at}@example.fi"} if b % 3 else {}
        for key in self.load.keys:
            if await self._try("lead-intake-svc", "POST", "leads", body, key=key) is not None:
                self.bodies[at] = body

    async def decide(self, a: int, b: int) -> None:
        body = {"decision": "accept" if b % 2 else "reject", "reason": "looked at"}
        lead_id = await self._in("lead-intake-svc", "SELECT id AS lead_id FROM leads WHERE status = 'quarantined'", a)
        await self._try("lead-intake-svc", "POST", f"leads/{lead_id}/decision", body, **ADMIN)

    async def validate(self, a: int, b: int) -> None:
        states = "'rejected', 'exhausted'" if b == 5 else "'unconfirmed'"
        lead_id = await self._in("validation-svc", f"SELECT lead_id FROM cases WHERE state IN ({states})", a)
        path = f"validation/cases/{lead_id}"
        if b == 5:
            await self._try("validation-svc", "POST", f"{path}/reopen", {"reason": "a mistake"}, **ADMIN)
        status = ("confirmed", "rejected", "unconfirmed")[b % 3]
        await self._try("validation-svc", "POST", f"{path}/decision", {"status": status}, **ADMIN)

    async def work(self, a: int, b: int) -> None:
        """An agent asks for a lead, calls, and is done with it; or leaves it claimed."""
        who = agent_headers(AGENTS[a % 2])
        body = {"project_id": self.projects[b % 2]}
        claim = await self._try("assignment-svc", "POST", "queue/claim", body, **who)
        if claim is not None:
            await self._end(claim["work_item"]["lead_id"], claim["lock"]["token"], who, a)

    async def assign(self, a: int, b: int) -> None:
        """By a supervisor, to an agent who then works it; or from one agent to another, or back."""
        lead_id, agent = await self._worked(a, *(("claimed",) if b > 3 else ("queued", "pending"))), AGENTS[b % 2]
        path, body = f"work-items/{lead_id}", {"lead_id": lead_id, "agent_id": agent}
        if b == 4:
            await self._try("assignment-svc", "POST", f"{path}/reassign", {"agent_id": agent}, **ADMIN)
        elif b == 5:
            await self._try("assignment-svc", "POST", f"{path}/unassign", {}, **ADMIN)
        else:
            await self._try("assignment-svc", "POST", "assignments", body, **ADMIN)
        lock = await self._try("assignment-svc", "POST", f"{path}/lock", {}, **agent_headers(agent))
        if lock is not None:
            await self._end(lead_id, lock.get("lock", lock)["token"], agent_headers(agent), a + b)

    async def _end(self, lead_id: str, lock: Any, who: dict[str, Any], a: int) -> None:
        path, held = f"work-items/{lead_id}", who | {"lock": lock}
        for _ in range(a % 3):
            call = {"outcome": "answered" if a % 2 else "no answer"}
            await self._try("assignment-svc", "POST", f"{path}/attempts", call, **held)
        ends: list[tuple[str, dict[str, Any]]] = [
            ("resolve", {"disposition_id": self.load.dispositions[a % 2]}),
            ("convert", {}),
            ("invalidate", {"reason": "wrong"}),
            ("release", {}),
            ("convert", {}),
            ("attempts", {"outcome": "answered"}),
        ]
        verb, body = ends[a % 6]
        if verb == "convert" and a % 4 == 0:
            order = {"lead_id": lead_id, "number": f"B{a}", "items": _order(a, a, "partial")["items"]}
            await self._try("assignment-svc", "POST", "orders", order, **held)
        await self._try("assignment-svc", "POST", f"{path}/{verb}", body, **held)

    async def reopen(self, a: int, b: int) -> None:
        path = f"work-items/{await self._worked(a, 'resolved', 'invalid', 'expired', 'converted')}/reopen"
        await self._try("assignment-svc", "POST", path, {"reason": f"again {b}"}, **ADMIN)

    async def give_back(self, a: int, b: int) -> None:
        """A return is asked for, and answered at once, later, or never."""
        body = {"lead_ids": [await self._worked(a, "resolved", "invalid", "queued")], "reason": "wrong number"}
        asked = await self._try("lead-intake-svc", "POST", "returns", body, **ADMIN)
        if asked is not None and asked["results"][0].get("id"):
            self.returns.append(asked["results"][0]["id"])
        await self.answer(b, b)

    async def answer(self, a: int, b: int) -> None:
        if self.returns:
            verb = ("accept", "decline", "dispute", "accept", "dismiss", "accept")[b]
            await self._try(
                "lead-intake-svc", "POST", f"returns/{self.returns[a % len(self.returns)]}/{verb}", {}, **ADMIN
            )

    async def replace(self, a: int, b: int) -> None:
        """Said by an admin, or taken back."""
        returned = "SELECT lead_id FROM returns WHERE state = 'accepted'"
        path, body = (
            f"leads/{self._lead(a)}/replacement",
            {"original_id": await self._in("lead-intake-svc", returned, b)},
        )
        method = "DELETE" if b % 3 == 0 else "PUT"
        await self._try("lead-intake-svc", method, path, None if b % 3 == 0 else body, **ADMIN)

    async def erase(self, a: int, b: int) -> None:
        if b == 0:
            person = {"phone": self.bodies[a % len(self.bodies)]["phone"]}
            await self._try("lead-intake-svc", "POST", "erasures", person, **ADMIN)

    async def suppress(self, a: int, b: int) -> None:
        if b == 1:
            body = {"kind": "phone", "value": self.bodies[a % len(self.bodies)]["phone"]}
            await self._try("lead-intake-svc", "POST", "suppressions", body, **ADMIN)

    async def change_hands(self, a: int, b: int) -> None:
        """A project is another sponsor's from now on."""
        body = {"sponsor_id": self.sponsors[b % 2]}
        await self._try("sponsor-svc", "PATCH", f"projects/{self.projects[a % 2]}", body, **ADMIN)

    async def tell(self, a: int, b: int) -> None:
        """The statistics hear some of it, in any order, some of it twice; now and then while they are rebuilt."""
        kept = self.world.kept
        self.chance.shuffle(kept)
        some = [kept.pop() for _ in range(len(kept) * (a % 4) // 4)]
        telling = self.world.tell(some + some[: len(some) // 3])
        if b:
            await telling
            return
        zone = ZONES[a % len(ZONES)]
        await asyncio.gather(rebuild_statistics(self.world.services["sponsor-svc"].db, zone), telling)

    async def tell_all(self) -> None:
        await self.world.tell_statistics(self.chance)


VERBS = (
    "push", "push", "push_again", "decide", "validate", "validate", "work", "work", "work", "assign", "assign",
    "reopen", "reopen", "give_back", "answer", "replace", "erase", "suppress", "change_hands", "tell",
)  # fmt: skip


def _order(a: int, b: int, status: str) -> dict[str, Any]:
    """Of one product or two, of which some name the same one differently."""
    price = cast("dict[str, Any]", MONEY[b % 4])
    codes = (("GREEN24",), ("green24", "PUMP"), ("PUMP", "pump "))[a % 3]
    items = [{"product_code": code, "quantity": 1 + b % 2, "unit_price": price} for code in codes]
    total = price | {"amount_minor": price["amount_minor"] * (1 + b % 2) * len(codes)}
    return {"number": f"A{a}", "status": status, "items": items, "total": total}
