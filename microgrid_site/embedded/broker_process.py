"""`python -m microgrid_site.embedded.broker_process PORT`: the broker itself. Its password is in BROKER_PASSWORD."""

import asyncio
import hmac
import os
import signal
import sys

from amqtt.broker import Broker
from amqtt.plugins.base import BaseAuthPlugin
from amqtt.session import Session

from microgrid_site.embedded.broker import USER

MOST_CONNECTIONS = 2000


class HousePassword(BaseAuthPlugin):
    """Lets in who knows the password of this house; certificates per device belong to a real broker."""

    async def authenticate(self, *, session: Session) -> bool:
        known, given = os.environ["BROKER_PASSWORD"], session.password or ""
        return session.username == USER and hmac.compare_digest(known.encode(), given.encode())


async def serve(port: int) -> None:
    """Serve until a signal comes."""
    broker = Broker(
        {
            "listeners": {
                "default": {
                    "type": "tcp",
                    "bind": f"127.0.0.1:{port}",
                    "max_connections": MOST_CONNECTIONS,
                }
            },
            "plugins": {f"{HousePassword.__module__}.{HousePassword.__name__}": {}},
        }
    )
    await broker.start()
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for chosen in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(chosen, stopped.set)
    await stopped.wait()
    await broker.shutdown()


if __name__ == "__main__":
    from microgrid_site.embedded import broker_process

    asyncio.run(broker_process.serve(int(sys.argv[1])))
