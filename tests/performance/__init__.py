"""`make bench`: what the platform costs, as ratios against limits that are measured in the same run."""
