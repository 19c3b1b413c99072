"""Files that carry configuration between installations."""
