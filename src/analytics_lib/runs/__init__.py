"""From a notebook and its parameters to a record that tells the truth and a page that people read."""

from analytics_lib.runs.results import artifact_path, record_results

__all__ = ["artifact_path", "record_results"]
