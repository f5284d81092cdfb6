"""`leadwire up --split`: one process per service role, a real RabbitMQ, and nginx with the gateway's configuration."""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx2
from embedded import NginxServer, PostgresServer, RabbitServer, obtain_nginx, obtain_rabbitmq

from leadwire.announcement import announce_ready, say
from leadwire.demo.runner import Demo
from leadwire.gateway.nginx import private_configuration
from leadwire.installation import Installation
from leadwire.keepers import keep_running
from leadwire.operate.broker_users import guest_of
from leadwire.operate.declare import declare_everything
from leadwire.options import UpOptions
from leadwire.prepare import prepare
from leadwire.processes import Program, Supervisor
from leadwire.services import SERVICES, Service
from leadwire.waiting import until_stopped

READY_SECONDS = 90
DOCUMENTS = "documents"  # in nginx's own folder: it may not be able to reach ours
RATE_PER_ADDRESS, RATE_BURST = 20_000, 2_000  # one machine, one address: load comes from here, too


async def run(options: UpOptions, stop: asyncio.Event) -> None:
    """Returns after `stop` is set and everything has been shut down in order."""
    postgres, installation, logins = await prepare(options)
    supervisor = Supervisor(installation.data_dir)
    rabbit = await _broker(options, installation)
    keepers = [_kept(postgres, supervisor, "postgres")] + ([_kept(rabbit, supervisor, "rabbitmq")] if rabbit else [])
    nginx: NginxServer | None = None
    try:
        amqp_url = options.amqp_url or (rabbit.url() if rabbit else "")
        await declare_everything(amqp_url)
        if rabbit is not None:
            await asyncio.to_thread(rabbit.settle)
        urls = await asyncio.to_thread(_broker_urls, rabbit, amqp_url, installation)
        _start_processes(installation, supervisor, urls)
        nginx = await _gateway(installation)
        keepers.append(_kept(nginx, supervisor, "nginx"))
        await asyncio.gather(_write_documents(nginx.folder / DOCUMENTS), _until_ready(installation, supervisor))
        if options.demo:
            demo = Demo(installation.data_dir, installation.url)
            logins = [*logins, *await demo.prepare(installation.admin)]
            keepers.append(asyncio.create_task(demo.trickle(), name="demo"))
        announce_ready(installation.url, logins, mails=installation.shows_mails)
        await until_stopped(stop, keepers)
    finally:
        say("stopping")
        for task in keepers:
            task.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)
        await supervisor.stop()
        for server in (nginx, rabbit, postgres):
            if server is not None:
                await asyncio.to_thread(server.stop)


def _kept(server: PostgresServer | RabbitServer | NginxServer, notes: Supervisor, name: str) -> asyncio.Task[None]:
    return asyncio.create_task(keep_running(server, lambda pid: notes.note(name, pid)), name=name)


async def _broker(options: UpOptions, installation: Installation) -> RabbitServer | None:
    if options.amqp_url:
        return None
    say("RabbitMQ, a private node")
    await asyncio.to_thread(obtain_rabbitmq, installation.package_cache, say)
    rabbit = RabbitServer(installation.data_dir / "rabbitmq", package_cache=installation.package_cache)
    await asyncio.to_thread(rabbit.start)
    return rabbit


def _broker_urls(rabbit: RabbitServer | None, amqp_url: str, installation: Installation) -> dict[str, str]:
    """By service: on a node of our own each has its own user, as in an installation; a given one is for all."""
    if rabbit is None:
        return {service.name: amqp_url for service in SERVICES}
    passwords = installation.secrets.broker_passwords
    guests = {service.name: guest_of(service, passwords[service.key]) for service in SERVICES}
    rabbit.let_in(*guests.values())
    return {name: rabbit.guest_url(guest) for name, guest in guests.items()}


def _start_processes(installation: Installation, supervisor: Supervisor, urls: Mapping[str, str]) -> None:
    say("services, a process for each role")
    mail = [sys.executable, "-m", "leadwire", "mail-sink", "--data-dir", str(installation.data_dir)]
    ports = ["--smtp-port", str(installation.ports["smtp"]), "--http-port", str(installation.ports["mail-pages"])]
    supervisor.start(Program("mail-sink", [*mail, *ports]))
    for service in SERVICES:
        common = installation.environment(service)
        for role in ("api", "worker"):
            name = f"{service.name}-{role}"
            port = {"api": "LEADWIRE_HTTP_PORT", "worker": "LEADWIRE_HEALTH_PORT"}[role]
            environment = {**common, port: str(installation.ports[name]), "LEADWIRE_AMQP_URL": urls[service.name]}
            supervisor.start(Program(name, [sys.executable, "-m", service.package, role], environment))


async def _gateway(installation: Installation) -> NginxServer:
    say("nginx")
    await asyncio.to_thread(obtain_nginx, installation.package_cache, say)
    values = {
        "LEADWIRE_GATEWAY_LISTEN": f"{installation.host}:{installation.port}",
        "LEADWIRE_GATEWAY_SCHEME": "",
        "LEADWIRE_GATEWAY_EXTRA": _mail_pages(installation),
        "LEADWIRE_DOCUMENTS": DOCUMENTS,
        "LEADWIRE_ACCESS_LOG": os.environ.get("LEADWIRE_ACCESS_LOG", "off"),
        "LEADWIRE_RATE_PER_ADDRESS": str(RATE_PER_ADDRESS),
        "LEADWIRE_RATE_BURST": str(RATE_BURST),
        **{upstream_name(s): f"127.0.0.1:{installation.ports[f'{s.name}-api']}" for s in SERVICES},
    }
    nginx = NginxServer(
        installation.data_dir / "nginx", package_cache=installation.package_cache, config=private_configuration(values)
    )
    await asyncio.to_thread(nginx.start)
    return nginx


def _mail_pages(installation: Installation) -> str:
    """As in embedded mode. What they may do in a browser they say themselves."""
    if not installation.shows_mails:
        return ""
    target = f"http://127.0.0.1:{installation.ports['mail-pages']}"
    said = "auth_request off; add_header Referrer-Policy no-referrer always;"
    return f"location ~ ^/mail(/|$) {{ {said} proxy_pass {target}; }}"


async def _write_documents(folder: Path) -> None:
    """In a process that ends: nobody here needs the services' code afterwards."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "leadwire", "documents", str(folder))
    try:
        await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def upstream_name(service: Service) -> str:
    return f"LEADWIRE_{service.context.upper()}_UPSTREAM"


async def _until_ready(installation: Installation, supervisor: Supervisor) -> None:
    """Every process answers /readyz; raises TimeoutError naming those that do not."""
    waiting = {f"{service.name}-{role}" for service in SERVICES for role in ("api", "worker")}
    async with httpx2.AsyncClient(timeout=5) as client:
        try:
            async with asyncio.timeout(READY_SECONDS):
                while waiting:
                    for name in sorted(waiting):
                        if await _answers(client, installation.ports[name]):
                            waiting.discard(name)
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise TimeoutError(f"not ready: {', '.join(sorted(waiting))}; see {supervisor.logs}") from None


async def _answers(client: httpx2.AsyncClient, port: int) -> bool:
    try:
        return (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200
    except httpx2.HTTPError:
        return False
