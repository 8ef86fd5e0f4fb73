"""A simulated county: is what the sync module promises true, whatever happens?

Real: the encrypted stores, the use-cases, the courier, the server's application, the courier file.
Simulated: clocks (``timeline``), the link (``link``), power and disks (``machines``). A courier
stands still at each of its requests, so anything can happen between two of them. ``world`` knows
every step, ``work`` what the staff do, ``stick`` the USB stick; ``model`` keeps by itself what was
saved by whom, and ``checks`` (every step) and ``quiet`` (once all is at rest) compare.

``breaking`` breaks one promise after the other on purpose; ``test_controls`` sees them caught.
``test_machine`` is the short run under Hypothesis, ``soak`` the long one (``make soak``); what was
found is kept as its few steps in ``test_regressions``.
"""
