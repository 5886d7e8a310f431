"""Read JSON that somebody wrote."""

from __future__ import annotations

import json
from typing import Any

from lineage.errors import InvalidValue


def parse_json(text: str | bytes, what: str) -> Any:
    """Return the value that a text is the JSON of.

    Parameters
    ----------
    text : str or bytes
        What was given.
    what : str
        What it is, for the message: a file's name, or "the body".

    Raises
    ------
    InvalidValue
        It is no JSON, is nested too deeply, or has a number of too many digits.

    Examples
    --------
    >>> parse_json('{"a": [1]}', "the body")
    {'a': [1]}
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise InvalidValue(f"{what} is nested too deeply to be read") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InvalidValue(f"{what} is not JSON: {error}") from None
    except ValueError:
        # Python reads no number of more than some thousand digits.
        raise InvalidValue(f"{what} has a number with too many digits to be read") from None
