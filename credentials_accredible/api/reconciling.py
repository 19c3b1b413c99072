"""Comparing badges with what Accredible has of them."""

from __future__ import annotations

from collections.abc import Collection

from credentials_accredible.badges.delivery import engines, reconciling
from credentials_accredible.badges.delivery.reconciling import Reconciliation
from credentials_accredible.choices import Difference, Repair
from credentials_accredible.models import AccredibleAPIConfig


def reconcile(
    config: AccredibleAPIConfig,
    *,
    repairs: Collection[Difference] = (),
    ignore: Collection[Difference] = (),
    dry_run: bool = False,
) -> Reconciliation:
    """Compare the badges of ``config`` with Accredible's credentials, and repair; hands over what has become due.

    See ``badges.delivery.reconciling.reconcile``.
    """
    result = reconciling.reconcile(config, repairs=repairs, ignore=ignore, dry_run=dry_run)
    if any(finding.repair == Repair.DONE for finding in result.findings):
        engines.hand_over_due(config)
    return result
