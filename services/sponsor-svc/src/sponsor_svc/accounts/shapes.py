"""Bodies and answers of `/v1/sponsor-accounts`."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, StringConstraints
from servicekit.http import Input, Patch

from sponsor_svc.accounts.account import Account, Feature
from sponsor_svc.names import EntityId
from sponsor_svc.shapes import PageQuery, Stored

Page = Literal["overview", "statistics", "leads", "contact_lists", "products", "exports"]
UserId = Annotated[str, StringConstraints(max_length=64, pattern=r"^usr_[0-9A-Za-z_-]+$")]
SponsorIds = Annotated[
    list[EntityId], Field(min_length=1, max_length=100), AfterValidator(lambda ids: sorted(set(ids)))
]
Pages = Annotated[list[Page], Field(max_length=20), AfterValidator(lambda pages: sorted(set(pages)))]


class NewAccount(Input):
    """`user_id`: a user of access level sponsor; for anybody else an account changes nothing."""

    user_id: UserId
    sponsor_ids: SponsorIds
    pages: Pages = Field(default=[], description="What it may open; nothing that is not named")
    active: bool = True


class AccountPatch(Patch):
    sponsor_ids: SponsorIds = Field(default=[])
    pages: Pages = Field(default=[])
    active: bool = True


class AccountQuery(PageQuery):
    sponsor_id: EntityId | None = None
    active: bool | None = None


class AccountOut(Stored):
    """`id` is the user's."""

    sponsor_ids: list[str]
    pages: list[str]
    active: bool


class FeatureBody(Input):
    enabled: bool


class FeatureOut(BaseModel):
    enabled: bool
    version: int


def shown(account: Account) -> AccountOut:
    return AccountOut.model_validate(vars(account))


def feature_shown(feature: Feature) -> FeatureOut:
    return FeatureOut.model_validate(vars(feature))
