import datetime as dt

import numpy as np
import pandas as pd
import pytest
from conftest import at

from analytics_lib.analysis.timeline import choose_conversation, timeline
from analytics_lib.errors import NotFoundError

DAY = {"since": dt.date(2026, 3, 2), "until": dt.date(2026, 3, 3)}


def minute(number):
    return f"2026-03-02 10:{number:02}"


def told(tell, *said, **more):
    return timeline(tell(("a", minute(0), said, more)), "a")
