"""First stage: the text of a query becomes its syntax tree, and the tree text again."""
