"""After a try whose outcome is not known: looks whether the badge is at Accredible, before anything is sent again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from credentials_accredible.badges.delivery.issuing import Results, issued
from credentials_accredible.badges.delivery.results import Result
from credentials_accredible.choices import BadgeAction, BadgeState, BadgeStatus
from credentials_accredible.client import AccredibleClient
from credentials_accredible.exceptions import NotFound, RequestFailed
from credentials_accredible.models import AccredibleBadge


def search(
    client: AccredibleClient, badges: Sequence[AccredibleBadge], go_on: Callable[[], bool]
) -> tuple[Results, list[AccredibleBadge]]:
    """Look for ``badges`` by our own ids; returns what was found out, and those that still have to be issued.

    What is there is adopted. The search of many comes first; one that it does not find is asked for by itself, because
    a search index can lag behind. What is in neither was not looked for, because Accredible gave no answer, or because
    ``go_on``, which is asked before each request, said no.
    """
    results: Results = {}
    absent: list[AccredibleBadge] = []
    try:
        found = client.find_credentials([str(badge.uuid) for badge in badges])
    except RequestFailed as error:
        return {badge: Result(BadgeAction.SEARCH, error=error) for badge in badges}, []
    for badge in badges:
        if not go_on():
            break
        own_id = str(badge.uuid)
        try:
            # The address that learners get is not in the results of a search.
            results[badge] = issued(client.credential(found[own_id].id if own_id in found else own_id),
                                    action=BadgeAction.ADOPT)  # fmt: skip
        except NotFound:
            if badge.status == BadgeStatus.AWARDED:
                absent.append(badge)
            else:
                results[badge] = Result(
                    BadgeAction.SEARCH, {"state": BadgeState.CREATED}, detail="Not at Accredible: nothing to revoke."
                )
        except RequestFailed as error:
            results[badge] = Result(BadgeAction.SEARCH, error=error)
            break
    return results, absent
