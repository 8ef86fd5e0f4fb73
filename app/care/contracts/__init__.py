"""Family-doctor contracts: teams, packages, signing, renewal, ending, what was served."""
