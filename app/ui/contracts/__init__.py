"""The contracts room: lists, one contract, the form, teams and packages."""
