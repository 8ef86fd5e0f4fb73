"""Taking a patient over again: what is due then, the first visit, the draft plan, the closing."""
