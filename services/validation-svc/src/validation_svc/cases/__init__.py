"""Cases: held leads that wait for a validator's verdict."""
