"""What was changed, by whom and when: the history of what is configured, and what syncs did to groups."""
