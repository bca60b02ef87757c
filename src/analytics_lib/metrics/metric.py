"""What a KPI is: data. Its numerator and denominator over one fact, its words, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["count", "total", "per_hour", "share", "mean", "nps", "quantile", "peak", "slope"]
Better = Literal["higher", "lower", "neither"]
Group = Literal["conversation", "ai", "business", "infrastructure"]


@dataclass(frozen=True)
class Metric:
    """One KPI. ``numerator`` and ``denominator`` are SQL over the columns of a fact (see ``facts``).

    Attributes:
        name: By which it is asked for.
        question: What it answers, in one sentence.
        label: Its name on a page, by language (``es``, ``en``).
        unit: ``share`` (0 to 1), ``seconds``, ``milliseconds``, ``points``, ``score``, ``money`` (the
            currency of the orders or of the rates), or the plural noun that is counted.
        kind: How numerator and denominator make a value, and what its interval is:
            ``count`` and ``total`` are the numerator, counted in full, without an interval;
            ``per_hour`` is the numerator by the hours of the period;
            ``share`` is numerator / denominator, Wilson's interval;
            ``mean`` is numerator / denominator, a bootstrap over users;
            ``nps`` is 100 numerator / denominator, by its variance;
            ``quantile`` is the ``quantile`` of the values that ``numerator`` gives row by row, by Woodruff;
            ``peak`` is the most rows of the fact that overlap, ``slope`` by how much their values grow a
            minute; neither has an interval.
        table: The fact it reads.
        numerator: An aggregate that adds up over users; of a quantile, the value of a row.
        denominator: Likewise; empty where there is none.
        better: Which way is good.
        owner: Who answers for it.
        minimum_n: Below so many rows in the denominator a value is shown, but flagged.
        group: Which family it belongs to.
        source: Where the definition comes from.
        squares: Of a score of rows counted 1, 0 or -1 (``nps``): how many are not 0.
        quantile: Which quantile, 0 to 1, for that kind.
        parameters: Values bound in its SQL.
        without: Tables it can do without; its expressions say what then holds.
        note: What a reader must know to read it rightly.
    """

    name: str
    question: str
    label: Mapping[str, str]
    unit: str
    kind: Kind
    table: str
    numerator: str
    denominator: str = ""
    better: Better = "neither"
    owner: str = "service"
    minimum_n: int = 30
    group: Group = "conversation"
    source: str = "textbook"
    squares: str = ""
    quantile: float = 0.5
    parameters: Mapping[str, object] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    note: str = ""

    @property
    def is_rate(self) -> bool:
        """Whether it has a denominator, and so a value that is null without rows."""
        return self.kind in ("share", "mean", "nps", "quantile")

    def bound(self, **values: object) -> Metric:
        """The same metric with other values of its parameters, such as ``within_days``."""
        return replace(self, parameters={**self.parameters, **values})
