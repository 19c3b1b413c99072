"""A stand-in for the learner records of the real service."""
