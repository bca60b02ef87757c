"""A real browser for tests: what a page shows, asks for and complains about."""

import contextlib
import importlib.util
import os
import shutil

import pytest

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Visit:
    """A page, with everything it asked for and complained about."""

    def __init__(self, page):
        self.page = page
        self.requests, self.complaints, self.dialogs = [], [], []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", self.hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", self.refuse)

    def hear(self, message):
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def refuse(self, dialog):
        self.dialogs.append(dialog.message)
        dialog.dismiss()


@contextlib.contextmanager
def chromium():
    """A headless browser; skips where there is none, or fails where one is required."""
    absent = pytest.fail if "REQUIRE_BROWSER" in os.environ else pytest.skip
    if CHROMIUM is None:
        absent("needs chromium: make browser")
    if importlib.util.find_spec("playwright") is None:
        absent("needs playwright: make setup")
    playwright = importlib.import_module("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()
