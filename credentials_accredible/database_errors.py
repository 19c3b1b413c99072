"""What errors of the database mean: it is away, it is busy, or it refuses what it was asked for."""

from __future__ import annotations

import logging
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError
from django.utils.translation import gettext as _

from credentials_accredible.exceptions import GroupsBusy

log = logging.getLogger(__name__)

# What servers say that are going down, not up yet, full, or read-only after a fail-over; MySQL and MariaDB by number,
# PostgreSQL by SQLSTATE. SQLite: no input and output, a file that cannot be opened, or only be read.
_AWAY_MYSQL = {1040, 1042, 1043, 1047, 1053, 1077, 1078, 1079, 1152, 1158, 1159, 1160, 1161, 1184, 1203, 1290}
_AWAY_MYSQL |= {1792, 1836, 1927, 2002, 2003, 2005, 2006, 2012, 2013, 2055, 3032, 4031}
_AWAY_POSTGRESQL = {"25006", "53300", "57P01", "57P02", "57P03", "57P05"}
_AWAY_SQLITE = {8, 10, 14}
# And of locks, time-outs and deadlocks, by the same numbers; of what is there already, too.
_BUSY = {1020, 1205, 1213, 1969, 3024, 3572, "40001", "40P01", "55P03", "57014", 5, 6}
_THERE_ALREADY = {1062, 1586, "23505", 1555, 2067}


def is_away(error: BaseException) -> bool:
    """Whether ``error`` says that the database cannot be reached or written at present, whatever is asked of it."""
    if not isinstance(error, (DatabaseError, InterfaceError)):
        return False
    cause: Any = error.__cause__ or error
    code = _code(cause)
    if hasattr(cause, "sqlstate") or hasattr(cause, "pgcode"):
        lost = code is None and isinstance(error, (OperationalError, InterfaceError))
        return lost or (code is not None and (code in _AWAY_POSTGRESQL or code.startswith("08")))
    if hasattr(cause, "sqlite_errorcode"):
        return code & 0xFF in _AWAY_SQLITE
    # mysqlclient says so of a connection that it has closed.
    return code in _AWAY_MYSQL or (code == 0 and isinstance(error, InterfaceError))


def is_busy(error: BaseException) -> bool:
    """Whether ``error`` says that others stood in the way: a lock that was waited for too long, a deadlock."""
    if isinstance(error, GroupsBusy):
        return True
    cause: Any = error.__cause__ or error
    code = _code(cause)
    return (code & 0xFF if hasattr(cause, "sqlite_errorcode") else code) in _BUSY


def why_not_stored(error: BaseException) -> str:
    """Why the database did not take a change, in a sentence for people; what is not for want of time is logged."""
    if isinstance(error, GroupsBusy):
        return str(error)
    if is_busy(error):
        return _("The database is busy: try again.")
    log.error("change_not_stored error=%s", type(error).__name__, exc_info=error)
    if is_away(error):
        return _("The database cannot be reached, or not be written, at present: try again later.")
    if _code(error.__cause__ or error) in _THERE_ALREADY:
        # Databases differ in what they take for the same text: letter case, accents.
        return _("The database has something like this already.")
    return _("The database refused it: the log of this service says why.")


def _code(cause: Any) -> Any:
    """What a driver's error has from its database: a SQLSTATE, SQLite's extended code, or MySQL's number."""
    for name in ("sqlstate", "pgcode", "sqlite_errorcode"):
        if getattr(cause, name, None) is not None:
            return getattr(cause, name)
    return None if hasattr(cause, "sqlstate") or hasattr(cause, "pgcode") else next(iter(cause.args), None)
