"""Tiny notebooks, written as text."""

import datetime as dt
import json

NOON = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
RECORD = "from analytics_lib.runs import record_results\nrecord_results(answer=42)"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def markdown(source):
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def code(source, *tags):
    return {
        "cell_type": "code",
        "metadata": {"tags": list(tags)},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def write_notebook(path, *cells):
    """A notebook of these cells; a text is a code cell."""
    cells = [code(cell) if isinstance(cell, str) else cell for cell in cells]
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}))
    return path


FULL = (
    markdown("""# Conversaciones & más

**Question:** How many?

**Reader:** the shop

[x](javascript:alert(3)) $\\href{javascript:alert(4)}{x}$ <script>alert(5)</script>"""),
    code(
        """since: "date" = "2026-01-01"  # first day
until: "date" = "2026-02-01"
note: str = ""
channel: str | None = None""",
        "parameters",
    ),
    """import json, os, sys
import pandas as pd
import plotly.graph_objects as go
from IPython.display import HTML, Markdown, display
from analytics_lib.runs import artifact_path, record_results""",
    "display(Markdown('**27 %** of the 74 users came back.'))",
    """figure = go.Figure(go.Bar(x=['a', 'b'], y=[1, 2], name=note))
figure.update_layout(title=note + '<a href="https://example.com">go</a>', width=2000)
figure.show()""",
    "pd.DataFrame({'text': [note, 'hola'], 'users': [74, 1200]})",
    """display(HTML(note + '<b data-commandlinker-command="x" onclick="alert(6)">bold</b>'
  '<svg onload=alert(7)></svg><a href="javascript:alert(8)">link</a>'))
print(note)
print('\\x1b[31mred\\x1b[0m', file=sys.stderr)""",
    """artifact_path('table.csv').write_text('a,b')
versions = json.loads(os.environ['ANALYTICS_STORE_VERSIONS'])
record_results(note=note, channel=channel, versions=versions, users=pd.Series([1, 2]).sum(),
               since=pd.Timestamp(since), undefined=float('nan'))""",
)
