"""What is known of one ticket and of one partition of tickets. Pure."""
