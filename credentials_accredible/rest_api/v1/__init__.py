"""Version 1: paths, fields and codes stay as they are; what is added can be ignored."""
