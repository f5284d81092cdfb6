"""What a recipient wishes (N5.8): quiet hours in its zone, and mails gathered in a digest."""
