"""A Tutor plugin: runs this package in the Credentials service that Tutor operates.

It is loaded by Tutor, in Tutor's own virtualenv, and imports nothing else of this package; nothing else imports it.
"""
