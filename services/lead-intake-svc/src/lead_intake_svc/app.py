"""lead-intake-svc, put together."""

from functools import partial

from contracts.events.intake import AlarmRaisedV1
from messaging.database import Database
from servicekit.app import App
from servicekit.dead_letters.watch import watch_dead_letters
from servicekit.http import create_http

from lead_intake_svc.audit_rules import RULES
from lead_intake_svc.clock import clock_tasks
from lead_intake_svc.consents.routes import consents_router
from lead_intake_svc.credits.routes import credits_router
from lead_intake_svc.crm_contacts.receive_contacts import ReceiveContacts
from lead_intake_svc.erasure.routes import erasures_routers
from lead_intake_svc.exports.routes import exports_router
from lead_intake_svc.forms.limits import FormLimits
from lead_intake_svc.forms.post_form import FormPosts
from lead_intake_svc.forms.post_routes import form_posts_router
from lead_intake_svc.forms.routes import forms_router
from lead_intake_svc.import_mappings.routes import import_mappings_router
from lead_intake_svc.imports.create_import import CreateImport
from lead_intake_svc.imports.routes import PATH as IMPORTS_PATH
from lead_intake_svc.imports.routes import import_results_router, imports_router
from lead_intake_svc.imports.run_imports import Importer
from lead_intake_svc.intake.admission import HEARS_OF, Admission
from lead_intake_svc.intake.answer_once import AnswerOnce
from lead_intake_svc.intake.direct import serve_directly
from lead_intake_svc.intake.group_commit import GroupCommit
from lead_intake_svc.intake.own_transaction import OwnTransaction
from lead_intake_svc.intake.push_batch import BatchPush
from lead_intake_svc.intake.push_lead import Intake
from lead_intake_svc.intake.routes import BATCH_BYTES, BATCH_PATH, batch_router, intake_router
from lead_intake_svc.keys.authenticate import Authenticator
from lead_intake_svc.keys.routes import keys_router
from lead_intake_svc.leads.routes import leads_router
from lead_intake_svc.mail_domains.known import MailDomains
from lead_intake_svc.mail_domains.resolver import Resolver
from lead_intake_svc.partners.routes import partners_router
from lead_intake_svc.portal.routes import portal_router
from lead_intake_svc.quarantine.rebuild import Rebuild
from lead_intake_svc.quarantine.routes import quarantine_router
from lead_intake_svc.reference.cache import Reference
from lead_intake_svc.replacements.routes import replacements_router
from lead_intake_svc.return_flags.routes import return_flags_router
from lead_intake_svc.returns.routes import returns_router
from lead_intake_svc.sales.routes import sale_rules_router, sales_router
from lead_intake_svc.settings import Settings
from lead_intake_svc.subscriptions import subscriptions
from lead_intake_svc.suppression_lists.routes import PATH as LISTS_PATH
from lead_intake_svc.suppression_lists.routes import UPLOAD_BYTES, suppression_lists_router
from lead_intake_svc.suppressions.hashing import Hashing
from lead_intake_svc.suppressions.routes import suppressions_router

NAME = "lead-intake-svc"


async def build(settings: Settings) -> App:
    database = await Database.connect(
        settings.database_url.get_secret_value(), source=f"/leadwire/{NAME}", max_size=settings.database_pool
    )
    pepper = settings.key_pepper.get_secret_value().encode()
    reference = Reference(database)
    authenticator = Authenticator(reference, pepper)
    hashing = Hashing(pepper)
    mail_domains = MailDomains(Resolver(settings.dns_server, settings.dns_timeout_seconds))
    admission = Admission(reference, mail_domains, hashing)
    intake = Intake(database, GroupCommit(database, room=settings.intake_queue), OwnTransaction(database, reference))
    contacts = ReceiveContacts(database, reference, admission)
    pushes = intake_router(authenticator, admission, intake)
    routers = (
        pushes,
        batch_router(authenticator, BatchPush(intake, admission), AnswerOnce(database)),
        quarantine_router(database, Rebuild(reference, admission)),
        consents_router(database),
        exports_router(database),
        leads_router(database, reference),
        partners_router(database),
        keys_router(database, pepper),
        forms_router(database),
        form_posts_router(FormPosts(database, authenticator, admission, intake, FormLimits(database, pepper))),
        suppressions_router(database, hashing),
        suppression_lists_router(database, hashing),
        returns_router(database),
        return_flags_router(database),
        credits_router(database),
        replacements_router(database),
        sale_rules_router(database),
        sales_router(database),
        *erasures_routers(database, hashing),
        portal_router(database),
        import_mappings_router(database, reference),
        imports_router(database, CreateImport(database, reference, admission)),
        import_results_router(database),
    )
    importer = Importer(
        database, reference, admission, outbox_room=settings.import_outbox_room, keep_days=settings.import_keep_days
    )
    limits = {BATCH_PATH: BATCH_BYTES, LISTS_PATH: UPLOAD_BYTES, IMPORTS_PATH: settings.import_bytes}
    # What a partner sends is compared with everybody's leads, and what it buys or returns is another's.
    http = create_http(
        NAME,
        database,
        settings.verifier(),
        routers,
        body_limits=limits,
        audit=RULES,
        restricted="reads",
        hears_of=HEARS_OF,
    )
    serve_directly(http, pushes)
    http.state.authenticator = authenticator
    http.state.reference = reference
    http.state.mail_domains = mail_domains
    http.state.importer = importer
    dead_letters = partial(watch_dead_letters, NAME, database, AlarmRaisedV1)
    return App(
        name=NAME,
        database=database,
        http=http,
        subscriptions=subscriptions(contacts.receive),
        tasks=(*clock_tasks(database), importer.run, importer.keep_clean, dead_letters),
    )
