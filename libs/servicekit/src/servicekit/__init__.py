"""What every Leadwire service is made of: settings, database, HTTP, identity, health."""
