"""Management outcome (转归): whether a chronic disease goes on being managed, and why not."""
