"""What assignment-svc is built of."""

from datetime import timedelta
from functools import partial

from contracts.events.assignment import AlarmRaisedV1
from messaging.database import Database
from servicekit.app import App
from servicekit.dead_letters.watch import watch_dead_letters
from servicekit.http import create_http

from assignment_svc.agent_options.routes import agent_option_routes
from assignment_svc.agents.routes import agent_routes
from assignment_svc.assignments.routes import assignment_routes
from assignment_svc.audit_rules import RULES
from assignment_svc.callbacks.routes import callback_routes
from assignment_svc.campaign_settings.routes import campaign_setting_routes
from assignment_svc.campaigns.routes import campaign_routes
from assignment_svc.clock import clock_of
from assignment_svc.customers.routes import customer_routes
from assignment_svc.dispositions.routes import disposition_routes
from assignment_svc.drafts.routes import draft_routes
from assignment_svc.fields.routes import field_routes
from assignment_svc.handing_out.routes import rules_routes
from assignment_svc.locks.routes import lock_routes
from assignment_svc.offers.routes import offer_routes
from assignment_svc.orders.routes import order_routes
from assignment_svc.presence.noting import Presence
from assignment_svc.presence.routes import presence_routes
from assignment_svc.queue.claims.claim_leads import ClaimDesk
from assignment_svc.queue.claims.counter import QUICK, ClaimCounter
from assignment_svc.queue.claims.store import Limits
from assignment_svc.queue.routes import claim_routes, queue_routes
from assignment_svc.reading.routes import work_item_read_routes
from assignment_svc.reports.routes import report_routes
from assignment_svc.settings import Settings
from assignment_svc.speed.routes import speed_routes
from assignment_svc.steps.agent_routes import work_item_write_routes
from assignment_svc.steps.supervisor_routes import supervise_routes
from assignment_svc.subscriptions import SUBSCRIPTIONS
from assignment_svc.surveys.answer_routes import survey_answer_routes
from assignment_svc.surveys.routes import survey_routes
from assignment_svc.target_group.routes import target_group_routes
from assignment_svc.templates.routes import template_routes
from assignment_svc.timers.tasks import timer_tasks
from assignment_svc.tools.routes import opportunity_routes, tool_routes

NAME = "assignment-svc"
# Leads, projects, contact lists, products, sponsors, partners and users: others make them.
HEARS_OF = ("lead", "prj", "lst", "prd", "spo", "ptr", "usr")


async def build(settings: Settings) -> App:
    dsn = settings.database_url.get_secret_value()
    database = await Database.connect(dsn, source=f"/leadwire/{NAME}", max_size=settings.database_pool)
    verifier = settings.verifier()
    limits = Limits(settings.claims_per_agent, timedelta(minutes=settings.offline_minutes))
    lane = await Database.connect(dsn, source=database.source, max_size=QUICK, planned_once=True)
    desk = ClaimDesk(limits, database.source)
    counter = ClaimCounter(database, lane, desk)
    routers = [
        claim_routes(database, desk, counter),
        queue_routes(database, desk),
        work_item_read_routes(database),
        work_item_write_routes(database),
        lock_routes(database),
        supervise_routes(database),
        assignment_routes(database),
        agent_routes(database),
        agent_option_routes(database),
        campaign_routes(database),
        campaign_setting_routes(database),
        field_routes(database),
        target_group_routes(database),
        template_routes(database),
        tool_routes(database),
        opportunity_routes(database),
        survey_routes(database),
        survey_answer_routes(database),
        disposition_routes(database),
        order_routes(database),
        callback_routes(database),
        draft_routes(database),
        offer_routes(database),
        presence_routes(),
        rules_routes(database),
        speed_routes(database),
        customer_routes(database),
        report_routes(database),
    ]
    http = create_http(NAME, database, verifier, routers, audit=RULES, restricted="reads", hears_of=HEARS_OF)
    http.add_middleware(Presence, database=database, verifier=verifier, offline_after=limits.offline_after)
    dead_letters = partial(watch_dead_letters, NAME, database, AlarmRaisedV1)
    tasks = (*timer_tasks(database, clock_of(limits)), dead_letters)
    return App(name=NAME, database=database, http=http, subscriptions=SUBSCRIPTIONS, tasks=tasks, lanes=[lane])
