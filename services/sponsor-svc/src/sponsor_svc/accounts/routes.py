"""`/v1/sponsor-accounts`, for admins (S0.11)."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from messaging.database import Database
from servicekit.etag import IfMatch, etag
from servicekit.http import router
from servicekit.identity import Caller, allow
from servicekit.paging import Page, page_of
from servicekit.problems import not_found

from sponsor_svc.accounts import store
from sponsor_svc.accounts.account import Account
from sponsor_svc.accounts.change_account import ChangeAccount, change_account
from sponsor_svc.accounts.create_account import create_account
from sponsor_svc.accounts.shapes import (
    AccountOut,
    AccountPatch,
    AccountQuery,
    FeatureBody,
    FeatureOut,
    NewAccount,
    feature_shown,
    shown,
)
from sponsor_svc.accounts.switch_feature import switch_feature
from sponsor_svc.scope import ADMINS
from sponsor_svc.shapes import id_before


def routes(database: Database) -> APIRouter:
    accounts = router(prefix="/v1/sponsor-accounts", tags=["sponsor accounts"])
    _add_feature(accounts, database)

    @accounts.post("", status_code=201)
    async def create(caller: Caller, body: NewAccount, response: Response) -> AccountOut:
        allow(caller, ADMINS)
        async with database.unit_of_work() as work:
            account = await create_account(work, body, caller.user_id)
        response.headers["Location"] = f"/v1/sponsor-accounts/{account.id}"
        return _answer(account, response)

    @accounts.get("")
    async def list_accounts(caller: Caller, query: Annotated[AccountQuery, Query()]) -> Page[AccountOut]:
        allow(caller, ADMINS)
        before = id_before(query.cursor)
        async with database.unit_of_work() as work:
            rows = await store.list_page(work, query.sponsor_id, query.active, before, query.limit + 1)
        return page_of(rows, query.limit, shown, lambda account: (account.id,))

    @accounts.get("/{user_id}")
    async def read(caller: Caller, user_id: str, response: Response) -> AccountOut:
        allow(caller, ADMINS)
        async with database.unit_of_work() as work:
            account = await store.find(work, user_id)
        if account is None:
            raise not_found()
        return _answer(account, response)

    @accounts.patch("/{user_id}")
    async def change(
        caller: Caller, user_id: str, body: AccountPatch, response: Response, if_match: IfMatch = None
    ) -> AccountOut:
        """`active` false ends what its sessions may see, and closes its live pages, within seconds."""
        allow(caller, ADMINS)
        command = ChangeAccount(user_id, body.sent(), if_match, caller.user_id)
        async with database.unit_of_work() as work:
            account = await change_account(work, command)
        return _answer(account, response)

    return accounts


def _add_feature(accounts: APIRouter, database: Database) -> None:
    @accounts.get("/settings")
    async def read_feature(caller: Caller) -> FeatureOut:
        allow(caller, ADMINS)
        async with database.unit_of_work() as work:
            return feature_shown(await store.read_feature(work))

    @accounts.put("/settings")
    async def switch(caller: Caller, body: FeatureBody) -> FeatureOut:
        """Off, as it is at first, no sponsor account sees anything."""
        allow(caller, ADMINS)
        async with database.unit_of_work() as work:
            return feature_shown(await switch_feature(work, caller.user_id, enabled=body.enabled))


def _answer(account: Account, response: Response) -> AccountOut:
    response.headers["ETag"] = etag(account.version)
    return shown(account)
