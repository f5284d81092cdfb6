"""Dead letters of a service for its operators (O7.3): the same over HTTP and on the command line."""
