"""A broker within this process, and a worker that takes its messages when a test says so."""

from __future__ import annotations

from typing import Any

from kombu import Connection

from credentials_accredible import broker, tasks
from credentials_accredible.celery import app
from tests.conftest import PluginSettings

URL = "memory://"


def use_broker(plugin_settings: PluginSettings, url: str = URL) -> None:
    """Have syncs done by a worker; no message is left from before."""
    broker._silent_until.clear()
    plugin_settings(BROKER_URL=url)
    if url == URL:
        waiting()


def waiting() -> list[tuple[str, list[Any]]]:
    """Take all messages that wait: the name of the task, and its arguments."""
    found = []
    with Connection(URL) as connection:
        queue = connection.SimpleQueue(app.conf.task_default_queue)
        while len(queue):
            message = queue.get(timeout=1)
            message.ack()
            found.append((message.headers["task"], message.payload[0]))
        queue.close()
    return found


def work() -> int:
    """Do what waits, as a worker would; how many tasks that were."""
    messages = waiting()
    for name, arguments in messages:
        task = {broker.SYNC: tasks.sync, broker.SWEEP_SYNCS: tasks.sweep_syncs}[name]
        task(*arguments)
    return len(messages)
