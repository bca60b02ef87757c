"""Whether a prediction can be trusted: measured on later rows, beside what is simple, with suspicion."""

from analytics_lib.models.validation_alarms import Alarm, alarm_frame, alarms
from analytics_lib.models.validation_baselines import baselines
from analytics_lib.models.validation_choices import choices, costs_there, is_by_formula, place_of
from analytics_lib.models.validation_compare import compare_models, compare_splits
from analytics_lib.models.validation_curves import calibration_curve, lift_by_decile
from analytics_lib.models.validation_decisions import NEVER, costs_at, least_cost_threshold
from analytics_lib.models.validation_measures import average_precision, roc_auc
from analytics_lib.models.validation_scores import evaluate, evaluate_classes
from analytics_lib.models.validation_splits import Sides, Split, cutoffs, split_time, split_users, splits
from analytics_lib.models.validation_trainable import Obstacle, check_trainable, obstacle
from analytics_lib.models.validation_warning import Warnings, warning_horizon, warning_horizons

__all__ = [
    "NEVER",
    "Alarm",
    "Obstacle",
    "Sides",
    "Split",
    "Warnings",
    "alarm_frame",
    "alarms",
    "average_precision",
    "baselines",
    "calibration_curve",
    "check_trainable",
    "choices",
    "compare_models",
    "compare_splits",
    "costs_at",
    "costs_there",
    "cutoffs",
    "evaluate",
    "evaluate_classes",
    "is_by_formula",
    "least_cost_threshold",
    "lift_by_decile",
    "obstacle",
    "place_of",
    "roc_auc",
    "split_time",
    "split_users",
    "splits",
    "warning_horizon",
    "warning_horizons",
]
