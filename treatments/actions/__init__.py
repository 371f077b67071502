"""What people do here that writes several things together: a verb each, one transaction each."""
