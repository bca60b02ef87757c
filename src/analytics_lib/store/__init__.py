"""The store of the contract's tables: Delta Lake on disk, DuckDB in memory, one door to both."""

from analytics_lib.store.store import Counts, Store, StoreWarning

__all__ = ["Counts", "Store", "StoreWarning"]
