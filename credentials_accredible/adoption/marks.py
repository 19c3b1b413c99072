"""Which rows were taken over already, and as what."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db import DatabaseError, transaction

from credentials_accredible.choices import Adopted
from credentials_accredible.database import alias, batches
from credentials_accredible.host import leftovers
from credentials_accredible.models import AdoptedRow


def of(kind: Adopted, builtin_id: int) -> AdoptedRow | None:
    """The mark of that row of the built-in integration."""
    return AdoptedRow.objects.filter(kind=kind, builtin_id=builtin_id).first()


def known(kind: Adopted, builtin_ids: Iterable[int]) -> dict[int, AdoptedRow]:
    """The marks that there are of these rows, by their primary keys there."""
    found: dict[int, AdoptedRow] = {}
    for batch in batches(builtin_ids):
        found |= {row.builtin_id: row for row in AdoptedRow.objects.filter(kind=kind, builtin_id__in=batch)}
    return found


def put(
    kind: Adopted, builtin_id: int, own_id: int, *, made: bool, above: AdoptedRow | None, **before: Any
) -> AdoptedRow:
    """Mark one row."""
    return AdoptedRow.objects.create(
        kind=kind, builtin_id=builtin_id, own_id=own_id, made=made, above=above, before=before
    )


def put_all(kind: Adopted, rows: Mapping[int, int], made: Collection[int], above: AdoptedRow) -> None:
    """Mark ``rows``, own primary keys by those there; ``made`` are the own ones that were made for them."""
    AdoptedRow.objects.bulk_create(
        (
            AdoptedRow(kind=kind, builtin_id=builtin_id, own_id=own_id, made=own_id in made, above=above)
            for builtin_id, own_id in rows.items()
        ),
        batch_size=500,
    )


def left_in_builtin() -> leftovers.Leftovers | None:
    """What the built-in integration has and nobody has taken over; None where that is nothing."""
    left = leftovers.left_in_builtin()
    if left is None:
        return None
    rows = AdoptedRow.objects.filter(kind=Adopted.CONFIG)
    try:
        # A savepoint, as there; and nothing was taken over yet where the table is still to be made.
        with transaction.atomic(using=alias()):
            taken = set(rows.values_list("builtin_id", flat=True))
    except DatabaseError:
        return left
    return leftovers.left_in_builtin(taken)
