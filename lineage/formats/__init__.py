"""What other tools know, brought in and given out."""
