"""Paper: documents that are printed, as pure descriptions; the screen paints them."""
