"""The Residents room: list with find, the basic information form, the resident's page."""
