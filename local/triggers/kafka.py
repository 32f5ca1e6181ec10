"""The Kafka trigger of a function: AWS Lambda's event-source mapping in provisioned mode, on this machine."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.errors import KafkaError

from infra.topology import KafkaTrigger
from local.events import Record
from local.triggers.batching import Buffer
from local.triggers.dead_letters import DeadLetterWriter
from local.triggers.delivery import Backoff, Delivery, Stopped
from local.triggers.offsets import GroupOffsets
from stock_ai.clock import Clock, utc_now
from stock_ai.errors import RunAbortedError

# The embedded broker answers an empty fetch at once where Kafka holds it back, and kafka-python asks again as long as a
# poll lasts: so polls are short, and the waiting is done here.
POLL_MS = 1
IDLE_SECONDS = 0.1
COMMIT_SECONDS = 5.0
RECHECK_SECONDS = 0.5

# kafka-python logs every reconnect of an absent broker.
logging.getLogger("kafka").setLevel(logging.WARNING)
logger = logging.getLogger(__name__)


def _ignore(_response: Any) -> None:
    """Take an answer and do nothing with it."""


class KafkaMapping:
    """Reads a topic from its own thread, invokes the function with batches and commits their offsets after each.

    A batch is closed by `batch_size`, `window_seconds` or Lambda's payload. How it is retried, split and given up
    is in `Delivery`.

    The mapping takes all partitions of its topic for itself instead of joining the group: a home has one run, so
    there is nobody to share with, a restart need not wait until a killed member's session ends, and no partition is
    ever taken away while a batch of it is in flight. (The embedded broker also never settles a group of two.)
    Two runs on one external broker would each process every record, which changes nothing, as all effects are
    idempotent.

    Args:
        function_name: names the consumer group `stock-ai-<function_name>-<topic>`.
        trigger: topic and rules.
        invoke: runs the function; an exception is a failed invocation.
        bootstrap_servers: host:port[,host:port].
        on_response: gets each well-formed answer, in the mapping's thread.
        on_failure: gets a line about each failure, in the mapping's thread.
        clock: for the age of records.
        backoff: waits between retries.
    """

    def __init__(
        self,
        function_name: str,
        trigger: KafkaTrigger,
        invoke: Callable[[dict[str, Any]], Any],
        bootstrap_servers: str,
        on_response: Callable[[Any], None] = _ignore,
        on_failure: Callable[[str], None] = logger.warning,
        clock: Clock = utc_now,
        backoff: Backoff = Backoff(),  # noqa: B008 - frozen
    ) -> None:
        self.group = f"stock-ai-{function_name}-{trigger.topic}"
        self._trigger = trigger
        self._bootstrap_servers = bootstrap_servers
        self._on_failure = on_failure
        self._backoff = backoff
        self._stop = threading.Event()
        self._progress = threading.Condition()
        self._fatal: Exception | None = None
        self._thread: threading.Thread | None = None
        self._offsets: GroupOffsets | None = None
        self._dead_letters = DeadLetterWriter(
            bootstrap_servers,
            trigger.dead_letter_topic,
            stop=self._stop,
            clock=clock,
            backoff=backoff,
            on_failure=on_failure,
        )
        self._delivery = Delivery(
            trigger,
            invoke,
            self._dead_letters,
            bootstrap_servers=bootstrap_servers,
            stop=self._stop,
            clock=clock,
            on_response=on_response,
            on_failure=on_failure,
            backoff=backoff,
        )

    def start(self) -> None:
        """Repair offsets that lie beyond the log, then begin to read. Call it before anything new is published.

        Raises:
            RunAbortedError: the topic does not exist.
            RetryableError: the broker is away.
        """
        self._offsets = GroupOffsets(self._bootstrap_servers, self.group, self._trigger.topic)
        for partition, (was, end) in self._offsets.rewind_lost().items():
            self._on_failure(
                f"{self._trigger.topic}-{partition}: the broker lost {was - end} processed records when it was killed; "
                f"the committed offset is set back from {was} to {end}"
            )
        self._thread = threading.Thread(target=self._run, name=self.group, daemon=True)
        self._thread.start()

    def observe(self) -> None:
        """Only learn how far the group is, for a mapping that works in another process; then `wait_drained` and `lag`.

        Raises:
            RunAbortedError, RetryableError: as `start`.
        """
        self._offsets = GroupOffsets(self._bootstrap_servers, self.group, self._trigger.topic)

    def ask_to_stop(self) -> None:
        """Read and retry no more. A worker that is killed after this fails nothing: its batch comes again later."""
        self._stop.set()

    def stop(self) -> None:
        """Stop reading, and wait for the invocation under way; what is not committed comes again at the next start.

        To stop sooner than the function's timeout: `ask_to_stop`, then kill the worker, then this. Safe to call twice.
        """
        self.ask_to_stop()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._offsets is not None:
            self._offsets.close()
            self._offsets = None
        with self._progress:
            self._progress.notify_all()

    def lag(self) -> int:
        """Records published and not yet committed, in flight or not.

        Raises:
            RunAbortedError: not started, or stopped.
            RetryableError: the broker is away.
        """
        if self._offsets is None:
            raise RunAbortedError(f"{self.group} is not running")
        return self._offsets.lag()

    def check(self) -> None:
        """Raise when the mapping has died.

        Raises:
            RunAbortedError: it has; says of what.
        """
        if self._fatal is not None:
            raise RunAbortedError(f"{self.group} has died: {self._fatal!r}") from self._fatal

    def wait_drained(self, timeout: float | None = None) -> None:
        """Wait until every record published before now is processed, or a dead letter, and committed.

        Raises:
            RunAbortedError: the mapping died, was stopped, or `timeout` seconds were not enough.
            RetryableError: the broker is away.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._progress:
            while True:
                self.check()
                if (lag := self.lag()) == 0:
                    return
                left = RECHECK_SECONDS if deadline is None else min(RECHECK_SECONDS, deadline - time.monotonic())
                if left <= 0:
                    raise RunAbortedError(f"{self.group} is still {lag} records behind after {timeout} s")
                self._progress.wait(left)

    def _run(self) -> None:
        try:
            self._consume()
        except Stopped:
            pass
        except Exception as error:  # noqa: BLE001 - the thread's last word; `check` and `wait_drained` raise it
            self._fatal = error
            self._on_failure(f"{self.group} has died: {error!r}")
        finally:
            self._dead_letters.close()
            with self._progress:
                self._progress.notify_all()

    def _consume(self) -> None:
        consumer = KafkaConsumer(
            bootstrap_servers=self._bootstrap_servers.split(","),
            group_id=self.group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",  # TRIM_HORIZON
            allow_auto_create_topics=False,
            max_partition_fetch_bytes=8 * 1024 * 1024,
        )
        try:
            if self._offsets is not None:
                consumer.assign(self._offsets.partitions)
            buffer = Buffer(self._trigger.batch_size)
            while not self._stop.is_set():
                self._fill(consumer, buffer)
                if batch := buffer.take():
                    self._delivery.deliver(batch)
                    self._commit(consumer, batch)
        finally:
            consumer.close(autocommit=False, timeout_ms=COMMIT_SECONDS * 1000)

    def _fill(self, consumer: KafkaConsumer, buffer: Buffer) -> None:
        """Poll until a batch is full, its window has closed or it is time to stop."""
        closes = time.monotonic() + self._trigger.window_seconds if len(buffer) else None
        while not self._stop.is_set() and buffer.room:
            if closes is not None and time.monotonic() > closes:
                return
            polled = consumer.poll(timeout_ms=POLL_MS, max_records=buffer.room)
            if not polled:
                self._stop.wait(IDLE_SECONDS)
            for records in polled.values():
                buffer.extend(Record.of(record) for record in records)
            if closes is None and len(buffer):
                closes = time.monotonic() + self._trigger.window_seconds

    def _commit(self, consumer: KafkaConsumer, batch: Sequence[Record]) -> None:
        offsets: dict[int, int] = {}
        for record in batch:
            offsets[record.partition] = record.offset + 1
        wanted = {
            TopicPartition(self._trigger.topic, partition): OffsetAndMetadata(offset, "")
            for partition, offset in offsets.items()
        }
        retry = 0
        while True:
            try:
                consumer.commit(wanted, timeout_ms=COMMIT_SECONDS * 1000)
            except KafkaError as error:
                # Its effects are stored and idempotent, so a batch that stays uncommitted is only processed again.
                self._on_failure(f"{self._trigger.topic}: cannot commit ({error!r}); trying again")
                if self._stop.wait(self._backoff.seconds(retry)):
                    raise Stopped from error
                retry += 1
            else:
                break
        with self._progress:
            self._progress.notify_all()
