"""What is wrong with one piece of SQL, told so that its author can put it right."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One finding.

    Attributes:
        rule: Name of the rule that was broken.
        found: The SQL or the name it was broken by.
        why: What goes wrong with it.
        instead: What to write instead.
        line: Line in the file; without a file, in the SQL, from 1.
        file: The file, as given to the search; empty for SQL handed over as text.
        name: The constant that holds the SQL; empty outside of one.
    """

    rule: str
    found: str
    why: str
    instead: str
    line: int = 1
    file: str = ""
    name: str = ""

    def __str__(self) -> str:
        place = (
            f"{self.file}:{self.line} {self.name or '(no constant)'}: "
            if self.file
            else f"line {self.line}: "
        )
        return f"{place}{self.rule}: `{self.found}`: {self.why}. Write instead: {self.instead}."
