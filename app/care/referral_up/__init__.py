"""What a letter begins with when it is opened from an assessment, a session or another letter."""
