"""The page: HTML, styles and scripts, and what they ask for beside the API."""
