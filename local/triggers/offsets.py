"""Where a consumer group stands in a topic, asked of the broker."""

from __future__ import annotations

import threading

from kafka import OffsetAndMetadata, TopicPartition
from kafka.admin import KafkaAdminClient, OffsetSpec
from kafka.errors import KafkaError

from stock_ai.errors import RetryableError, RunAbortedError


class GroupOffsets:
    """Committed and log offsets of one group on one topic. Any thread may call any method.

    Raises:
        RunAbortedError: the topic does not exist.
        RetryableError: the broker is away; so do all methods.
    """

    def __init__(self, bootstrap_servers: str, group: str, topic: str) -> None:
        self._group = group
        self._lock = threading.Lock()
        try:
            self._admin = KafkaAdminClient(bootstrap_servers=bootstrap_servers.split(","))
        except KafkaError as error:
            raise RetryableError(f"Kafka is away: {error}") from error
        try:
            self.partitions = self._partitions(topic)
        except KafkaError as error:
            self._admin.close()
            raise RetryableError(f"Kafka is away: {error}") from error
        except RunAbortedError:
            self._admin.close()
            raise

    def lag(self) -> int:
        """How many records of the topic the group has not committed."""
        try:
            with self._lock:
                committed = self._committed()
                ends = self._log(OffsetSpec.LATEST)
                starts = self._log(OffsetSpec.EARLIEST) if len(committed) < len(self.partitions) else {}
        except KafkaError as error:
            raise RetryableError(f"Kafka is away: {error}") from error
        return sum(max(0, ends[partition] - committed.get(partition, starts.get(partition, 0))) for partition in ends)

    def rewind_lost(self) -> dict[int, tuple[int, int]]:
        """Set offsets committed beyond the end of the log back to it: for each partition, what they were and are.

        The embedded broker can lose its last records when it is killed. Without this, as many new records would be
        taken for processed; so call it before anything new is published. No consumer of the group may run.
        """
        try:
            with self._lock:
                ends = self._log(OffsetSpec.LATEST)
                lost = {
                    partition: (offset, ends[partition])
                    for partition, offset in self._committed().items()
                    if offset > ends[partition]
                }
                if lost:
                    wanted = {partition: OffsetAndMetadata(end, "") for partition, (_, end) in lost.items()}
                    answers = self._admin.alter_group_offsets(self._group, wanted)
                    for partition, refusal in answers.items():
                        if refusal.errno != 0:
                            raise RetryableError(f"cannot set back {partition}: {refusal.__name__}")
        except KafkaError as error:
            raise RetryableError(f"Kafka is away: {error}") from error
        return {partition.partition: change for partition, change in lost.items()}

    def close(self) -> None:
        """Let go of the connection."""
        with self._lock:
            self._admin.close()

    def _partitions(self, topic: str) -> list[TopicPartition]:
        # Asked of the list first: describing a topic can create it.
        if topic not in self._admin.list_topics():
            raise RunAbortedError(f"Kafka topic {topic} does not exist")
        (described,) = self._admin.describe_topics([topic])
        return sorted(TopicPartition(topic, partition["partition_index"]) for partition in described["partitions"])

    def _committed(self) -> dict[TopicPartition, int]:
        answer = self._admin.list_group_offsets({self._group: self.partitions})[self._group]
        return {partition: found.offset for partition, found in answer.items() if found.offset >= 0}

    def _log(self, which: OffsetSpec) -> dict[TopicPartition, int]:
        answer = self._admin.list_partition_offsets(dict.fromkeys(self.partitions, which))
        return {partition: found.offset for partition, found in answer.items()}
