"""Updates of the program from a file: what a package is, and where versions lie side by side."""
