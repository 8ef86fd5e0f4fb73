"""Reports: the indicators of a period and the people behind every number."""
