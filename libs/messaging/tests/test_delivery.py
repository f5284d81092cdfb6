"""The delivery rules, the same on the embedded bus and on RabbitMQ (guarantee 2)."""

import random
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from contracts.envelope import Trace, decode_envelope, encode
from contracts.event import Event
from contracts.events.intake import SuppressionAddedV1, SuppressionRemovedV1
from messaging import dead_letters
from messaging.dead_letters import Choice
from messaging.errors import NotYet, PermanentFailure
from messaging.subscription import Handler, Ordering, Received, Subscription
from messaging.trace import current_trace
from messaging.unit_of_work import INSERT_OUTBOX, UnitOfWork


async def test_each_event_takes_effect_once_in_every_subscriber(world: Any, h: Any) -> None:
    alpha, beta, gamma = await world.open({"beta-svc": [h.hears()], "gamma-svc": [h.hears(batch=7)]})
    await world.start()
    ids = [(await alpha.publish(h.happened(f"s{n}")))[0] for n in range(30)]
    ids += await alpha.publish(*[h.happened(f"m{n}") for n in range(300)])
    for side in (beta, gamma):
        await h.eventually(lambda side=side: h.has(side, 330))
        assert sorted(await side.effects()) == sorted(ids)
    await h.eventually(lambda: h.is_empty(alpha))


async def test_a_message_that_comes_three_times_shuffled_takes_effect_once(world: Any, h: Any) -> None:
    alpha, beta = await world.open({"beta-svc": [h.hears(batch=16)]})
    messages = [encode(h.happened(f"s{n}"), source="/t", sequence=1, trace=Trace()) for n in range(100)] * 3
    random.Random(7).shuffle(messages)
    await alpha.database.pool.execute(
        INSERT_OUTBOX,
        [m.id for m in messages],
        [m.type for m in messages],
        [m.subject for m in messages],
        [m.body for m in messages],
    )
    await world.start()
    await h.eventually(lambda: h.is_empty(alpha))
    await h.eventually(lambda: h.has(beta, 100))
    await world.stop()
    assert sorted(await beta.effects()) == sorted({m.id for m in messages})


async def test_events_of_a_handler_commit_with_its_effect_and_carry_the_cause(world: Any, h: Any) -> None:
    async def answer(work: UnitOfWork, received: Received[SuppressionAddedV1]) -> None:
        assert current_trace.get().causation_id == str(received.envelope.id)
        work.publish(
            SuppressionRemovedV1(suppression_id=received.event.suppression_id, kind="email", value="v", scope="global"),
            sequence=2,
        )

    heard: list[Received[Any]] = []

    async def listen(work: UnitOfWork, received: Received[Any]) -> None:
        heard.append(received)
        await h.note_effect(work, received)

    answering = h.hears(answer)
    listening = h.hears(listen, event_class=SuppressionRemovedV1)
    alpha, _, gamma = await world.open({"beta-svc": [answering], "gamma-svc": [listening]})
    await world.start()
    (cause,) = await alpha.publish(h.happened())
    await h.eventually(lambda: h.has(gamma, 1))
    assert heard[0].envelope.causationid == str(cause)
    assert heard[0].envelope.source == "/leadwire/beta-svc"


async def test_poison_is_parked_and_the_good_ones_beside_it_pass(world: Any, h: Any) -> None:
    async def refuse_one(work: UnitOfWork, received: Received[SuppressionAddedV1]) -> None:
        await h.note_effect(work, received)
        if received.event.suppression_id == "s7":
            raise PermanentFailure("not-ours", "its text may hold values")

    alpha, beta = await world.open({"beta-svc": [h.hears(refuse_one)]})
    ids = await alpha.publish(*[h.happened(f"s{n}") for n in range(20)])
    await world.start()
    await h.eventually(lambda: h.has(beta, 19))
    await h.eventually(lambda: h.has_dead(beta, 1))
    assert ids[7] not in await beta.effects()
    (letter,) = await beta.dead()
    assert (letter["message_id"], letter["queue"], letter["failure"]) == (ids[7], "beta-svc.things", "not-ours")
    assert (letter["type"], letter["subject"], letter["attempts"]) == (SuppressionAddedV1.type, "s7", 1)
    assert "values" not in letter["detail"]


async def test_a_failure_is_tried_again_in_every_tier_before_it_is_dead(world: Any, h: Any) -> None:
    tried: list[str] = []

    async def fail(work: UnitOfWork, received: Received[SuppressionAddedV1]) -> None:
        del work
        tried.append(received.event.suppression_id)
        raise KeyError("a value that must not be seen")

    alpha, beta = await world.open({"beta-svc": [h.hears(fail)]})
    await world.start()
    await alpha.publish(h.happened("s1"))
    await h.eventually(lambda: h.has_dead(beta, 1))
    assert len(tried) == 1 + len(h.DELAYS)
    (letter,) = await beta.dead()
    assert (letter["failure"], letter["detail"], letter["attempts"]) == ("KeyError", "builtins.KeyError", 4)


async def test_a_failure_that_heals_leaves_one_effect_and_no_dead_letter(world: Any, h: Any) -> None:
    tries = 0

    async def fail_twice(work: UnitOfWork, received: Received[SuppressionAddedV1]) -> None:
        nonlocal tries
        tries += 1
        await h.note_effect(work, received)
        if tries < 3:
            raise RuntimeError

    alpha, beta = await world.open({"beta-svc": [h.hears(fail_twice)]})
    await world.start()
    ids = await alpha.publish(h.happened())
    await h.eventually(lambda: h.has(beta, 1))
    await world.stop()
    assert await beta.effects() == ids
    assert await beta.dead() == []


async def test_a_strict_handler_waits_for_the_earlier_event(world: Any, h: Any) -> None:
    async def strictly(work: UnitOfWork, received: Received[SuppressionAddedV1]) -> None:
        have = await work.fetchval("SELECT count(*) FROM effects WHERE subject = $1", received.event.subject)
        if have != received.envelope.sequence - 1:
            raise NotYet
        await h.note_effect(work, received)

    alpha, beta = await world.open({"beta-svc": [h.hears(strictly, ordering=Ordering.STRICT)]})
    await world.start()
    async with alpha.database.unit_of_work() as work:
        second = work.publish(h.happened("s1"), sequence=2).id
    async with alpha.database.unit_of_work() as work:
        first = work.publish(h.happened("s1"), sequence=1).id
    await h.eventually(lambda: h.has(beta, 2))
    assert await beta.effects() == [first, second]


async def test_what_cannot_be_read_is_a_dead_letter(world: Any, h: Any) -> None:
    """Undecodable bytes, NUL, data that does not fit, a type from the future."""
    alpha, beta = await world.open({"beta-svc": [h.hears()]})
    good = encode(h.happened("good"), source="/t", sequence=1, trace=Trace())
    envelope = decode_envelope(good.body)
    newer = msgspec.json.encode(msgspec.structs.replace(envelope, id=h.new_uuid(), type="intake.suppression.added.v9"))
    unfit = msgspec.json.encode(
        msgspec.structs.replace(envelope, id=h.new_uuid(), subject="a\0b", data=msgspec.Raw(b"{}"))
    )
    bodies = [b"\0\xff garbage", b"", newer, unfit, good.body]
    await alpha.database.pool.execute(INSERT_OUTBOX, [h.new_uuid() for _ in bodies], [good.type] * 5, ["s"] * 5, bodies)
    await world.start()
    await h.eventually(lambda: h.has_dead(beta, 4))
    await h.eventually(lambda: h.has(beta, 1))
    dead = await beta.dead()
    assert sorted(letter["failure"] for letter in dead) == ["undecodable"] * 3 + ["unknown-type"]
    assert {bytes(letter["body"]) for letter in dead} == set(bodies[:4])
    assert "ab" in {letter["subject"] for letter in dead}


async def test_a_value_that_the_database_refuses_is_a_dead_letter_at_once(world: Any, h: Any) -> None:
    async def store_nul(work: UnitOfWork, received: Received[SuppressionAddedV1]) -> None:
        await work.execute("INSERT INTO effects (subject) VALUES ($1)", received.event.value)

    alpha, beta = await world.open({"beta-svc": [h.hears(store_nul)]})
    await world.start()
    await alpha.publish(h.happened("s1", value="a\0b"))
    await h.eventually(lambda: h.has_dead(beta, 1))
    (letter,) = await beta.dead()
    assert (letter["failure"], letter["attempts"]) == ("CharacterNotInRepertoireError", 1)


@pytest.mark.parametrize("remedy", ["replay", "discard"])
async def test_dead_letters_are_listed_shown_replayed_and_discarded(world: Any, h: Any, remedy: str) -> None:
    healed = False

    async def heal(work: UnitOfWork, received: Received[SuppressionAddedV1]) -> None:
        if not healed:
            raise PermanentFailure("broken")
        await h.note_effect(work, received)

    alpha, beta = await world.open({"beta-svc": [h.hears(heal)]})
    await world.start()
    ids = await alpha.publish(*[h.happened(f"s{n}") for n in range(3)])
    await h.eventually(lambda: h.has_dead(beta, 3))
    healed = True
    async with beta.database.unit_of_work() as work:
        (group,) = await dead_letters.list_groups(work)
        assert (group.count, group.failure, group.queue) == (3, "broken", "beta-svc.things")
        entries = await dead_letters.list_entries(work, Choice(failure="broken"), 10)
        shown = await dead_letters.show(work, entries[0].id)
        assert shown is not None
        assert shown.body is not None
        assert decode_envelope(shown.body).id == shown.message_id
        decide: Callable[..., Any] = dead_letters.replay if remedy == "replay" else dead_letters.discard
        assert await decide(work, Choice(), by="usr_1", dry_run=True) == 3
        assert await decide(work, Choice(ids=[entries[0].id]), by="usr_1") == 1
        assert await decide(work, Choice(queue="other"), by="usr_1") == 0
        assert await decide(work, Choice(), by="usr_2") == 2
        assert await dead_letters.list_groups(work) == []
    if remedy == "replay":
        await h.eventually(lambda: h.has(beta, 3))
        assert sorted(await beta.effects()) == sorted(ids)
    states = {(letter["state"], letter["decided_by"]) for letter in await beta.dead()}
    assert states == {(f"{remedy}ed", "usr_1"), (f"{remedy}ed", "usr_2")}


async def test_a_replayed_message_that_dies_again_waits_again(world: Any, h: Any) -> None:
    async def refuse(work: UnitOfWork, received: Received[SuppressionAddedV1]) -> None:
        del work, received
        raise PermanentFailure("broken")

    alpha, beta = await world.open({"beta-svc": [h.hears(refuse)]})
    await world.start()
    await alpha.publish(h.happened())
    await h.eventually(lambda: h.has_dead(beta, 1))
    async with beta.database.unit_of_work() as work:
        await dead_letters.replay(work, Choice(), by="usr_1")

    async def waits_again() -> bool:
        (letter,) = await beta.dead()
        return letter["state"] == "waiting" and letter["attempts"] == 2

    await h.eventually(waits_again)


async def test_a_graceful_stop_gives_back_what_was_not_handled(world: Any, h: Any) -> None:
    started = h.asyncio.Event()
    go_on = h.asyncio.Event()

    async def wait(work: UnitOfWork, received: Received[SuppressionAddedV1]) -> None:
        started.set()
        await go_on.wait()
        await h.note_effect(work, received)

    alpha, beta = await world.open({"beta-svc": [h.hears(wait, batch=5)]})
    await world.start()
    ids = await alpha.publish(*[h.happened(f"s{n}") for n in range(40)])
    await started.wait()
    for worker in world.running:
        worker.stop()
    go_on.set()
    await world.stop()
    assert 1 <= len(await beta.effects()) <= 10
    await world.start()
    await h.eventually(lambda: h.has(beta, 40))
    assert sorted(await beta.effects()) == sorted(ids)
    assert await beta.dead() == []


async def test_types_that_nobody_hears_are_published_all_the_same(world: Any, h: Any) -> None:
    alpha, _ = await world.open({"beta-svc": [h.hears()]})
    await world.start()
    await alpha.publish(
        SuppressionRemovedV1(suppression_id="s", kind="email", value="v", scope="global"), h.happened("s2")
    )
    await h.eventually(lambda: h.is_empty(alpha))


async def test_batch_handlers_get_groups_and_keep_the_order_where_it_matters(world: Any, h: Any) -> None:
    groups: list[list[str]] = []

    async def note_group(work: UnitOfWork, batch: Any) -> None:
        del work
        groups.append([received.event.type for received in batch])

    handlers: dict[type[Event], Handler] = {SuppressionAddedV1: note_group, SuppressionRemovedV1: note_group}
    in_order = Subscription(name="ordered", ordering=Ordering.LAST_VERSION_WINS, handlers=handlers)
    any_order = Subscription(name="any", ordering=Ordering.COMMUTATIVE, handlers={**handlers})
    removed = SuppressionRemovedV1(suppression_id="s", kind="email", value="v", scope="global")
    alpha, _ = await world.open({"beta-svc": [in_order, any_order]})
    await alpha.publish(h.happened(), removed, h.happened(), h.happened())
    await world.start()

    async def all_noted() -> bool:
        return sum(map(len, groups)) == 8

    await h.eventually(all_noted)
    added, gone = SuppressionAddedV1.type, SuppressionRemovedV1.type
    if world.kind == "embedded":  # a broker may hand over the first ones before the others have arrived
        assert sorted(groups) == sorted([[added], [gone], [added, added], [added, gone, added, added]])
