"""What a program and the processes that it starts read and write, seen from outside."""
