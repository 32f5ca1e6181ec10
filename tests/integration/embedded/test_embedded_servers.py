"""The embedded servers keep data over a restart, refuse to share a folder and never outlive us."""

import os
import signal
import socket
import subprocess
import sys

import pytest
import redis
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient
from pymongo import MongoClient

from infra.topology import Topic
from local.embedded.kafka import KafkaServer, create_topics
from local.embedded.mongodb import MongoServer
from local.embedded.valkey import ValkeyServer
from stock_ai.errors import InvalidInputError, RunAbortedError

SERVERS = [KafkaServer, MongoServer, ValkeyServer]

PARENT = """
import sys
from pathlib import Path
from local.embedded.{module} import {name}
server = {name}(Path(sys.argv[1]))
server.start()
print(server.pid, server.address, flush=True)
sys.stdin.read()
"""


def test_mongodb_keeps_documents_over_a_restart(tmp_path):
    with MongoServer(tmp_path) as server, MongoClient(server.address) as client:
        client.db.things.insert_one({"_id": 1, "name": "FPT"})
    with MongoServer(tmp_path) as server, MongoClient(server.address) as client:
        assert client.db.things.find_one({"_id": 1}) == {"_id": 1, "name": "FPT"}


def test_valkey_keeps_keys_over_a_restart(tmp_path):
    with ValkeyServer(tmp_path) as server, redis.Redis.from_url(server.address) as client:
        client.set("name", "FPT")
    with ValkeyServer(tmp_path) as server, redis.Redis.from_url(server.address) as client:
        assert client.get("name") == b"FPT"


def test_kafka_keeps_records_and_commits_over_a_restart(tmp_path):
    partition = TopicPartition("prices", 2)

    def consumer(server):
        return KafkaConsumer(bootstrap_servers=server.address, group_id="g", enable_auto_commit=False)

    with KafkaServer(tmp_path) as server:
        create_topics(server.address, [Topic("prices", partitions=3, retention_hours=1)])
        producer = KafkaProducer(bootstrap_servers=server.address)
        for number in range(5):
            producer.send("prices", str(number).encode(), partition=2)
        producer.close()
        first = consumer(server)
        first.assign([partition])
        first.seek(partition, 3)
        first.commit()
        first.close()
    with KafkaServer(tmp_path) as server:
        second = consumer(server)
        assert second.end_offsets([partition]) == {partition: 5}
        assert second.committed(partition) == 3
        second.close()


def test_creating_topics_again_leaves_them_as_they_are(kafka_bootstrap, topics):
    name = topics(partitions=2)
    create_topics(kafka_bootstrap, [Topic(name, partitions=9, retention_hours=1)])
    admin = KafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    (described,) = admin.describe_topics([name])
    admin.close()
    assert len(described["partitions"]) == 2


@pytest.mark.parametrize("server_class", SERVERS)
def test_a_second_start_in_the_same_folder_is_refused(server_class, tmp_path):
    with server_class(tmp_path) as server:
        with pytest.raises(InvalidInputError, match=rf"in use by another Stock AI process \(pid {os.getpid()}\)"):
            server_class(tmp_path).start()
        assert server.is_alive()
    with server_class(tmp_path):
        pass


def test_a_busy_port_is_named(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InvalidInputError, match=f"valkey port {port} cannot be used"):
            ValkeyServer(tmp_path, port=port).start()


def test_a_server_that_ends_at_once_is_reported_with_its_log(tmp_path):
    class Broken(ValkeyServer):
        def _command(self, data):
            return [sys.executable, "-c", "print('disk is full'); raise SystemExit(3)"]

    server = Broken(tmp_path)
    with pytest.raises(RunAbortedError, match=r"ended with code 3 while starting: disk is full"):
        server.start()
    assert not server.is_alive()
    with ValkeyServer(tmp_path):  # the folder is free again
        pass


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG exists on Linux only")
@pytest.mark.parametrize("server_class", SERVERS)
def test_a_killed_parent_takes_its_server_along(server_class, tmp_path):
    script = PARENT.format(module=server_class.__module__.rpartition(".")[2], name=server_class.__name__)
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        pid, _ = parent.stdout.readline().split()
        os.kill(int(pid), 0)
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.communicate()
    with server_class(tmp_path) as successor:  # waits for the orphan to let go of the folder
        assert successor.is_alive()
    assert not _runs(int(pid))


def _runs(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123
            return stat.read().split()[2] != "Z"  # a zombie has ended; its reaper is not ours
    except FileNotFoundError:
        return False
