"""`python -m microgrid_site.embedded.broker_process PORT TLS_PORT FOLDER`: the broker. Its password is in BROKER_PASSWORD."""

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from amqtt.broker import Broker
from amqtt.contexts import Action
from amqtt.plugins.base import BasePlugin, BaseTopicPlugin
from amqtt.session import Session

from microgrid_site.embedded.device_door import LISTENER, DeviceDoor, KnownByDoor, OwnTopics

MOST_CONNECTIONS = 2000


def ask_at_once(broker: Broker) -> None:
    """Ask the one that rules over topics without a task for each question, which saves a quarter of its processor time."""

    async def answers(*, session: Session, topic: str, action: Action) -> dict[BasePlugin[Any], str | bool | None]:
        return {
            plugin: await plugin.topic_filtering(session=session, topic=topic, action=action)
            for plugin in broker.plugins_manager.plugins
            if isinstance(plugin, BaseTopicPlugin)
        }

    broker.plugins_manager.map_plugin_topic = answers


async def serve(port: int, tls_port: int, folder: Path) -> None:
    """Serve until a signal comes: the house at the loopback, devices with certificates through their door."""
    broker = Broker(
        {
            "listeners": {
                "default": {"type": "tcp", "bind": f"127.0.0.1:{port}", "max_connections": MOST_CONNECTIONS},
                LISTENER: {"type": "external", "max_connections": MOST_CONNECTIONS},
            },
            "plugins": {f"{plugin.__module__}.{plugin.__name__}": {} for plugin in (KnownByDoor, OwnTopics)},
        }
    )
    ask_at_once(broker)
    await broker.start()
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for chosen in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(chosen, stopped.set)
    host = os.environ.get("MQTT_TLS_BIND") or "127.0.0.1"
    await DeviceDoor(broker, folder, host, tls_port).keep(stopped)
    await broker.shutdown()


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run it to its end, on uvloop where there is a wheel of it: a fifth less of a processor per message."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(work)
    else:
        uvloop.run(work)


if __name__ == "__main__":
    run(serve(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
