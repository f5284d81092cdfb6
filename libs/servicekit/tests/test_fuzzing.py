"""The fuzz runner finds what it is for."""

import ast
import gc
import sys

import pytest
from fastapi import Response
from schemathesis.errors import FailureGroup
from servicekit.fuzzing import collecting_by_hand, fuzz
from servicekit.http import router
from servicekit.testing import ServiceUnderTest


async def test_a_crash_that_only_some_input_reaches_is_found(service: ServiceUnderTest):
    """The toy service fails on purpose for one value of a flag."""
    with pytest.raises(AssertionError, match=r"POST /v1/things answered 500"):
        await fuzz(service, [service.headers()])


async def test_an_answer_that_the_document_does_not_promise_is_found(service: ServiceUnderTest):
    routes = router()

    @routes.get("/v1/odd")
    async def answer_otherwise() -> int:
        return Response('"words"', media_type="application/json")  # pyright: ignore[reportReturnType] -- on purpose

    service.app.http.include_router(routes)
    elsewhere = ["POST /v1/things", "POST /v1/batch"]
    with pytest.raises(FailureGroup, match=r"schema"):
        await fuzz(service, [service.headers()], skip=elsewhere)


def test_a_collection_in_the_middle_of_parsing_does_not_end_a_long_run():
    """What ended runs: a collection while a source text is parsed, and somebody in it who parses as well."""
    text = "x = [" + "(1 + 2)," * 3000 + "]"

    def parse_elsewhere(phase: str, _: object) -> None:
        def deeper(levels: int) -> None:
            ast.parse("y = 1") if levels == 0 else deeper(levels - 1)

        if phase == "start":
            deeper(20)

    threshold = gc.get_threshold()
    gc.callbacks.append(parse_elsewhere)
    gc.set_threshold(50)
    try:
        if sys.version_info < (3, 11, 8):
            with pytest.raises(SystemError, match="recursion depth mismatch"):
                ast.parse(text)
        with collecting_by_hand():
            ast.parse(text)
        assert gc.isenabled()
    finally:
        gc.callbacks.remove(parse_elsewhere)
        gc.set_threshold(*threshold)
