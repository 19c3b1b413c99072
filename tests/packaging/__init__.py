"""The distribution as operators install it."""
