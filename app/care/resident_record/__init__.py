"""What belongs to a resident beside the form: merging, closing, consents, numbers, tags."""
