"""Files of a record on the screen: the strip of small pictures, adding, looking, saving a copy."""
