"""The claim: one statement for everybody who asks at the moment."""
