"""What a group asks of learners: requirements, data rules and penalties, checked, indexed and held against events."""
