"""What each KPI means, and how any of them is measured."""

from analytics_lib.metrics.catalog import CATALOG
from analytics_lib.metrics.health_score import HealthScore, health_score
from analytics_lib.metrics.measure import measure, measure_all
from analytics_lib.metrics.metric import Metric

__all__ = ["CATALOG", "HealthScore", "Metric", "health_score", "measure", "measure_all"]
