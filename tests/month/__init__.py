"""A month of a consortium: four programs, one server, links that are up a third of the time.

The plan of the month is a table (``plan``). ``truth`` plays it without the program: what each house
knows, what the server holds, what is overdue. ``test_month`` plays it through the widgets of four
real programs and compares after every day, and everything at the end.
"""
