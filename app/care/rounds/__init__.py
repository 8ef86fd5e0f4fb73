"""Work by village and by doctor, printed lists for a village round, and their entry."""
