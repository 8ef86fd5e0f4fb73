"""``make demo``: a sample county, its lead hospital's server and the main job."""
