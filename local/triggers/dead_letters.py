"""Writing records that a mapping gave up to their dead-letter topic, with their bytes as they were."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from kafka import KafkaProducer
from kafka.errors import KafkaError

from local.events import Record
from local.triggers.delivery import Backoff, Stopped
from stock_ai.clock import Clock
from stock_ai.streaming.dead_letters import dead_letter_headers

DETAIL_CHARACTERS = 1000
_ACKNOWLEDGE_SECONDS = 30.0


class DeadLetterWriter:
    """Implements `DeadLetterSink`. A record keeps key, value and its own headers; ours are added.

    Connects on first use. While the broker is away it waits and tries again, so nothing is lost.
    """

    def __init__(
        self,
        bootstrap_servers: str,
        topic: str,
        *,
        stop: threading.Event,
        clock: Clock,
        backoff: Backoff,
        on_failure: Callable[[str], None],
    ) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._topic = topic
        self._stop = stop
        self._clock = clock
        self._backoff = backoff
        self._on_failure = on_failure
        self._producer: KafkaProducer | None = None

    def put(self, records: Sequence[Record], reason: str, detail: str) -> None:
        """Write the records and wait until all in-sync replicas have them.

        Raises:
            Stopped: told to stop while the broker was away; some may have been written, and will be again.
        """
        retry = 0
        while True:
            try:
                self._write(records, reason, detail[:DETAIL_CHARACTERS])
            except KafkaError as error:
                self._on_failure(f"{self._topic}: cannot write {len(records)} dead letters ({error}); trying again")
                if self._stop.wait(self._backoff.seconds(retry)):
                    raise Stopped from error
                retry += 1
            else:
                return

    def close(self) -> None:
        """Let go of the connection."""
        if self._producer is not None:
            self._producer.close(timeout=_ACKNOWLEDGE_SECONDS)

    def _write(self, records: Sequence[Record], reason: str, detail: str) -> None:
        if self._producer is None:
            self._producer = KafkaProducer(
                bootstrap_servers=self._bootstrap_servers.split(","),
                acks="all",
                compression_type="lz4",
                max_request_size=16 * 1024 * 1024,  # what is too large for an invocation has to fit here
            )
        sent = []
        for record in records:
            ours = dead_letter_headers(
                reason=reason,
                detail=detail,
                source_topic=record.topic,
                source_partition=record.partition,
                source_offset=record.offset,
                failed_at=self._clock(),
            )
            names = {name for name, _ in ours}
            own = [(name, value) for name, value in record.headers if name not in names]
            sent.append(self._producer.send(self._topic, key=record.key, value=record.value, headers=[*own, *ours]))
        self._producer.flush(timeout=_ACKNOWLEDGE_SECONDS)
        for future in sent:
            future.get(timeout=0)
