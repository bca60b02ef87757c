"""What kernels spend most of their beginning on, done once: nothing of the project is among it."""

import importlib

import plotly.graph_objects as go
import plotly.io as pio
import simplemma

for _name in (
    "IPython.display",
    "deltalake",
    "duckdb",
    "ipykernel.kernelapp",
    "matplotlib.figure",
    "pandas",
    "pyarrow.compute",
    "pyarrow.parquet",
    "scipy.optimize",
    "scipy.special",
    "scipy.stats",
    "seaborn",
    "sqlglot",
    "yaml",
):
    importlib.import_module(_name)

# The dictionaries are unpacked at the first word that is looked up.
for _language in ("es", "en"):
    simplemma.is_known("pedido", lang=_language)

# The first figure imports its kinds of trace by name.
for _kind in (go.Bar, go.Scatter, go.Sankey, go.Funnel, go.Heatmap, go.Indicator, go.Pie, go.Histogram):
    _figure = go.Figure(_kind()).update_layout(title="x", xaxis={"title": "x"}, yaxis={"title": "y"})
    pio.renderers["plotly_mimetype"].to_mimebundle(_figure.to_dict())
