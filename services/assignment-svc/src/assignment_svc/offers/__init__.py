"""Written confirmation (A3.14): an offer is sent, and the sale is one when it is accepted in writing."""
