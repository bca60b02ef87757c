"""What buyers are worth: who is still one, how often they will order, how much they will spend.

One row per buyer by ``summarize``, three models fitted to it, and what follows (see ``lifetime_value``).
Spend is left apart from frequency, an assumption that is looked at (``dependence``); a model is held to
orders that it has not seen (``lifetime_holdout``) before anybody reads its predictions.
"""

from analytics_lib.models.lifetime_orders import left_out, summarize
from analytics_lib.models.lifetime_repeat import RepeatModel, fit_bg_nbd, fit_mbg_nbd
from analytics_lib.models.lifetime_spend import Dependence, SpendModel, dependence, fit_gamma_gamma

__all__ = [
    "Dependence",
    "RepeatModel",
    "SpendModel",
    "dependence",
    "fit_bg_nbd",
    "fit_gamma_gamma",
    "fit_mbg_nbd",
    "left_out",
    "summarize",
]
