"""What the tests of the questions share."""

import pytest
from telling import store_of


@pytest.fixture
def tell():
    """Tell a store: see ``telling.store_of``."""
    return store_of
