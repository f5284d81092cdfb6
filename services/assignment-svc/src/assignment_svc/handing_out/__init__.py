"""Rules of a campaign: how its leads are given to agents, how fast they are to be called, when they are available."""
