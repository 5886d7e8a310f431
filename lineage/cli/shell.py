"""A session of queries: what its lines do, and the prompt around it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lineage.cli.output import echo, print_fields, print_table, to_one_line
from lineage.cli.query_output import (
    FORMATS,
    expand_saved,
    parse_parameter,
    print_hints,
    print_result,
    run_until_stopped,
)
from lineage.cli.statements import is_whole, statements
from lineage.errors import InvalidValue, LineageError, Unsupported

if TYPE_CHECKING:
    from lineage import Store
    from lineage.queries.ad_hoc import Vocabulary

_HELP = (
    ("a query;", "asks it; it may have many lines, and ends with a semicolon"),
    ("@NAME;", "asks a kept query"),
    ("EXPLAIN, PROFILE", "before a query: how it would be answered; how it was"),
    (":schema", "labels, relationship types and properties that there are"),
    (":params", "the parameters; `:params NAME VALUE` sets one, `:params clear` forgets all"),
    (":save NAME", "keeps the last query under a name"),
    (":queries", "the kept queries"),
    (":format F", ", ".join(FORMATS[:-1])),
    (":limit N", "the most rows; 0 for all"),
    (":timeout S", "seconds after which a query is stopped; 0 for never"),
    (":help", "this"),
    (":quit", "ends the session, as Ctrl-D does; Ctrl-C stops a query"),
)
COMMANDS = tuple(line[0].partition(" ")[0] for line in _HELP if line[0].startswith(":"))
_KEYWORDS = (
    "MATCH", "OPTIONAL MATCH", "WHERE", "RETURN", "WITH", "UNWIND", "ORDER BY", "SKIP", "LIMIT",
    "DISTINCT", "UNION", "CALL", "AND", "OR", "NOT", "IN", "STARTS WITH", "ENDS WITH", "CONTAINS",
    "IS NULL", "IS NOT NULL", "CASE", "WHEN", "THEN", "ELSE", "END", "EXISTS", "COUNT", "EXPLAIN",
    "PROFILE", "SHORTEST", "shortestPath", "count(", "collect(", "DESC",
)  # fmt: skip


class Session:
    """What is typed, done; the same with a terminal and without."""

    def __init__(
        self, store: Store, *, limit: int = 100, timeout: float = 60.0, folder: Path | None = None
    ) -> None:
        self.store = store
        self.limit = limit
        self.timeout = timeout
        self.format = "table"
        self.params: dict[str, Any] = {}
        self._folder = folder
        self._last: str | None = None
        self._vocabulary: Vocabulary | None = None

    @property
    def vocabulary(self) -> Vocabulary:
        """The words that the store's graph uses, as of the first time they were needed."""
        if self._vocabulary is None:
            self._vocabulary = self.store.vocabulary()
        return self._vocabulary

    def do(self, text: str) -> bool:
        """Do what was typed; False where it was wrong. Raises EOFError to end the session."""
        text = text.strip()
        if not text or text == ";":
            return True
        try:
            if text.startswith(":"):
                self._command(text.rstrip(";").strip())
            else:
                self._ask(text.rstrip(";").strip())
        except LineageError as error:
            echo(f"lineage: {error}", file=sys.stderr)
            return False
        except KeyboardInterrupt:
            echo("\nstopped", file=sys.stderr)
            return False
        return True

    def _ask(self, text: str) -> None:
        text = expand_saved(self.store, text, self._folder)
        self._last = text
        with run_until_stopped(self.format):
            result = self.store.query(
                text, self.params, limit=self.limit or None, timeout=self.timeout or None
            )
            print_result(result, self.format)
            print_hints(self.store, text, result, self.format)

    def _command(self, text: str) -> None:
        name, _, rest = text.partition(" ")
        rest = rest.strip()
        commands: dict[str, Callable[[str], None]] = {
            ":schema": self._schema,
            ":params": self._params,
            ":param": self._params,
            ":save": self._save,
            ":queries": self._queries,
            ":format": self._set_format,
            ":limit": self._set_limit,
            ":timeout": self._set_timeout,
            ":help": lambda rest: print_fields(_HELP),
            ":quit": _quit,
            ":exit": _quit,
        }
        if name not in commands:
            raise InvalidValue(f"there is no {name}; :help tells what there is")
        commands[name](rest)

    def _schema(self, rest: str) -> None:
        self._vocabulary = None
        words = self.vocabulary
        print_fields(
            [
                ("labels", " ".join(words.labels)),
                ("relationships", " ".join(words.relationships)),
                ("properties", " ".join(words.properties)),
            ]
        )

    def _params(self, rest: str) -> None:
        if rest == "clear":
            self.params.clear()
        elif rest:
            name, _, value = rest.partition(" ")
            if not value.strip():
                raise InvalidValue(f"say what ${name} is: :params {name} VALUE")
            self.params[name.removeprefix("$")] = parse_parameter(value.strip())
        else:
            rows = [(f"${name}", to_one_line(value)) for name, value in self.params.items()]
            print_table(("parameter", "value"), rows, empty="no parameters")

    def _save(self, rest: str) -> None:
        if not rest:
            raise InvalidValue("say under which name: :save NAME")
        if self._last is None:
            raise InvalidValue("there is no query to keep yet")
        self.store.save_query(rest, self._last)
        echo(f"Kept; @{rest}; asks it.")

    def _queries(self, rest: str) -> None:
        kept = self.store.saved_queries().items()
        rows = [(name, " ".join(text.split())) for name, text in kept]
        print_table(("name", "query"), rows, empty="no queries are kept")

    def _set_format(self, rest: str) -> None:
        if rest not in FORMATS[:-1]:
            raise InvalidValue(f"the format can be {', '.join(FORMATS[:-1])}")
        self.format = rest

    def _set_limit(self, rest: str) -> None:
        if not rest.isdecimal():
            raise InvalidValue("the limit is a number of rows, 0 for all")
        self.limit = int(rest)

    def _set_timeout(self, rest: str) -> None:
        try:
            seconds = float(rest)
        except ValueError:
            seconds = -1.0
        if not 0 <= seconds < 10**9:
            raise InvalidValue("the timeout is a number of seconds, 0 for never")
        self.timeout = seconds


def run(session: Session) -> bool:
    """Read and do until the end; False where something was wrong, without a terminal."""
    if sys.stdin.isatty():
        _converse(session)
        return True
    good = True
    try:
        for text in statements(sys.stdin):
            good = session.do(text) and good
    except EOFError:
        pass
    return good


def completions(session: Session, before: str) -> tuple[str, list[str]]:
    """What may stand at the end of `before`: the part of a word that is there, and words for it."""
    start = len(before)
    while start and (before[start - 1].isalnum() or before[start - 1] in "_"):
        start -= 1
    word, sign = before[start:], before[start - 1 : start]
    line = before.rpartition("\n")[2].lstrip()
    if line.startswith(":") and " " not in line:
        return line, [c for c in COMMANDS if c.startswith(line)]
    words = session.vocabulary
    if sign == ":" or (sign == "|" and _inside(before, "[")):
        among = words.relationships if _inside(before, "[") else words.labels
    elif sign == ".":
        among = words.properties
    elif sign == "$":
        among = tuple(session.params)
    elif sign == "@":
        among = tuple(session.store.saved_queries())
    else:
        folded = word.lower()
        return word, [k for k in _KEYWORDS if word and k.lower().startswith(folded)]
    return word, [w for w in among if w.lower().startswith(word.lower())]


def _inside(text: str, bracket: str) -> bool:
    return text.rfind(bracket) > max(text.rfind("]"), text.rfind("("))


def _converse(session: Session) -> None:
    try:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.completion import CompleteEvent, Completer, Completion
        from prompt_toolkit.document import Document
        from prompt_toolkit.filters import Condition
        from prompt_toolkit.history import FileHistory
        from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
    except ModuleNotFoundError:
        raise Unsupported(
            "the shell needs prompt_toolkit: pip install 'lineage-engine[shell]'"
        ) from None

    class Words(Completer):
        def get_completions(
            self, document: Document, complete_event: CompleteEvent
        ) -> Iterator[Completion]:
            word, found = completions(session, document.text_before_cursor)
            for text in found:
                yield Completion(text, start_position=-len(word))

    keys = KeyBindings()

    @keys.add("enter", filter=Condition(lambda: not is_whole(prompt.default_buffer.text)))
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    prompt: PromptSession[str] = PromptSession(
        history=FileHistory(str(_history())),
        completer=Words(),
        complete_while_typing=False,
        multiline=True,
        key_bindings=keys,
        prompt_continuation="      -> ",
    )

    @keys.add("enter", filter=Condition(lambda: is_whole(prompt.default_buffer.text)))
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    echo(f"{session.store.url}  :help tells what there is, :quit ends.")
    while True:
        try:
            for text in statements([prompt.prompt("lineage> ")]):
                session.do(text)
        except KeyboardInterrupt:
            continue
        except EOFError:
            return


def _history() -> Path:
    """Where earlier queries are remembered, for this user alone."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    folder = Path(base) / "lineage"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / "history"
    path.touch(mode=0o600)
    return path


def _quit(rest: str) -> None:
    raise EOFError
