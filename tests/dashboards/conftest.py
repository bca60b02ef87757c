import pytest
from page_files import Project


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)
