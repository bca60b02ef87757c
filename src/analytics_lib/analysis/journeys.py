"""Journeys: what users do one after the other. The questions on them, in one place.

A journey is everything one unit does within the window, in the order (occurred_at, event_id); a unit is a
conversation, a user or a session. ``journey_events`` says what that means at the edges.
"""

from analytics_lib.analysis.journey_differences import differences
from analytics_lib.analysis.journey_loops import loops
from analytics_lib.analysis.journey_paths import common_paths, end_events, start_events
from analytics_lib.analysis.journey_sessions import sessions
from analytics_lib.analysis.journey_steps import step_matrix
from analytics_lib.analysis.journey_transitions import transitions
from analytics_lib.analysis.user_journey import UserJourney, user_journey
from analytics_lib.analysis.what_if import WhatIf, what_if

__all__ = [
    "UserJourney",
    "WhatIf",
    "common_paths",
    "differences",
    "end_events",
    "loops",
    "sessions",
    "start_events",
    "step_matrix",
    "transitions",
    "user_journey",
    "what_if",
]
