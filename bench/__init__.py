"""Measurements of what has to stay fast: ``make bench``, or ``python -m bench NAME ...`` for some of them.

A module for each kind of work: its ``rows()`` measures, and gives a ``Row`` for each line of the table. Each runs in a
process of its own, on a new database.
"""
