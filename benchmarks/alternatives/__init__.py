"""What others offer for the same task, each started in a process of its own."""
