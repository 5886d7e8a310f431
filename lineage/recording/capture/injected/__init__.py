"""The folder that is put on the path of the interpreters that a recorded program starts.

Its modules run inside somebody else's program, perhaps on another Python and without this package:
they import the standard library only, and as little of it as they can.
"""
