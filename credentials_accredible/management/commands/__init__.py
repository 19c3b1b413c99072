"""Commands; all names start with ``accredible_``, because the host's commands win where two have one name."""
