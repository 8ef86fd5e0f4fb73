"""What the lead hospital does below: consultations, expert visits, guidance, training."""
