import pytest
from workshop import Workshop


@pytest.fixture
def shop(tmp_path):
    return Workshop(tmp_path)
