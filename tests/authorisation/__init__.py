"""Every operation × every access level × own, foreign and unknown objects."""
