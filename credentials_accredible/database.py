"""What all of the plugin asks of the database: Unicode, transactions that are tried again, patience while away."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.apps import apps
from django.conf import settings
from django.core.exceptions import EmptyResultSet
from django.core.paginator import Page, Paginator
from django.db import (
    DatabaseError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    connections,
    router,
    transaction,
)
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.models import F, Model, QuerySet, Value
from django.dispatch import receiver
from django.utils.functional import cached_property

from credentials_accredible import conf
from credentials_accredible.database_errors import is_away
from credentials_accredible.exceptions import GroupsBusy

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")
M = TypeVar("M", bound=Model)

# Rows of one statement, where nothing else limits it.
BATCH = 500
# Bytes of the texts of one statement. Servers limit what they take at once, MariaDB to 16 MB where nobody has set it.
STATEMENT_BYTES = 500_000

# Up to Django 5.1, connections to MySQL and MariaDB speak utf8mb3 unless the operator says otherwise: three bytes a
# character, no emoji. utf8mb4 holds all of it, and is Django's own default since 5.2.
_NARROW = {"utf8", "utf8mb3"}


@receiver(connection_created, dispatch_uid="credentials_accredible.widen_mysql_charset")
def widen_mysql_charset(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Let a new connection to MySQL or MariaDB carry characters of four bytes."""
    if connection.vendor == "mysql" and connection.connection.character_set_name() in _NARROW:
        connection.connection.set_character_set("utf8mb4")


def widen_tables(apps: Any, schema_editor: Any) -> None:
    """Convert the plugin's tables to utf8mb4, where a database on MySQL or MariaDB made them with less.

    An operation for ``RunPython``: a migration that adds tables runs it last.
    """
    connection = schema_editor.connection
    if connection.vendor != "mysql":
        return
    models = apps.get_app_config("credentials_accredible").get_models(include_auto_created=True)
    tables = [model._meta.db_table for model in models]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
            " AND table_name IN %s AND table_collation NOT LIKE %s",
            [tables, "utf8mb4%"],
        )
        narrow = [row[0] for row in cursor.fetchall()]
        for table in narrow:
            cursor.execute(f"ALTER TABLE {connection.ops.quote_name(table)} CONVERT TO CHARACTER SET utf8mb4")


# The present moment by each database's own clock, as text of UTC. SQLite cuts off what is below a millisecond: one more
# keeps a time that was just written from lying ahead.
_CLOCKS = {
    "sqlite": "SELECT STRFTIME('%Y-%m-%d %H:%M:%f', 'now', '+0.001 seconds')",
    "mysql": "SELECT CAST(UTC_TIMESTAMP(6) AS CHAR)",
    "postgresql": "SELECT CAST(clock_timestamp() AT TIME ZONE 'UTC' AS text)",
}
# Seconds for which a reading of it is good. Between two, time is counted by a clock of this process that nobody sets.
_READING_LASTS = 3600.0
# Readings differ by the way to the database and back: a smaller difference is no other time.
_SAME_TIME = timedelta(milliseconds=20)


class _Clock:
    """The database's clock, as this process knows it."""

    def __init__(self) -> None:
        # When the process's clock stood at zero, by the database's.
        self._zero: datetime | None = None
        self._read_at = 0.0

    def now(self, *, exactly: bool) -> datetime:
        begun = time.monotonic()
        if exactly or self._zero is None or begun - self._read_at > _READING_LASTS:
            zero = _asked() - timedelta(seconds=begun)
            self._read_at = begun
            if self._zero is None or abs(zero - self._zero) > _SAME_TIME:
                self._zero = zero
        return self._zero + timedelta(seconds=time.monotonic())


_clock = _Clock()


def now(*, exactly: bool = False) -> datetime:
    """The present moment by the database's clock, which is one for all hosts: what leases and delays are counted with.

    ``exactly``: ask the database. Otherwise it is asked once an hour, and this process counts on from there.
    """
    return _clock.now(exactly=exactly)


def _asked() -> datetime:
    connection = connections[alias()]
    with connection.cursor() as cursor:
        cursor.execute(_CLOCKS[connection.vendor])
        return datetime.fromisoformat(cursor.fetchone()[0]).replace(tzinfo=UTC)


# Deadlocks are a part of life with MySQL, connections get lost, and two workers can want to make the same row.
_PASSING = (OperationalError, InterfaceError, IntegrityError)
_ATTEMPTS = 5
_FIRST_WAIT = 0.05


def alias() -> str:
    """The alias of the database that the plugin's tables are in, for transactions and connections."""
    return router.db_for_write(apps.get_model("credentials_accredible", "AccredibleBadge"))


def retried(work: Callable[P, T]) -> Callable[P, T]:
    """Have ``work`` tried again, for about a second, after errors of the database that can pass; a decorator.

    Within a transaction of the caller's it is tried once: the transaction is lost with it.
    """

    @wraps(work)
    def try_for_a_while(*args: P.args, **kwargs: P.kwargs) -> T:
        for attempt in range(_ATTEMPTS - 1):
            try:
                return work(*args, **kwargs)
            except GroupsBusy:
                raise
            except _PASSING:
                if not drop_lost_connection():
                    raise
                time.sleep(_FIRST_WAIT * 2**attempt * random.uniform(0.5, 1.5))  # noqa: S311  # no secret
        return work(*args, **kwargs)

    return try_for_a_while


# Seconds between two tries.
_SHORTEST_PAUSE = 0.25
_LONGEST_PAUSE = 15.0


def patiently(
    work: Callable[[], T], *, patience: float | None = None, pause: Callable[[float], object] | None = None
) -> T:
    """What ``work`` returns, which is tried again with growing pauses while the database is away.

    Its error is raised after ``patience`` seconds, ``DATABASE_PATIENCE`` where none are given; at once within a
    transaction, which is lost; and where ``pause``, which waits for the seconds it is given, returns something true.
    """
    began, seconds = time.monotonic(), _SHORTEST_PAUSE
    while True:
        try:
            done = work()
        except (DatabaseError, InterfaceError) as error:
            if not is_away(error) or connections[alias()].in_atomic_block:
                raise
            # The next one may be to another server.
            connections[alias()].close()
            if seconds == _SHORTEST_PAUSE:
                log.warning("database_away error=%s", type(error).__name__)
            waits = conf.number("DATABASE_PATIENCE", least=0) if patience is None else patience
            left = began + waits - time.monotonic()
            if left <= 0 or (pause or time.sleep)(min(seconds * random.uniform(0.8, 1), left)):  # noqa: S311  # no secret
                raise
            seconds = min(seconds * 2, _LONGEST_PAUSE)
        else:
            if seconds > _SHORTEST_PAUSE:
                log.warning("database_back seconds=%.0f", time.monotonic() - began)
            return done


def in_transaction(work: Callable[P, T]) -> Callable[P, T]:
    """Have ``work`` done in a transaction, all of it or nothing, tried again as ``retried`` says; a decorator."""

    @retried
    @wraps(work)
    def all_or_nothing(*args: P.args, **kwargs: P.kwargs) -> T:
        with transaction.atomic(using=alias()):
            return work(*args, **kwargs)

    return all_or_nothing


def drop_lost_connection() -> bool:
    """Have the next query connect again where the connection is lost; False within a transaction, which is lost too."""
    connection = connections[alias()]
    if connection.in_atomic_block:
        return False
    connection.close_if_unusable_or_obsolete()
    return True


def lock(rows: QuerySet[Any]) -> None:
    """Lock ``rows`` until the transaction ends, by a write that changes nothing.

    As the first statement of a transaction it also keeps the snapshot from being older than the lock, and lets SQLite,
    which locks no rows, wait here instead of failing halfway.
    """
    rows.order_by().update(modified=F("modified"))


def insert_or_lock(rows: Collection[M], *, unique: list[str]) -> None:
    """Insert ``rows``, or lock those that are there: the ones that have the same in the fields ``unique``."""
    model = type(next(iter(rows)))
    # An insert that takes over the row that is there locks either; to ignore the conflict would lock nothing.
    features = connections[alias()].features
    named = unique if features.supports_update_conflicts_with_target else None
    model._default_manager.bulk_create(rows, update_conflicts=True, update_fields=unique[:1], unique_fields=named)


def update_all(rows: Sequence[M], fields: Sequence[str]) -> None:
    """Write ``fields`` of ``rows`` that are there, and locked; the other fields of the rows given are not looked at.

    ``bulk_update`` takes a comparison for each row and field, and that many times as long.
    """
    model = type(rows[0])
    features = connections[alias()].features
    named = [model._meta.pk.name] if features.supports_update_conflicts_with_target else None
    model._default_manager.bulk_create(rows, update_conflicts=True, update_fields=fields, unique_fields=named)


def insert_selected(model: Any, rows: QuerySet[Any], **values: Any) -> None:
    """Insert a row of ``model`` for each of ``rows``, in their order; the database does it, and none of them is read.

    ``values`` are, by field, an expression of ``rows``, or what all get. They are all there is: no defaults.
    """
    connection = connections[alias()]
    fields = [model._meta.get_field(name) for name in values]
    chosen = (
        value if hasattr(value, "resolve_expression") else Value(value, field)
        for field, value in zip(fields, values.values(), strict=True)
    )
    table, *columns = map(connection.ops.quote_name, (model._meta.db_table, *(field.column for field in fields)))
    with suppress(EmptyResultSet), connection.cursor() as cursor:
        select, params = rows.values_list(*chosen).query.get_compiler(connection=connection).as_sql()
        cursor.execute(f"INSERT INTO {table} ({', '.join(columns)}) {select}", params)


def lock_keys(model: type[Model], keys: Iterable[int], *, nowait: bool = False) -> None:
    """Lock the rows of ``model`` with these primary keys, in the order of these, until the transaction ends.

    Nobody can refer to them meanwhile. ``nowait``: OperationalError where somebody else holds one, on databases that
    can tell. By primary key, because InnoDB locks the entries of every other index that leads to a row first: who
    deletes that row takes these locks last, and the two would wait for each other.
    """
    features = connections[alias()].features
    nowait = nowait and features.has_select_for_update_nowait
    for batch in batches(sorted(keys)):
        if not features.has_select_for_update:
            # One write keeps everybody else out of SQLite.
            lock(model._default_manager.filter(pk__in=batch[:1]))
            return
        rows = model._default_manager.filter(pk__in=batch).order_by("pk")
        list(rows.select_for_update(nowait=nowait).values_list("pk"))


def batches(values: Iterable[T], size: int | None = None, weigh: Callable[[T], int] | None = None) -> Iterator[list[T]]:
    """``values`` in lists of ``size``, or BATCH, the last one shorter: for statements that name their rows.

    A list is shorter, too, where its values weigh more than STATEMENT_BYTES together.
    """
    batch: list[T] = []
    weight = 0
    for value in values:
        own = weigh(value) if weigh else 0
        if batch and (len(batch) == (size or BATCH) or weight + own > STATEMENT_BYTES):
            yield batch
            batch, weight = [], 0
        batch.append(value)
        weight += own
    if batch:
        yield batch


def text_bytes(row: Model) -> int:
    """The bytes that the texts of ``row`` take at most: a weight for ``batches``."""
    texts = (value for value in vars(row).values() if isinstance(value, str))
    return sum(len(text) if text.isascii() else 4 * len(text) for text in texts)


def pages(rows: QuerySet[M], size: int | None = None) -> Iterator[list[M]]:
    """``rows`` by primary key, in lists of ``size``, or BATCH: a query each, and nothing held open between two.

    Each page begins after the last key of the one before; rows may be changed or deleted meanwhile.
    """
    ordered, last = rows.order_by("pk"), None
    while page := list((ordered if last is None else ordered.filter(pk__gt=last))[: size or BATCH]):
        yield page
        last = page[-1].pk


class OrMore(int):
    """A number at which counting was given up."""

    def __str__(self) -> str:
        # Django groups the characters of this text, whatever they are.
        return str(int(self)) if settings.USE_THOUSAND_SEPARATOR else f"{int(self)}+"


class KeysFirst(Paginator):  # type: ignore[type-arg]  # only the stubs make it generic
    """Pages of an ordered queryset. Keys are skipped, from the nearer end, and only the rows of the page are read.

    To sort and skip whole rows, with what is joined to them, takes MariaDB seconds where there are many. Of more than
    ``most`` rows, there are pages of the first ``most`` alone; None stands for all.
    """

    most: int | None = None

    @cached_property
    def count(self) -> int:
        if self.most is None:
            return super().count
        # The keys alone, without what is annotated.
        rows: Any = self.object_list
        found: int = rows.order_by().values("pk")[: self.most + 1].count()
        return found if found <= self.most else OrMore(self.most)

    @property
    def is_cut(self) -> bool:
        """Whether there are more rows than there are pages of."""
        return isinstance(self.count, OrMore)

    def page(self, number: Any) -> Page[Any]:
        number = self.validate_number(number)
        rows: Any = self.object_list
        first, last = (number - 1) * self.per_page, min(number * self.per_page, self.count)
        keys = rows.values_list("pk", flat=True)
        if first > self.count // 2 and not self.is_cut:
            keys = keys.reverse()
            first, last = self.count - last, self.count - first
        return Page(rows.filter(pk__in=list(keys[first:last])), number, self)
