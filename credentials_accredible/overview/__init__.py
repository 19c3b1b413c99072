"""How things stand, and what needs a person: read from what the plugin keeps. Accredible is not asked."""
