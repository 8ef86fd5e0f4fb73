"""The acceptance test of a FHIR R4 server: what the courier relies on, clause by clause.

A hospital's engineers run it (``python -m app contract --server URL``) against the server
that is to hold the consortium's records. It speaks real HTTP, writes records that are marked
as test data, and says for each clause whether it is kept, and if not, what to change.
"""
