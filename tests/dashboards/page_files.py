"""A small project of pages: notebooks with tags, parameters, and runs of them as a runner leaves them."""

import ast
import json
from pathlib import Path

import plotly.graph_objects as go
import yaml

from analytics_lib.charts.pages import narrate
from analytics_lib.runs.publish import publish
from analytics_lib.runs.record import RunRecord, write_record

PARAMETERS = """since: "date | None" = None  # first day
until: "date | None" = None  # the day after the last
channel: str = ""  # only this channel
language: "Literal['es', 'en']" = "es"  # of the page
limit: float = 0.5  # above it, something is to be done"""
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}"
    '<a href="javascript:alert(3)">go</a>[go](javascript:alert(4))'
)


def cell(source, *tags, outputs=()):
    made = {"cell_type": "code", "metadata": {"tags": list(tags)}, "source": source, "outputs": list(outputs)}
    return {**made, "execution_count": None}


def output(**data):
    kinds = {"html": "text/html", "markdown": "text/markdown", "plain": "text/plain", "png": "image/png"}
    shown = {kinds.get(name, name): value for name, value in data.items()}
    return {"output_type": "display_data", "data": shown, "metadata": {}}


def figure(*traces, title="Users by channel", **layout):
    drawn = go.Figure(list(traces) or [go.Bar(x=["web", "whatsapp"], y=[1200, 74], name="users")])
    drawn.update_layout(
        template="none", title={"text": title}, paper_bgcolor="white", plot_bgcolor="white", **layout
    )
    drawn.update_layout(font={"color": "#1B2330"}, height=300)
    return output(**{"application/vnd.plotly.v1+json": json.loads(drawn.to_json())})


def narration(key="kpis_health", language="es"):
    return output(html=narrate(key, language).html)


def error():
    return {
        "output_type": "error",
        "ename": "KeyError",
        "evalue": "secret",
        "traceback": ["line 1", "secret"],
    }


def notebook(*cells):
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def shown_notebook(name="sales", *outputs):
    """A notebook of three cells, the last of which is shown."""
    return notebook(
        {"cell_type": "markdown", "metadata": {}, "source": f"# {name}"},
        cell(PARAMETERS, "parameters"),
        cell(f"{name} = 1"),
        cell(f"show({name})", "page", "span-6", f"block-{name}", outputs=outputs),
    )


def values_of(source):
    """What code of nothing but assignments sets; each must be a plain value."""
    return {line.targets[0].id: ast.literal_eval(line.value) for line in ast.parse(source).body}


class Project:
    """A folder with notebooks/, params/ and outputs/."""

    def __init__(self, folder: Path):
        self.notebooks, self.params, self.outputs = (
            folder / name for name in ("notebooks", "params", "outputs")
        )
        for path in (self.notebooks, self.params, self.outputs):
            path.mkdir()

    @property
    def file(self):
        return self.params / "dashboards.yaml"

    def write_notebook(self, name, content=None):
        (self.notebooks / f"{name}.ipynb").write_text(json.dumps(content or shown_notebook(name)))

    def write_pages(self, **pages):
        full = {
            name: {
                "notebooks": [name],
                "title": {"es": f"Título {name}", "en": f"Title {name}"},
                "audience": {"es": "quien vende", "en": "whoever sells"},
                "controls": ["since", "until", "channel", "language"],
                **page,
            }
            for name, page in pages.items()
        }
        self.file.write_text(yaml.safe_dump({"pages": full}, allow_unicode=True))

    def run(
        self, name, *outputs, job=None, started_at="2026-03-01T12:00:00+00:00", published=True, **parameters
    ):
        """A succeeded run of a notebook whose shown cell shows these outputs."""
        stamp = started_at[:19].replace("-", "").replace(":", "")
        usual = {"since": None, "until": None, "channel": "", "language": "es", "limit": 0.5}
        record = RunRecord(
            job or name,
            f"{stamp}Z-00000000",
            "succeeded",
            started_at,
            parameters={**usual, **parameters},
            versions={"messages": 3},
            results={"since": "2026-02-01", "until": "2026-03-01"},
            time_zone="America/Bogota",
            language=parameters.get("language", "es"),
            title=f"About {name}",
        )
        folder = self.outputs / record.folder
        (folder / "artifacts").mkdir(parents=True)
        (folder / "notebook.ipynb").write_text(json.dumps(shown_notebook(name, *outputs)))
        (folder / "report.html").write_text("<main></main>")
        write_record(self.outputs, record)
        if published:
            publish(self.outputs, record)
        return record
