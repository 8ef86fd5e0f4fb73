"""Printing: pages laid out in millimetres, painted alike on the screen, in a PDF and on paper."""
