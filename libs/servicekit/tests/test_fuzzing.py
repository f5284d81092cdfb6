"""The fuzz runner finds what it is for."""

import pytest
from fastapi import Response
from schemathesis.errors import FailureGroup
from servicekit.fuzzing import fuzz
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
