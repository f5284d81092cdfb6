"""What buyers that run Leadwire themselves send back (I2.24)."""
