"""Key performance indicators: one file each, found by the registry. Pure."""
