"""The words of the pages that runs make, in Spanish and English, and how they write times."""

from __future__ import annotations

import datetime as dt
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    "store": {"es": "Almacén de datos", "en": "Data store"},
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
    # The catalogue, the page of a job and that of a failed run.
    "accepted": {"es": "aceptados", "en": "accepted"},
    "age": {"es": "hace {days} días", "en": "{days} days ago"},
    "age_today": {"es": "hoy", "en": "today"},
    "age_yesterday": {"es": "hace 1 día", "en": "1 day ago"},
    "all_runs": {"es": "Todas las ejecuciones", "en": "All runs"},
    "before": {"es": "Antes", "en": "Before"},
    "changed": {"es": "cambió", "en": "changed"},
    "changes": {
        "es": "Qué cambió desde el último resultado bueno",
        "en": "What changed since the last good result",
    },
    "data_up_to": {"es": "Datos hasta", "en": "Data up to"},
    "details": {"es": "Historia, duración y datos", "en": "History, duration and data"},
    "duplicates": {"es": "repetidos", "en": "duplicates"},
    "earlier": {"es": "{n} ejecuciones anteriores", "en": "{n} earlier runs"},
    "failed_cell": {"es": "La celda que falló", "en": "The cell that failed"},
    "failing": {"es": "con falla: {n}", "en": "failing: {n}"},
    "good_now": {"es": "al día: {n}", "en": "good: {n}"},
    "in_cell": {"es": "en la celda {n}", "en": "in cell {n}"},
    "last_lines": {"es": "Últimas líneas de la salida", "en": "Last lines of the output"},
    "library": {"es": "Biblioteca", "en": "Library"},
    "lineage": {"es": "De dónde sale", "en": "Where it comes from"},
    "lock": {"es": "Versiones de paquetes", "en": "Package versions"},
    "log": {"es": "Registro del proceso", "en": "Log of the process"},
    "median": {"es": "mediana", "en": "median"},
    "more": {"es": "y {n} más", "en": "and {n} more"},
    "never_ran": {"es": "todavía no ha corrido", "en": "has not run yet"},
    "new_value": {"es": "Ahora", "en": "Now"},
    "next_due": {"es": "Próxima", "en": "Next due"},
    "no_earlier_good": {
        "es": "Antes de esta ejecución no hay ningún resultado bueno con qué comparar.",
        "en": "There is no good result before this run to compare it with.",
    },
    "no_quality": {
        "es": "No hay archivos ingeridos de los que se sepa.",
        "en": "No ingested files are known of.",
    },
    "not_there": {"es": "no había", "en": "none"},
    "notebook": {"es": "Cuaderno", "en": "Notebook"},
    "nothing_changed": {
        "es": "Nada: los mismos parámetros, datos, biblioteca, paquetes y cuaderno.",
        "en": "Nothing: the same parameters, data, library, packages and notebook.",
    },
    "of": {"es": "de", "en": "of"},
    "overdue": {"es": "debió correr", "en": "should have run"},
    "parameter": {"es": "Parámetro", "en": "Parameter"},
    "problem_cells": {"es": "Celdas lentas", "en": "Slow cells"},
    "printed": {"es": "Lo que imprimieron las celdas", "en": "What the cells printed"},
    "published": {"es": "publicado", "en": "published"},
    "quality": {"es": "Calidad de los datos de sus fuentes", "en": "Data quality of its sources"},
    "quality_rule": {
        "es": "Los últimos archivos de cada fuente del almacén.",
        "en": "The latest files of each source of the store.",
    },
    "quarantined": {"es": "en cuarentena", "en": "quarantined"},
    "records": {"es": "registros", "en": "records"},
    "rows": {"es": "{n} filas", "en": "{n} rows"},
    "runs": {"es": "Ejecuciones", "en": "Runs"},
    "same": {"es": "Sin cambio", "en": "Unchanged"},
    "schedule": {"es": "Horario (cron)", "en": "Schedule (cron)"},
    "seconds_of_cells": {
        "es": "Segundos por celda del último resultado bueno",
        "en": "Seconds a cell took in the last good result",
    },
    "since_good": {"es": "Desde el último bueno ({moment}): ", "en": "Since the last good run ({moment}): "},
    "slot": {"es": "Turno", "en": "Slot"},
    "slow": {"es": "lenta", "en": "slow"},
    "slow_cell": {
        "es": "celda {n} lenta: {seconds}, mediana {median}",
        "en": "cell {n} slow: {seconds}, median {median}",
    },
    "slow_rule": {
        "es": "Una celda es lenta si tardó al menos el doble de su mediana y medio segundo más, entre las "
        "últimas 20 ejecuciones buenas y anteriores del mismo cuaderno; con menos de 3 no se dice nada.",
        "en": "A cell is slow if it took at least twice its median and half a second more, among the last "
        "20 good and earlier runs of the same notebook; with fewer than 3 nothing is said.",
    },
    "table": {"es": "Tabla", "en": "Table"},
    "tables_of_data": {"es": "Tablas", "en": "Tables"},
    "tables": {"es": "Tablas que pudo leer", "en": "Tables it could read"},
    "trend_latest": {
        "es": "última {last}, mediana de las buenas {median}",
        "en": "last {last}, median of good ones {median}",
    },
    "version": {"es": "versión {n}", "en": "version {n}"},
    "written_at": {"es": "Página escrita", "en": "Page written"},
    # Statuses and reasons of a run.
    "queued": {"es": "en espera", "en": "queued"},
    "no_place": {"es": "espera un lugar libre", "en": "waits for a free place"},
    "no_memory": {"es": "espera memoria libre", "en": "waits for free memory"},
    "after": {"es": "espera a {job}", "en": "waits for {job}"},
    "skipped": {"es": "omitido", "en": "skipped"},
    "reused": {
        "es": "sin cambios: se usa un resultado anterior",
        "en": "unchanged: an earlier result is used",
    },
    "running": {"es": "en curso", "en": "running"},
    "succeeded": {"es": "correcto", "en": "succeeded"},
    "failed": {"es": "falló", "en": "failed"},
    "timed_out": {"es": "tiempo agotado", "en": "timed out"},
    "lost": {"es": "perdido", "en": "lost"},
    "cancelled": {"es": "cancelado", "en": "cancelled"},
    "bad_parameter": {"es": "un parámetro no sirve", "en": "a parameter was refused"},
    "check_failed": {
        "es": "un resultado no cumple lo que se espera de él",
        "en": "a result is not what is expected of it",
    },
    "cell_error": {"es": "una celda terminó en error", "en": "a cell raised an error"},
    "kernel_died": {"es": "el proceso se cayó", "en": "the process was killed or crashed"},
    "no_sentinel": {
        "es": "terminó antes de registrar resultados",
        "en": "it ended before recording its results",
    },
    "not_started": {"es": "no pudo empezar", "en": "it could not begin"},
    "not_published": {"es": "no se pudo publicar", "en": "it could not be published"},
    "no_report": {"es": "no se pudo hacer la página", "en": "its page could not be made"},
    "out_of_space": {"es": "disco lleno", "en": "the disk is full"},
    "out_of_memory": {"es": "faltó memoria", "en": "memory ran out"},
    "contract": {"es": "los datos no cumplen el contrato", "en": "the data do not fit the contract"},
}

_MONTHS = {
    "es": ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}


@cache
def labels(language: str) -> Mapping[str, str]:
    """Every label in one language."""
    return MappingProxyType({name: words[language] for name, words in LABELS.items()})


def write_moment(moment: str | None, *, time_zone: str, language: str) -> str:
    """An ISO 8601 instant on the wall clock of the zone, such as ``31 ene 2026, 07:05``; empty for none."""
    if not moment:
        return ""
    local = dt.datetime.fromisoformat(moment).astimezone(ZoneInfo(time_zone))
    return f"{local.day} {_MONTHS[language][local.month - 1]} {local.year}, {local:%H:%M}"


def write_number(value: float, *, language: str, digits: int = 0) -> str:
    """A number with its thousands parted, as the language writes them: ``1.234,5`` or ``1,234.5``."""
    text = f"{value:,.{digits}f}"
    return text.translate(str.maketrans(",.", ".,")) if language == "es" else text


def write_seconds(seconds: float, *, language: str) -> str:
    """A duration such as ``12,3 s`` or ``3 min 5 s``."""
    if seconds < 60:
        return f"{write_number(seconds, language=language, digits=1)} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{write_number(minutes, language=language)} min {rest} s"


def write_age(day: dt.date, *, today: dt.date, language: str) -> str:
    """How long ago a day was; a day to come counts as today."""
    days = (today - day).days
    name = "age_today" if days <= 0 else "age_yesterday" if days == 1 else "age"
    return LABELS[name][language].format(days=write_number(days, language=language))


def write_wait(reason: str | None, *, language: str) -> str:
    """What a slot waits for, such as ``waits for kpis_daily``."""
    name, _, job = (reason or "").partition(" ")
    return LABELS[name][language].format(job=job) if name in LABELS else name


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
