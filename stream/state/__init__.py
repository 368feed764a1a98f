"""The state of one partition: tickets, sums, and the marker that says where it stands. Pure."""
