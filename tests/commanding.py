"""The command in this process, which saves importing the libraries each time."""

import os
import sys

import pytest

from analytics_lib import cli


def status(*arguments, folder=None):
    """Exit status of ``analytics`` with these arguments, in a folder, with the settings of no installation.

    Without a folder in this one, with the settings that are in force.
    """
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "argv", ["analytics", *arguments])
        if folder is not None:
            patched.chdir(folder)
            for name in [name for name in os.environ if name.startswith("ANALYTICS_")]:
                patched.delenv(name)
        try:
            cli.main()
        except SystemExit as stopped:
            return stopped.code
    return 0
