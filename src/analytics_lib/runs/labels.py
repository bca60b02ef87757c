"""The words of the pages that runs make, in Spanish and English, and how they write times."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

LANGUAGES = ("es", "en")

LABELS: dict[str, dict[str, str]] = {
    "about": {"es": "Sobre este informe", "en": "About this report"},
    "as_of": {"es": "Datos al", "en": "Data as of"},
    "catalogue": {"es": "Catálogo", "en": "Catalogue"},
    "cell": {"es": "Celda", "en": "Cell"},
    "chart": {"es": "Gráfico", "en": "Chart"},
    "code": {"es": "Código", "en": "Code"},
    "duration": {"es": "Duración", "en": "Duration"},
    "error": {"es": "Error", "en": "Error"},
    "for": {"es": "Para", "en": "For"},
    "history": {
        "es": "Últimas ejecuciones, la más reciente a la derecha",
        "en": "Latest runs, newest on the right",
    },
    "images_need_script": {
        "es": "Este gráfico se dibuja con JavaScript y la carpeta assets.",
        "en": "This chart is drawn with JavaScript and the assets folder.",
    },
    "last_failure": {"es": "Última falla", "en": "Last failure"},
    "last_good": {"es": "Último resultado bueno", "en": "Last good result"},
    "memory": {"es": "Memoria", "en": "Memory"},
    "never_good": {"es": "Todavía no hay un resultado bueno.", "en": "There is no good result yet."},
    "no_jobs": {"es": "Todavía no se ha ejecutado nada.", "en": "Nothing has run yet."},
    "open": {"es": "Abrir el informe", "en": "Open the report"},
    "parameters": {"es": "Parámetros", "en": "Parameters"},
    "run": {"es": "Ejecución", "en": "Run"},
    "run_at": {"es": "Ejecutado", "en": "Run"},
    "see_failure": {"es": "ver qué pasó", "en": "see what happened"},
    "subtitle": {
        "es": "Qué se sabe de las conversaciones, y qué tan reciente es.",
        "en": "What is known about the conversations, and how fresh it is.",
    },
    "time_zone": {"es": "Zona horaria", "en": "Time zone"},
    "title": {"es": "Informes", "en": "Reports"},
    "traceback": {"es": "Detalle técnico", "en": "Technical detail"},
    "versions": {"es": "Versiones de los datos", "en": "Data versions"},
    "warnings": {"es": "Avisos", "en": "Messages"},
    "window": {"es": "Ventana", "en": "Window"},
    # Statuses and reasons of a run.
    "running": {"es": "en curso", "en": "running"},
    "succeeded": {"es": "correcto", "en": "succeeded"},
    "failed": {"es": "falló", "en": "failed"},
    "timed_out": {"es": "tiempo agotado", "en": "timed out"},
    "lost": {"es": "perdido", "en": "lost"},
    "cancelled": {"es": "cancelado", "en": "cancelled"},
    "bad_parameter": {"es": "un parámetro no sirve", "en": "a parameter was refused"},
    "cell_error": {"es": "una celda terminó en error", "en": "a cell raised an error"},
    "kernel_died": {"es": "el proceso se cayó", "en": "the process was killed or crashed"},
    "no_sentinel": {
        "es": "terminó antes de registrar resultados",
        "en": "it ended before recording its results",
    },
    "no_report": {"es": "no se pudo hacer la página", "en": "its page could not be made"},
    "out_of_space": {"es": "disco lleno", "en": "the disk is full"},
    "out_of_memory": {"es": "faltó memoria", "en": "memory ran out"},
    "contract": {"es": "los datos no cumplen el contrato", "en": "the data do not fit the contract"},
}

_MONTHS = {
    "es": ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}


def labels(language: str) -> dict[str, str]:
    """Every label in one language."""
    return {name: words[language] for name, words in LABELS.items()}


def write_moment(moment: str | None, *, time_zone: str, language: str) -> str:
    """An ISO 8601 instant on the wall clock of the zone, such as ``31 ene 2026, 07:05``; empty for none."""
    if not moment:
        return ""
    local = dt.datetime.fromisoformat(moment).astimezone(ZoneInfo(time_zone))
    return f"{local.day} {_MONTHS[language][local.month - 1]} {local.year}, {local:%H:%M}"


def write_day(day: object, *, language: str) -> str:
    """An ISO day, or the day of a moment, such as ``31 ene 2026``; any other value as it is."""
    try:
        date = dt.date.fromisoformat(str(day)[:10])
    except ValueError:
        return str(day)
    return f"{date.day} {_MONTHS[language][date.month - 1]} {date.year}"


def write_window(since: str, until: str, *, language: str) -> str:
    """The days of ``[since, until)`` as a reader counts them: first and last day, both included."""
    try:
        last = dt.date.fromisoformat(until) - dt.timedelta(days=1)
    except ValueError:
        return f"[{since}, {until})"
    return f"{write_day(since, language=language)} \N{EN DASH} {write_day(last, language=language)}"
