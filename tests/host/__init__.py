"""The plugin in the real Credentials service; see docs/development.rst for how to run it."""
