"""The chronic-care room: who is due, and the follow-up form."""
