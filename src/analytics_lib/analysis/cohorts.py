"""Cohorts: of the users who first came in a period, who came back, what they are worth, which of them differ.

The questions, each in a module of its own:

- ``retention``, ``brackets``, ``pooled``: the share active again by age (``cohort_retention``);
- ``revenue``: what a user of a cohort has brought by age (``cohort_revenue``);
- ``lifecycle``, ``stickiness``, ``usage_interval``: who comes and goes, on how many days, how often they
  return (``cohort_lifecycle``);
- ``metric_by_age``: any ratio or quantile of the catalogue by cohort and age (``cohort_metrics``);
- ``compare``: each cohort against the rest, mix and behaviour apart (``cohort_comparison``).

What counts as activity is said in ``cohort_presence``, what tells cohorts apart in ``cohort_groups``. A
pooled curve can rise though nobody came back: the older the age, the fewer cohorts are in it.
"""

from analytics_lib.analysis.cohort_comparison import compare
from analytics_lib.analysis.cohort_groups import DIMENSIONS, Condition
from analytics_lib.analysis.cohort_lifecycle import lifecycle, stickiness, usage_interval
from analytics_lib.analysis.cohort_metrics import metric_by_age
from analytics_lib.analysis.cohort_retention import brackets, pooled, retention
from analytics_lib.analysis.cohort_revenue import revenue

__all__ = [
    "DIMENSIONS",
    "Condition",
    "brackets",
    "compare",
    "lifecycle",
    "metric_by_age",
    "pooled",
    "retention",
    "revenue",
    "stickiness",
    "usage_interval",
]
