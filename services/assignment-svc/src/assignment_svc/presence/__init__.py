"""Who is there: any request of an agent says so."""
