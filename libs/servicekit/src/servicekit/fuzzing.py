"""Requests made up from a service's own OpenAPI document by Schemathesis: such that fit it, and such that do not.

`LEADWIRE_FUZZ_REQUESTS` says how many requests every operation gets (default 16, for the ordinary run of the tests),
`LEADWIRE_FUZZ_STORIES` how many stories of some 35 requests are told (default 3).
"""

import asyncio
import gc
import os
from collections import Counter
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

import httpx2
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky, Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from servicekit.testing import ServiceUnderTest

REQUESTS: Final = int(os.environ.get("LEADWIRE_FUZZ_REQUESTS", "16"))
STORIES: Final = int(os.environ.get("LEADWIRE_FUZZ_STORIES", "3"))
SEED: Final = int(os.environ.get("LEADWIRE_FUZZ_SEED", "1"))
PROBLEM: Final = {"type", "title", "status", "code", "detail", "request_id", "errors"}
BASE: Final = "http://service"
# An id that is nobody's, of each kind of which others are known.
NOBODYS: Final = "nobodys"
COLLECT_EVERY: Final = 50
STEPS: Final = 25
_QUIETLY: Final = settings(
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
Headers = Mapping[str, str]
# A signed identity lives for a minute, a long run for longer: then a caller is asked for its headers each time.
Caller = Headers | Callable[[], Headers]
AnyCase = Case[Any]


async def fuzz(
    service: ServiceUnderTest,
    callers: Sequence[Caller],
    *,
    known: Mapping[str, Sequence[str]] | None = None,
    skip: Collection[str] = (),
) -> Counter[tuple[str, int]]:
    """How often each operation (`POST /v1/things`) answered with which status.

    Raises AssertionError, or an exception group of Schemathesis, for an answer that must never be: a 5xx, an error
    that is no problem document, a success that is not what the document promises.

    `callers`: the headers that requests are sent with, in turn, or what gives them anew each time. `known`: values that
    lead further than random ones do, `{"lead_id": ["lead_1"]}`: path parameters of these names have one of them, or an
    id that nobody has; parameters of the query and values of the body do in every other request. `skip`: operations
    that never end, e.g. streams.
    """
    asking = _Asking(service)

    def send(case: AnyCase, caller: Caller, further: Mapping[str, Any]) -> None:
        case.path_parameters.update({name: further[name] for name in case.path_parameters if name in further})
        if further.get("everywhere"):
            case.query = _with_known(case.query, further)
            case.body = _with_known(case.body, further)
        with suppress(httpx2.InvalidURL):  # longer than 65,536 characters: neither clients nor the gateway send it
            _check(case, asking.ask(case, caller))

    chosen = {name: st.sampled_from([*values, NOBODYS]) for name, values in (known or {}).items()}
    further = st.fixed_dictionaries({**chosen, "everywhere": st.booleans()} if known else {})
    document = schemathesis.openapi.from_dict(service.app.http.openapi())
    with collecting_by_hand():
        for found in document.get_all_operations():
            operation: Any = found.ok()  # pyright: ignore[reportAttributeAccessIssue] -- one that is none raises
            if operation.label not in skip:
                for mode in GenerationMode:
                    made = (operation.as_strategy(mode), st.sampled_from(callers), further)
                    await asyncio.to_thread(_run, send, made)
    return asking.answered


async def fuzz_stories(
    service: ServiceUnderTest, callers: Sequence[Caller], *, skip: Collection[str] = ()
) -> Counter[tuple[str, int]]:
    """As `fuzz`, but one request after another with what the last ones answered: what a story made is found, changed
    and undone again. Each story has one caller.
    """
    asking = _Asking(service)
    schema = schemathesis.openapi.from_dict(_without(service.app.http.openapi(), skip))
    machine: Any = schema.as_state_machine()
    wrong: list[AssertionError] = []
    told = 0

    class Story(machine):
        def setup(self) -> None:
            nonlocal told
            self.caller = callers[told % len(callers)]
            told += 1

        def call(self, case: AnyCase, **_: Any) -> schemathesis.Response:
            answer = asking.ask(case, self.caller)
            try:
                _check(case, answer)
            except AssertionError as error:
                wrong.append(error)
                raise
            return schemathesis.Response.from_httpx2(answer, verify=False)

        def validate_response(self, *_: Any, **__: Any) -> None:
            """It is checked."""

    with collecting_by_hand():
        while told < STORIES:
            # What a story may ask next depends on what the service remembers of those before: Hypothesis gives up on
            # such a run, and another one begins.
            with suppress(Flaky):
                run = settings(_QUIETLY, max_examples=STORIES, stateful_step_count=STEPS)
                await asyncio.to_thread(seed(SEED + told)(Story).run, settings=run)
            if wrong:
                raise wrong[0]
    return asking.answered


class _Asking:
    """Requests from Hypothesis' own thread: the service and its database pool stay on their loop."""

    def __init__(self, service: ServiceUnderTest) -> None:
        self.answered: Counter[tuple[str, int]] = Counter()
        self._service = service
        self._loop = asyncio.get_running_loop()

    def ask(self, case: AnyCase, caller: Caller) -> Any:
        headers = caller() if callable(caller) else caller
        sent = _send(self._service, case, headers)
        answer = asyncio.run_coroutine_threadsafe(sent, self._loop).result(60)
        self.answered[case.operation.label, answer.status_code] += 1
        if self.answered.total() % COLLECT_EVERY == 0:
            gc.collect()
        return answer


def _without(document: Mapping[str, Any], skip: Collection[str]) -> dict[str, Any]:
    paths = {
        path: {method: one for method, one in operations.items() if f"{method.upper()} {path}" not in skip}
        for path, operations in document["paths"].items()
    }
    return {**document, "paths": paths}


@contextmanager
def collecting_by_hand() -> Generator[None]:
    """No garbage is collected but when somebody asks for it.

    Hypothesis parses source texts in its thread, and tracebacks that are written do in others. Before CPython 3.11.8, a
    collection in the middle of that, whose finalizers let another one parse, ends it with `SystemError: AST constructor
    recursion depth mismatch` (github.com/python/cpython/issues/106905): one in some ten thousand requests.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _with_known(value: Any, further: Mapping[str, Any]) -> Any:
    """With a known id wherever a name asks for one: `lead_id`, and `lead_ids` in a list."""
    if isinstance(value, list):
        return [_with_known(one, further) for one in value]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(value, dict):
        return value
    return {name: _known(str(name), one, further) for name, one in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _known(name: str, value: Any, further: Mapping[str, Any]) -> Any:
    if name in further and isinstance(value, str):
        return further[name]
    if name.removesuffix("s") in further and isinstance(value, list) and value:
        return [further[name.removesuffix("s")]]
    return _with_known(value, further)


def _run(send: Callable[..., None], made: Sequence[st.SearchStrategy[Any]]) -> None:
    run = settings(_QUIETLY, max_examples=max(1, REQUESTS // len(GenerationMode)))

    @seed(SEED)
    @run
    @given(*made)
    def each(case: AnyCase, caller: Caller, further: Mapping[str, Any]) -> None:
        send(case, caller, further)

    try:
        each()
    except Unsatisfiable:
        return  # an operation without any input cannot be sent a wrong one


async def _send(service: ServiceUnderTest, case: AnyCase, caller: Headers) -> Any:
    # What would be written to a socket: the path quoted, the body in the media type of the case.
    wire: Any = requests.Request(**case.as_transport_kwargs(base_url=BASE, headers=dict(caller))).prepare()
    return await service.http.request(wire.method, wire.url, content=wire.body, headers=dict(wire.headers))


def _check(case: AnyCase, answer: Any) -> None:
    said = f"{case.operation.label} answered {answer.status_code}"
    assert answer.status_code < 500, f"{said}\n{case.as_curl_command()}"  # noqa: S101 -- this module is for tests
    if answer.status_code < 400:
        case.validate_response(
            schemathesis.Response.from_httpx2(answer, verify=False),
            checks=[content_type_conformance, response_schema_conformance],
        )
        return
    assert answer.headers["content-type"] == "application/problem+json", said  # noqa: S101 -- the same
    document = answer.json()
    assert document.keys() >= PROBLEM, f"{said} with {sorted(document)}"  # noqa: S101 -- the same
    assert document["status"] == answer.status_code, said  # noqa: S101 -- the same
