"""Sample data: invented people for trying out, tests and benchmarks. Never real, always marked."""
