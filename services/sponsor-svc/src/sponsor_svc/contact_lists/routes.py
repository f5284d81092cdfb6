"""`/v1/contact-lists`."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from messaging.database import Database
from servicekit.etag import IfMatch, etag
from servicekit.http import router
from servicekit.identity import Caller
from servicekit.paging import Page, page_of
from servicekit.problems import not_found

from sponsor_svc.contact_lists import store
from sponsor_svc.contact_lists.change_contact_list import ChangeList, change_contact_list
from sponsor_svc.contact_lists.contact_list import ContactList, ListSettings
from sponsor_svc.contact_lists.create_contact_list import create_contact_list
from sponsor_svc.contact_lists.shapes import (
    ContactListName,
    ContactListOut,
    ContactListPatch,
    ContactListQuery,
    NewContactList,
    named,
    shown,
)
from sponsor_svc.scope import may_write_lists_of, scope_of
from sponsor_svc.shapes import id_before


def routes(database: Database) -> APIRouter:
    lists = router(prefix="/v1/contact-lists", tags=["contact lists"])

    @lists.post("", status_code=201)
    async def create(caller: Caller, body: NewContactList, response: Response) -> ContactListOut:
        scope = may_write_lists_of(caller)
        async with database.unit_of_work() as work:
            contact_list = await create_contact_list(work, ListSettings(**body.model_dump()), scope)
        response.headers["Location"] = f"/v1/contact-lists/{contact_list.id}"
        return _answer(contact_list, response)

    @lists.get("")
    async def list_contact_lists(
        caller: Caller, query: Annotated[ContactListQuery, Query()]
    ) -> Page[ContactListOut | ContactListName]:
        scope = scope_of(caller, "contact_lists")
        wanted = store.Wanted(
            sponsor_id=query.sponsor_id,
            project_id=query.project_id,
            expired=query.expired,
            before=id_before(query.cursor),
            limit=query.limit + 1,
        )
        async with database.unit_of_work() as work:
            rows = await store.list_page(work, scope, wanted)
        return page_of(rows, query.limit, named if scope.names_only else shown, lambda each: (each.id,))

    @lists.get("/{list_id}")
    async def read(caller: Caller, list_id: str, response: Response) -> ContactListOut | ContactListName:
        scope = scope_of(caller, "contact_lists")
        async with database.unit_of_work() as work:
            contact_list = await store.find(work, list_id, scope)
        if contact_list is None:
            raise not_found()
        return named(contact_list) if scope.names_only else _answer(contact_list, response)

    @lists.patch("/{list_id}")
    async def change(
        caller: Caller, list_id: str, body: ContactListPatch, response: Response, if_match: IfMatch = None
    ) -> ContactListOut:
        """Sponsor accounts set `expires_on` of their lists, and nothing else."""
        command = ChangeList(list_id, body.sent(), if_match)
        async with database.unit_of_work() as work:
            contact_list = await change_contact_list(work, command, may_write_lists_of(caller))
        return _answer(contact_list, response)

    return lists


def _answer(contact_list: ContactList, response: Response) -> ContactListOut:
    response.headers["ETag"] = etag(contact_list.version)
    return shown(contact_list)
