"""Files of derived rows: written whole or not at all, and read as a whole, by SQL."""

from __future__ import annotations

import os
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from analytics_lib.atomic import sync_folder
from analytics_lib.errors import RequestError, StoreError
from analytics_lib.store.engine import literal, quoted
from analytics_lib.store.opening import StoreWarning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from analytics_lib.store.engine import Engine

GROUP_ROWS = 120 * 1024


def keep(file: Path, write: Callable[[Path], None]) -> bool:
    """Have a file written, whole or not at all; whether it could be, else a ``StoreWarning`` says why not.

    Raises:
        StoreError: If the rows cannot be read, or need more memory than they may use.
    """
    temporary = None
    try:
        file.parent.mkdir(exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{file.stem}-", dir=file.parent)
        os.close(handle)
        temporary = Path(name)
        write(temporary)
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        # mkstemp makes files private; whoever may read the tables may read what is made of them.
        temporary.chmod(0o644)
        temporary.replace(file)
        sync_folder(file.parent)
    except OSError as error:
        warnings.warn(
            f"Rows worked out ahead could not be kept in {file.parent} ({error}); questions work them out "
            "for themselves. Make room there, or make the folder writable.",
            StoreWarning,
            stacklevel=5,
        )
        return False
    except (pa.ArrowException, RequestError) as error:
        raise StoreError(
            f"Rows could not be worked out for {file.name}: {error} Run `analytics store verify`."
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
    return True


def batches(rows: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    """The batches of rows that are being worked out.

    Raises:
        StoreError: If one cannot be.
    """
    try:
        yield from rows
    except (OSError, pa.ArrowException) as error:
        raise StoreError(f"Rows could not be worked out: {error} Run `analytics store verify`.") from error


def write_parquet(file: Path, rows: pa.RecordBatchReader) -> None:
    """Write rows to be read as a whole, a batch at a time."""
    texts = [field.name for field in rows.schema if pa.types.is_string(field.type)]
    packing = {name: "lz4" if name in texts else "zstd" for name in rows.schema.names}
    # Texts that LZ4 packs are unpacked in a fraction of the time. Tried on every column of numbers, a
    # dictionary takes most of the time and saves no room.
    with pq.ParquetWriter(file, rows.schema, compression=packing, use_dictionary=texts) as written:
        for batch in batches(rows):
            written.write_batch(batch, row_group_size=GROUP_ROWS)


def show_file(engine: Engine, name: str, file: Path) -> None:
    """Make the rows of a file readable under a name."""
    source = f"read_parquet([{literal(str(file))}], hive_partitioning = false)"
    engine.run(f"create or replace view {quoted(name)} as select * from {source}")
