"""Filter expressions: which nodes are meant.

`parsing` reads ML Metadata's filter_query (a boolean SQL expression) into the predicate of `tree`,
`short` the command line's shorter form; `evaluation` decides it for a node in memory. Backends
compile the same tree into their own language.

Meaning, on every backend alike:

- A predicate holds for a node if there is a choice of one neighbour for each alias (`contexts_a`)
  for which the whole expression is true. The same alias is the same neighbour throughout.
- Logic has three values: what compares to NULL is unknown, and unknown is not true. A property
  that is absent, or is of another kind than asked for, is NULL; so is NaN.
- Ints and doubles compare by value, exactly; arithmetic is in doubles, and what it can't answer
  (a division by zero, inf - inf) is NULL. Strings compare by code points, case counting.
- In LIKE, `%` is any text, `_` any one character, a backslash before a character that character.
  ILIKE lets ASCII case not count.
- The state UNKNOWN is a state that nobody gave: `state IS NULL` is `state = UNKNOWN`.
"""
