"""`POST /v1/imports`: the file streams into the database, and then one short transaction makes it an import."""

import hashlib
from collections.abc import AsyncGenerator

from contracts.ids import new_id
from fastapi import Request, Response
from lead_intake_svc.imports import store
from lead_intake_svc.imports.add_import import Arrived, add_import
from lead_intake_svc.imports.change_state import saved_mapping
from lead_intake_svc.imports.partner import partner_for
from lead_intake_svc.imports.receive_file import FileReceiver
from lead_intake_svc.imports.shapes import ImportForm, show_import
from lead_intake_svc.imports.upload import Form
from lead_intake_svc.intake.admission import Admission
from lead_intake_svc.intake.json_body import located
from lead_intake_svc.reference.cache import Reference
from lead_intake_svc.scope import TEST_ONLY, partners_of
from messaging.database import Database
from pydantic import ValidationError
from servicekit.audit import Act, record
from servicekit.idempotency import KEY_HEADER, MAX_KEY_LENGTH, caller_of, lock_key
from servicekit.idempotency_many import Once, StoredAnswer, find_answers, store_answers
from servicekit.identity import Identity
from servicekit.problems import invalid


class CreateImport:
    def __init__(self, database: Database, reference: Reference, admission: Admission) -> None:
        self._database = database
        self._reference = reference
        self._admission = admission
        self._receiver = FileReceiver(database.pool)

    async def create(self, request: Request, caller: Identity) -> Response:
        if partners_of(caller) is not None:  # before a single byte is taken
            await partner_for(caller, None, self._reference)
        import_id = new_id("imp")
        try:
            answer, replayed = await self._create(request, caller, import_id)
        except BaseException:
            await store.forget_chunks(self._database.pool, import_id)
            raise
        if replayed:
            await store.forget_chunks(self._database.pool, import_id)
        headers = {**answer.headers, "Idempotent-Replayed": "true"} if replayed else answer.headers
        return Response(answer.body, answer.status, headers)

    async def _create(self, request: Request, caller: Identity, import_id: str) -> tuple[StoredAnswer, bool]:
        upload = Form()
        file = await self._receiver.receive(_file_of(upload, request), import_id, upload.fields)
        form = _validated(upload)
        partner = await partner_for(caller, form.partner_id, self._reference)
        project = await self._admission.known_project(form.project_id, form.contact_list_id)
        arrived = Arrived(
            import_id=import_id,
            partner_id=partner.id,
            region=project.region,
            test=form.test or partner.is_test or TEST_ONLY in caller.permissions,
            actor=caller.user_id,
            file_name=upload.file_name or "leads",
            file=file,
        )
        return await self._store(_once_of(request, arrived, upload), arrived, form)

    async def _store(self, once: Once | None, arrived: Arrived, form: ImportForm) -> tuple[StoredAnswer, bool]:
        """With an `Idempotency-Key` that was used before: the first answer, and True."""
        async with self._database.unit_of_work() as work:
            if once is not None:
                await lock_key(work, once.caller, once.key)
                known = await find_answers(work.connection, [once])
                if known:
                    fingerprint, answer = known[once.caller, once.key]
                    if fingerprint != once.fingerprint:
                        raise invalid("idempotency-key-reused", "The key was used before with another request.")
                    return answer, True
            saved = await saved_mapping(work, form.mapping_id, arrived.partner_id)
            shown = show_import(await add_import(work, arrived, form, saved))
            await record(work, _act_of(arrived, form))
            headers = {"content-type": "application/json", "location": f"/v1/imports/{shown.id}"}
            answer = StoredAnswer(201, headers, shown.model_dump_json().encode())
            if once is not None:
                await store_answers(work.connection, [(once, answer)])
        return answer, False


def _act_of(arrived: Arrived, form: ImportForm) -> Act:
    subjects = [arrived.partner_id, form.project_id, *([form.contact_list_id] if form.contact_list_id else [])]
    details = {"test": arrived.test, "bytes": arrived.file.size}
    return Act(action="created", object_kind="import", object_id=arrived.import_id, subjects=subjects, details=details)


async def _file_of(upload: Form, request: Request) -> AsyncGenerator[bytes]:
    """The bytes of the part `file`. Raises 422 when there is none, or another."""
    complete = False
    async for part in upload.files(request):
        if part.name != "file" or complete:
            raise invalid("file-unexpected", "Send one file, in the part `file`.", "/file")
        complete = part.last
        if part.data:
            yield part.data
    if not complete:
        raise invalid("file-missing", "Send the file in the part `file`.", "/file")


def _validated(upload: Form) -> ImportForm:
    """An empty field of a form is none."""
    try:
        return ImportForm.model_validate({name: value for name, value in upload.fields.items() if value != ""})
    except ValidationError as error:
        raise located(error) from None


def _once_of(request: Request, arrived: Arrived, upload: Form) -> Once | None:
    key = request.headers.get(KEY_HEADER)
    if key is None:
        return None
    if not 0 < len(key) <= MAX_KEY_LENGTH:
        raise invalid("idempotency-key-invalid", f"The key must have 1 to {MAX_KEY_LENGTH} characters.")
    asked = repr(("imports", sorted(upload.fields.items()))).encode() + arrived.file.digest
    return Once(caller_of(request), hashlib.sha256(key.encode()).hexdigest(), hashlib.sha256(asked).digest())
