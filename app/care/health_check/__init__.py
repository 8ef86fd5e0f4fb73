"""The annual health check (体检): its form, its rules, its records."""
