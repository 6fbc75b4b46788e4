"""Cases: a rule is tried on a made-up stretch of readings, in virtual time, before it wakes anyone."""
