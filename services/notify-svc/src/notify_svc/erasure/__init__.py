"""Erasure of persons (I2.27): what mails held of them, and that nothing comes back."""
