"""The annual health check on the screen: one page in paper order, and the list of the year."""
