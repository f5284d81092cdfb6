"""What a form tool sent: urlencoded, multipart, or JSON of whatever shape."""

from typing import Any

from fastapi import Request
from servicekit.problems import DomainError, Kind, invalid
from servicekit.strict_json import parse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from lead_intake_svc.forms.rules import flattened
from lead_intake_svc.intake.json_body import read_body

FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
MOST_FIELDS = 200


async def read_post(request: Request) -> dict[str, Any]:
    """Fields by name; several of one name are joined. Raises 400, 413, 415 and 422."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type in FORM_TYPES:
        return await _form(request)
    fields = dict(flattened(parse(await read_body(request, "application/json"))))
    if len(fields) > MOST_FIELDS:
        raise invalid("form-too-large", f"A form has {MOST_FIELDS} fields at most.", "")
    return fields


async def _form(request: Request) -> dict[str, Any]:
    """Files are not taken: a lead has none."""
    fields: dict[str, str] = {}
    try:
        async with request.form(max_files=0, max_fields=MOST_FIELDS, max_part_size=64 * 1024) as form:
            for name, value in form.multi_items():
                if not isinstance(value, str) or "\0" in name + value:
                    raise invalid("form-value-invalid", "A form has texts only.", "")
                fields[name] = f"{fields[name]}, {value}" if name in fields else value
    except HTTPException:
        raise DomainError(
            Kind.BAD_REQUEST, "form-unreadable", "The form cannot be read, or has too much in it."
        ) from None
    except ClientDisconnect:
        raise DomainError(Kind.BAD_REQUEST, "body-incomplete") from None
    except UnicodeDecodeError:
        raise DomainError(Kind.BAD_REQUEST, "body-not-utf-8", "The body is not valid UTF-8.") from None
    return fields
