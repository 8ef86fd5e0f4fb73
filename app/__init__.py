"""Township Care (医养通): care records, follow-up and referral that work without a network."""

__version__ = "0.1.0"
