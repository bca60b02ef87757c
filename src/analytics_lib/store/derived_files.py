"""Files of derived rows: Parquet where they are read as a whole, the engine's own where one is looked up.

A look into Parquet is planned over the statistics of every row group of every file and reads one of them
whole, 10 to 20 ms in a store of a million conversations; in the engine's own format, by an index, 2 to 3 ms.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from analytics_lib.atomic import sync_folder
from analytics_lib.errors import StoreError
from analytics_lib.store.engine import literal, quoted
from analytics_lib.store.opening import StoreWarning

if TYPE_CHECKING:
    from analytics_lib.store.engine import Engine

READ_WHOLE, LOOKED_UP = ".parquet", ".duckdb"
_GROUP_ROWS = 120 * 1024
_SORT_GB = 1


def keep(file: Path, rows: pa.Table | pa.RecordBatchReader, *, order: str) -> bool:
    """Write the file, whole or not at all; whether it could be, else a ``StoreWarning`` says why not.

    ``order`` is the column in whose order single rows are looked up, which may come a batch at a time; rows
    that are read whole, a table, stay as given.

    Raises:
        StoreError: If a batch cannot be read, or putting them in order needs more memory than it may use.
    """
    temporary = None
    try:
        file.parent.mkdir(exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{file.stem}-", dir=file.parent)
        os.close(handle)
        temporary = Path(name)
        _write_own(temporary, rows, order) if order else _write_parquet(temporary, rows)
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        # mkstemp makes files private; whoever may read the tables may read what is made of them.
        temporary.chmod(0o644)
        temporary.replace(file)
        sync_folder(file.parent)
    except (OSError, duckdb.IOException) as error:
        warnings.warn(
            f"Derived rows could not be kept in {file.parent} ({error}); they are worked out for this store "
            "alone. Make room there, or make the folder writable.",
            StoreWarning,
            stacklevel=5,
        )
        return False
    except duckdb.Error as error:
        raise StoreError(
            f"Rows could not be worked out for {file.name}: {error} Run `analytics store verify`."
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
            Path(f"{temporary}.wal").unlink(missing_ok=True)
    return True


def show_file(engine: Engine, name: str, file: Path) -> None:
    """Make the rows of a file readable under a name."""
    if file.suffix == LOOKED_UP:
        held = quoted(f"{name}_kept")
        engine.run(f"detach database if exists {held}")
        engine.run(f"attach {literal(str(file))} as {held} (read_only)")
        source = f"{held}.main.held"
    else:
        source = f"read_parquet([{literal(str(file))}], hive_partitioning = false)"
    engine.run(f"create or replace view {quoted(name)} as select * from {source}")


def _write_parquet(file: Path, rows: pa.Table) -> None:
    pq.write_table(
        rows,
        file,
        row_group_size=_GROUP_ROWS,
        compression="zstd",
        compression_level=1,
        # Tried on every column of numbers, a dictionary takes most of the time and saves no room.
        use_dictionary=[field.name for field in rows.schema if pa.types.is_string(field.type)],
    )


def _write_own(file: Path, rows: pa.Table | pa.RecordBatchReader, order: str) -> None:
    # The engine makes its file itself, and takes an empty one for a damaged one.
    file.unlink()
    column = quoted(order)
    aside = tempfile.TemporaryDirectory(prefix=f"{file.name}-", dir=file.parent)
    with aside as spill, duckdb.connect(str(file)) as own:
        own.execute(f"set temp_directory = {literal(spill)}")
        own.execute("set TimeZone = 'UTC'")
        own.execute(f"set memory_limit = '{_SORT_GB}GB'")
        own.register("incoming", rows)
        own.execute(f"create table held as select * from incoming order by {column}")
        # In the order of its column a row is found by its neighbours; by an index in a third of that.
        own.execute(f"create index looked_up on held ({column})")
