"""How much will come, and when: conversations, messages or requests, by the quarter hour, hour or day.

``history`` reads what came, ``forecast`` says what to expect and how sure that is, ``forecast_by`` does so
for several series, and ``staffing`` turns it into people. Times are the business's wall clock.
"""

from analytics_lib.models.load_calendar import Calendar, Event, read_events
from analytics_lib.models.load_forecast import forecast, forecast_by
from analytics_lib.models.load_history import history
from analytics_lib.models.load_result import Forecast
from analytics_lib.models.staffing import staffing

__all__ = ["Calendar", "Event", "Forecast", "forecast", "forecast_by", "history", "read_events", "staffing"]
