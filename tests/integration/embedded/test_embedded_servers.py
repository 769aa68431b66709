"""The embedded servers: started, shared, held up, ended; whatever happens to who started them."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import aiomqtt
import psycopg
import pytest

from microgrid_site.embedded.__main__ import read_dotenv
from tests.integration.embedded.house import PRINT_ADDRESSES, ROOT, House, ask_chain, eventually

RICH = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


def test_what_was_committed_survives_a_kill_and_nothing_stays_behind(house: House) -> None:
    wrapper = house.stay("all")
    with psycopg.connect(house.addresses()["DATABASE_URL"]) as database:
        database.execute("CREATE TABLE fact (name text)")
        database.execute("INSERT INTO fact VALUES ('kept')")
    wrapper.kill()
    wrapper.communicate()
    assert eventually(lambda: house.processes() == []), house.processes()
    house.stay("postgres")
    with psycopg.connect(house.addresses()["DATABASE_URL"]) as database:
        assert database.execute("SELECT name FROM fact").fetchall() == [("kept",)]


def test_addresses_and_secrets_stay_the_same_from_start_to_start(house: House) -> None:
    told = []
    for _ in range(2):
        assert house.start("all", PRINT_ADDRESSES).wait(30) == 0
        told.append(house.addresses())
    assert told[0] == told[1]
    assert len(told[0]["SECRET_KEY"]) >= 50
    assert all((path.stat().st_mode & 0o077) == 0 for path in (house.var / "secrets").iterdir())


def test_a_busy_port_is_stepped_around(house: House) -> None:
    house.start("valkey", PRINT_ADDRESSES).wait(30)
    before = house.remembered("valkey")["port"]
    with socket.create_server(("127.0.0.1", before)):
        house.start("valkey", PRINT_ADDRESSES).wait(30)
    after = urlsplit(house.addresses()["REDIS_URL"]).port
    assert after is not None
    assert after != before


def test_the_code_of_the_command_is_passed_on_and_its_servers_are_stopped(house: House) -> None:
    wrapper = house.start("valkey", "print(flush=True); raise SystemExit(7)")
    assert wrapper.wait(30) == 7
    assert eventually(lambda: house.processes() == [])


@pytest.mark.parametrize("chosen", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_command_and_the_servers(house: House, chosen: signal.Signals) -> None:
    wrapper = house.stay("valkey")
    wrapper.send_signal(chosen)
    assert wrapper.wait(10) == 128 + chosen
    assert eventually(lambda: house.processes() == [])


def test_who_started_the_servers_waits_for_who_still_uses_them(house: House) -> None:
    sign = house.var.parent / "sign"
    until_sign = f"import os, time\nwhile not os.path.exists({str(sign)!r}): time.sleep(0.05)"
    first = house.start("valkey", f"{PRINT_ADDRESSES}\n{until_sign}")
    address, server = house.addresses()["REDIS_URL"], house.remembered("valkey")["pid"]
    second = house.stay("valkey")
    assert house.addresses()["REDIS_URL"] == address
    sign.touch()
    with pytest.raises(subprocess.TimeoutExpired):
        first.wait(2)
    assert server in house.processes()
    second.terminate()
    assert second.wait(10) == 128 + signal.SIGTERM
    assert first.wait(10) == 0
    assert eventually(lambda: house.processes() == [])


@pytest.mark.parametrize("server", ["postgres", "valkey", "broker", "anvil"])
def test_a_server_that_dies_is_brought_back_at_the_same_address(house: House, server: str) -> None:
    house.stay(server)
    before = house.remembered(server)
    os.kill(before["pid"], signal.SIGKILL)
    assert eventually(lambda: house.remembered(server)["pid"] != before["pid"])
    assert house.remembered(server)["url"] == before["url"]


def test_a_held_server_stays_away_until_it_is_released(house: House) -> None:
    house.stay("anvil")
    url = house.addresses()["CHAIN_RPC_URL"]
    act(house, "hold", "anvil")
    with pytest.raises(OSError):
        ask_chain(url, "eth_chainId")
    assert not eventually(lambda: house.remembered("anvil")["pid"] in house.processes(), 1.5)
    act(house, "release", "anvil")
    assert ask_chain(url, "eth_chainId") == hex(31337)


def act(house: House, *words: str) -> None:
    command = [sys.executable, "-m", "microgrid_site.embedded", *words]
    subprocess.run(command, env=house.environment, cwd=ROOT, check=True, timeout=40)


def test_the_chain_goes_on_after_a_stop_and_from_the_last_whole_state_after_a_torn_one(house: House) -> None:
    other = "0x00000000000000000000000000000000000000aa"
    wrapper = house.stay("anvil")
    url = house.addresses()["CHAIN_RPC_URL"]
    genesis = ask_chain(url, "eth_getBlockByNumber", "0x0", False)["hash"]
    ask_chain(url, "eth_sendTransaction", {"from": RICH, "to": other, "value": "0x5"})
    assert eventually(lambda: ask_chain(url, "eth_getBalance", other, "latest") == "0x5")
    wrapper.terminate()
    wrapper.wait(20)
    state, copy = house.var / "chain" / "state.json", house.var / "chain" / "state.good.json"

    wrapper = house.stay("anvil")
    url = house.addresses()["CHAIN_RPC_URL"]
    assert ask_chain(url, "eth_getBalance", other, "latest") == "0x5"
    assert ask_chain(url, "eth_getBlockByNumber", "0x0", False)["hash"] == genesis
    assert eventually(copy.exists)
    wrapper.kill()
    wrapper.communicate()

    whole = state.read_bytes()
    state.write_bytes(whole[: len(whole) // 2])
    wrapper = house.stay("anvil")
    url = house.addresses()["CHAIN_RPC_URL"]
    assert ask_chain(url, "eth_getBalance", other, "latest") == "0x5"
    assert (house.var / "chain" / "state.torn.json").exists()
    wrapper.kill()
    wrapper.communicate()

    state.write_bytes(b"{")
    copy.write_bytes(b"{")
    house.stay("anvil")
    url = house.addresses()["CHAIN_RPC_URL"]
    assert ask_chain(url, "eth_blockNumber") == "0x0"
    assert ask_chain(url, "eth_getBlockByNumber", "0x0", False)["hash"] == genesis


def test_the_broker_lets_in_who_knows_its_password(house: House) -> None:
    house.stay("broker")
    parts = urlsplit(house.addresses()["MQTT_URL"])

    async def knock(password: str | None) -> None:
        async with aiomqtt.Client(
            str(parts.hostname), int(parts.port or 0), username=parts.username, password=password, timeout=30
        ) as client:
            await client.publish("telemetry/somebody", b"x", qos=1)

    asyncio.run(knock(parts.password))
    for wrong in ("guess", None):
        with pytest.raises(aiomqtt.MqttError):
            asyncio.run(knock(wrong))


def test_postgres_starts_where_its_lock_names_another_process(house: House) -> None:
    house.start("postgres", PRINT_ADDRESSES).wait(30)
    lock = house.var / "postgres" / "data" / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n{house.var}/postgres/data\n1700000000\n0\n\n\n\n")
    house.start("postgres", PRINT_ADDRESSES).wait(30)
    assert house.addresses()["DATABASE_URL"].startswith("postgresql://")


def test_what_is_set_is_not_started(house: House) -> None:
    house.environment["REDIS_URL"] = "redis://elsewhere:6379/0"
    house.start("valkey", PRINT_ADDRESSES).wait(30)
    assert house.addresses()["REDIS_URL"] == "redis://elsewhere:6379/0"
    assert not (house.var / "run" / "valkey.json").exists()


def test_settings_of_dotenv_give_way_to_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text('# REDIS_URL=redis://commented\nREDIS_URL="redis://file"\nMQTT_URL=\nLOG_LEVEL=INFO\n')
    monkeypatch.setenv("LOG_LEVEL", "ERROR")
    monkeypatch.setenv("REDIS_URL", "")
    monkeypatch.setenv("MQTT_URL", "")
    monkeypatch.delenv("REDIS_URL")
    read_dotenv(dotenv)
    assert os.environ["REDIS_URL"] == "redis://file"
    assert os.environ["LOG_LEVEL"] == "ERROR"
    assert os.environ["MQTT_URL"] == ""
