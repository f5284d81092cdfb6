"""`/v1/projects`."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Query, Response
from messaging.database import Database
from messaging.unit_of_work import UnitOfWork
from servicekit.etag import IfMatch, etag
from servicekit.http import router
from servicekit.identity import Caller, allow
from servicekit.paging import Page, page_of
from servicekit.problems import not_found

from sponsor_svc.projects import store
from sponsor_svc.projects.change_project import ChangeProject, change_project, check_calling_hours
from sponsor_svc.projects.create_project import create_project
from sponsor_svc.projects.inputs import change_of, settings_of
from sponsor_svc.projects.project import Project
from sponsor_svc.projects.shapes import (
    NewProject,
    ProjectName,
    ProjectOut,
    ProjectPatch,
    ProjectQuery,
    named,
    shown,
)
from sponsor_svc.projects.switch_state import activate_project, passivate_project
from sponsor_svc.scope import EDITORS, scope_of
from sponsor_svc.shapes import id_before


def routes(database: Database) -> APIRouter:
    projects = router(prefix="/v1/projects", tags=["projects"])

    @projects.post("", status_code=201)
    async def create(caller: Caller, body: NewProject, response: Response) -> ProjectOut:
        allow(caller, EDITORS)
        settings = settings_of(body)
        check_calling_hours(settings, may_call_always=caller.is_admin)
        async with database.unit_of_work() as work:
            project = await create_project(work, settings)
        response.headers["Location"] = f"/v1/projects/{project.id}"
        return _answer(project, response)

    @projects.get("")
    async def list_projects(caller: Caller, query: Annotated[ProjectQuery, Query()]) -> Page[ProjectOut | ProjectName]:
        scope = scope_of(caller)
        wanted = store.Wanted(
            sponsor_id=query.sponsor_id,
            state=query.state,
            kind=query.kind,
            before=id_before(query.cursor),
            limit=query.limit + 1,
        )
        async with database.unit_of_work() as work:
            rows = await store.list_page(work, scope, wanted)
        return page_of(rows, query.limit, named if scope.names_only else shown, lambda project: (project.id,))

    @projects.get("/{project_id}")
    async def read(caller: Caller, project_id: str, response: Response) -> ProjectOut | ProjectName:
        scope = scope_of(caller)
        async with database.unit_of_work() as work:
            project = await store.find(work, project_id, scope)
        if project is None:
            raise not_found()
        return named(project) if scope.names_only else _answer(project, response)

    @projects.patch("/{project_id}")
    async def change(
        caller: Caller, project_id: str, body: ProjectPatch, response: Response, if_match: IfMatch = None
    ) -> ProjectOut:
        allow(caller, EDITORS)
        command = ChangeProject(
            project_id=project_id, apply=change_of(body), may_call_always=caller.is_admin, if_match=if_match
        )
        async with database.unit_of_work() as work:
            project = await change_project(work, command)
        return _answer(project, response)

    _add_switch(projects, "activate", database, activate_project)
    _add_switch(projects, "passivate", database, passivate_project)
    return projects


def _add_switch(
    projects: APIRouter, verb: str, database: Database, switch: Callable[[UnitOfWork, str], Awaitable[Project]]
) -> None:
    @projects.post(f"/{{project_id}}/{verb}", name=f"{verb}_project")
    async def switch_state(caller: Caller, project_id: str, response: Response) -> ProjectOut:
        allow(caller, EDITORS)
        async with database.unit_of_work() as work:
            project = await switch(work, project_id)
        return _answer(project, response)


def _answer(project: Project, response: Response) -> ProjectOut:
    response.headers["ETag"] = etag(project.version)
    return shown(project)
