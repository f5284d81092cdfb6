"""A project's own patterns, compiled: Rust's regex, whose time grows with the length of the text and nothing else."""

from collections.abc import Callable

from pydantic_core import SchemaError, SchemaValidator, core_schema


def matcher(pattern: str) -> Callable[[str], bool]:
    """Whether the pattern matches a whole text. A pattern that cannot be compiled matches nothing, so that it lets
    nothing through: sponsor-svc takes no such pattern.
    """
    try:
        validator = SchemaValidator(core_schema.str_schema(pattern=f"^(?:{pattern})$", regex_engine="rust-regex"))
    except SchemaError:
        return lambda _: False
    return validator.isinstance_python
