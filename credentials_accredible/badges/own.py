"""A learner's own badges, as they are told of them. Nothing here knows an API key, or asks Accredible."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from credentials_accredible.choices import NO_END, BadgeState, BadgeStatus, OwnStanding
from credentials_accredible.models import AccredibleBadge

_WEB = ("https://", "http://")
# As LinkedIn documents it: https://addtoprofile.linkedin.com/
_LINKEDIN = "https://www.linkedin.com/profile/add"


@dataclass(frozen=True)
class OwnBadge:
    """A badge without what concerns its delivery; of a group that is gone, description and picture are None.

    ``valid_until`` is its last day, None where there is none, or where nobody knows. ``url`` is empty while nobody can
    see it at Accredible.
    """

    uuid: UUID
    name: str
    description: str | None
    icon_url: str | None
    status: str
    standing: OwnStanding
    url: str
    issued_on: date | None
    expired_on: date | None
    valid_until: date | None
    created: datetime
    issuer: str
    credential_id: str

    @property
    def earned_on(self) -> date:
        """The day it was issued, or else decided."""
        return self.issued_on or timezone.localdate(self.created)

    @property
    def picture(self) -> str:
        """The picture's address, as far as a page may show it: nobody on the way can see it, or give another one."""
        return self.icon_url if self.icon_url and self.icon_url.startswith("https://") else ""

    @property
    def linkedin_url(self) -> str:
        """Where LinkedIn offers to add it to the profile; empty unless it is valid, and to be seen at Accredible."""
        if self.standing != OwnStanding.EARNED or not self.url:
            return ""
        said = {
            "name": self.name,
            "organizationName": self.issuer,
            "issueYear": self.earned_on.year,
            "issueMonth": self.earned_on.month,
            "expirationYear": self.valid_until and self.valid_until.year,
            "expirationMonth": self.valid_until and self.valid_until.month,
            "certUrl": self.url,
            "certId": self.credential_id,
        }
        known = {name: value for name, value in said.items() if value}
        return f"{_LINKEDIN}?{urlencode({'startTask': 'CERTIFICATION_NAME', **known})}"


def own_badges(user: Any) -> QuerySet[AccredibleBadge]:
    """The badges of that user, the newest first; nobody's for one who is not logged in."""
    badges = AccredibleBadge.objects.select_related("group", "api_config")
    # Badges of learners who have left have no user.
    own = badges.none() if user.pk is None else badges.filter(user=user.pk)
    return own.defer("api_config__api_key").order_by("-pk")


def as_learner_sees(badge: AccredibleBadge) -> OwnBadge:
    """What its learner is told of a badge."""
    group, config = badge.group, badge.api_config
    published = badge.status == BadgeStatus.AWARDED and badge.state == BadgeState.ACCEPTED
    return OwnBadge(
        uuid=badge.uuid,
        name=badge.group_name,
        description=group.description if group else None,
        icon_url=web_link(group.icon_url) if group else None,
        status=badge.status,
        standing=_standing(badge),
        url=web_link(badge.url) if published else "",
        issued_on=badge.issued_on,
        expired_on=badge.expired_on,
        valid_until=None if badge.valid_until == NO_END else badge.valid_until,
        created=badge.created,
        issuer=config.issuer_name if config else "",
        credential_id=badge.external_id,
    )


def web_link(address: str) -> str:
    """An address as the provider gave it; empty where no browser should follow it."""
    return address if address.startswith(_WEB) else ""


def _standing(badge: AccredibleBadge) -> OwnStanding:
    if badge.status == BadgeStatus.REVOKED:
        return OwnStanding.TAKEN_BACK
    if badge.valid_until and badge.valid_until < timezone.localdate():
        return OwnStanding.EXPIRED
    return OwnStanding.EARNED if badge.state == BadgeState.ACCEPTED else OwnStanding.PENDING
