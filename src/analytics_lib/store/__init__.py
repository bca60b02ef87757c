"""The store of the contract's tables: Delta Lake on disk, DuckDB in memory, one door to both."""

from analytics_lib.store.derived import Derived
from analytics_lib.store.lookups import Lookup
from analytics_lib.store.opening import StoreWarning
from analytics_lib.store.store import Counts, Store

__all__ = ["Counts", "Derived", "Lookup", "Store", "StoreWarning"]
