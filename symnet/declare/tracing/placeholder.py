"""Numbers that a report will show after training."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Placeholder:
    """Stands in a declared string for an entry of a parameter; printed as ``{name}`` or ``{name[0, 1]}``.

    The private marks around it let the loader find it after the person's own f-string has run.
    """

    name: str
    place: tuple[int, ...]

    def __str__(self) -> str:
        return f"\x02{self.name}|{','.join(map(str, self.place))}\x03"

    def __format__(self, _spec: str) -> str:
        return str(self)

    def item(self) -> Placeholder:
        return self
