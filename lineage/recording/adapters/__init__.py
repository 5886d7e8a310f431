"""What `autolog` does to each library."""
