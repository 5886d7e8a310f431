"""Define what a backend must do: store and traverse. It knows no rule of the domain.

A backend gives readers and writers. A reader sees one consistent state; a writer is a transaction
that commits whole or leaves nothing. The session above decides *what* to write (types are checked,
values validated, references resolved to keys) and hands it over as one `Batch`.
"""
