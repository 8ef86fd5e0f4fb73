"""The keystroke-level model: how long a practised person needs for a routine job, without errors.

Source: Card, Moran and Newell, "The keystroke-level model for user performance time with
interactive systems", Communications of the ACM 23 (1980) 396-410; The Psychology of
Human-Computer Interaction (1983), ch. 8. K is their average non-secretary typist (40 words a
minute), slower than the 0.20 s of an average skilled one; a held Ctrl is a key of its own. M
stands before each chunk that is not anticipated. The mouse (P, H) is not used; the program's
answer (R) takes under 0.1 s and is not waited for.
"""

from __future__ import annotations

KEY = 0.28
MENTAL = 1.35


def seconds(keys: int, thoughts: int) -> float:
    """Time of ``keys`` key strokes and ``thoughts`` mental preparations."""
    return keys * KEY + thoughts * MENTAL
