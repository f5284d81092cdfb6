"""Every operation by every access level by own, foreign and unknown objects."""
