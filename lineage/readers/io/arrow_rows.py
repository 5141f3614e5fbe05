"""Rows of Parquet and Arrow files (.parquet, .arrow, .feather), batch by batch, as a reader of text wants them.

    int64 12 → 12                         double 12.0 → "12"     pandas makes whole numbers with a gap floats
    double 2.5 → "2.5"                    float 0.1 → "0.1"      never 0.10000000149011612
    decimal 1.50 → "1.50"                 NaN, an infinity, null → None
    timestamp 2024-01-02 00:00 → "2024-01-02"                    other times as "2024-01-02 09:30:00"
    dictionary, list, struct, map → text, list, dict             their values by the same rules
    int64 2, a ClassLabel of the hub → "positive"                by the names that `datasets` wrote into the file

A figure is shown by the value alone, not by the column that it stands in: a row that is added changes no other one.
"""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, time
from math import isfinite
from typing import IO, TYPE_CHECKING, Any

from lineage.readers.io.members import Member
from lineage.readers.io.row import RawRow, named_row, object_row, rowless
from lineage.records.record import Rejected

if TYPE_CHECKING:
    import pyarrow

END = b"\xff\xff\xff\xff\0\0\0\0"
AT_ONCE = 1024  # rows as Python values; a batch of a file may hold a million
Plain = Callable[[Any], Any]


def arrow_rows(entry: Member) -> Iterator[RawRow | Rejected]:
    """Every row of a Parquet file, or of an Arrow IPC file or stream, which `datasets` writes as .arrow.

    Raises:
        EOFError: the file is damaged.
    """
    import pyarrow

    number = 0
    with entry.open() as stream:
        try:
            for batch in _parquet(stream) if entry.suffix == ".parquet" else _ipc(entry, stream):
                yield from _batch_rows(entry, number, batch)
                number += batch.num_rows
        except (pyarrow.ArrowException, MemoryError, OverflowError, ValueError) as error:
            raise EOFError(f"after row {number}: {error}") from error
    yield from rowless(number, entry)


def _parquet(stream: IO[bytes]) -> Iterator["pyarrow.RecordBatch"]:
    import pyarrow.parquet

    yield from pyarrow.parquet.ParquetFile(stream).iter_batches(batch_size=AT_ONCE)


def _ipc(entry: Member, stream: IO[bytes]) -> Iterator["pyarrow.RecordBatch"]:
    import pyarrow.ipc

    with entry.open() as beginning:
        head = beginning.read(6)
    if head.startswith(b"FEA1"):
        raise ValueError("Feather version 1 is not read: write it again with pyarrow.feather.write_feather")
    if head == b"ARROW1":
        file = pyarrow.ipc.open_file(stream)
        batches = (file.get_batch(number) for number in range(file.num_record_batches))
    else:
        batches = iter(pyarrow.ipc.open_stream(stream))
    for batch in batches:
        batch.validate(full=True)  # offsets are a file's own claim
        for start in range(0, batch.num_rows, AT_ONCE):
            yield batch.slice(start, AT_ONCE)
    if head != b"ARROW1":
        _check_end(stream)


def _check_end(stream: IO[bytes]) -> None:
    """Refuse a stream that stops between two batches, or goes on behind its end: Arrow itself takes it for whole."""
    if stream.read(1):
        raise ValueError("there are bytes behind the end of the stream, which were not read")
    stream.seek(-len(END), 2)
    if stream.read() != END:
        raise ValueError("the end of the stream is missing: the file may be cut")


def _batch_rows(entry: Member, before: int, batch: "pyarrow.RecordBatch") -> Iterator[RawRow | Rejected]:
    labels = _labels(batch.schema)
    names = batch.schema.names
    columns = []
    for name, column in zip(names, batch.columns, strict=True):
        values = column.to_pylist()
        plain = _labelled(labels[name]) if name in labels else plain_value(column.type)
        columns.append([value if value is None else plain(value) for value in values] if plain else values)
    twice = len(set(names)) < len(names)
    for number, cells in enumerate(zip(*columns, strict=True), before + 1):
        if twice:
            yield named_row({"file": entry.name, "row": number}, names, cells)
        else:
            yield object_row(entry, number, dict(zip(names, cells, strict=True)))


def plain_value(type_: "pyarrow.DataType") -> Plain | None:
    """What makes a value of this type one that a reader knows; None where it is one already."""
    from pyarrow import types

    if types.is_floating(type_):
        return _figure(type_.bit_width)
    if types.is_decimal(type_):
        return lambda value: f"{value:f}"
    if types.is_timestamp(type_):
        return _moment
    if types.is_date(type_) or types.is_time(type_):
        return lambda value: value.isoformat()
    if types.is_binary(type_) or types.is_large_binary(type_) or types.is_fixed_size_binary(type_):
        return _decoded
    if types.is_dictionary(type_):
        return plain_value(type_.value_type)
    if types.is_map(type_):
        return _each_of_map(plain_value(type_.item_type))
    if types.is_struct(type_):
        return _each_field({field.name: plain for field in type_ if (plain := plain_value(field.type))})
    if types.is_list(type_) or types.is_large_list(type_) or types.is_fixed_size_list(type_):
        inner = plain_value(type_.value_type)
        return inner and (lambda values: [value if value is None else inner(value) for value in values])
    return None


def _figure(bits: int) -> Plain:
    import numpy

    widths: dict[int, Any] = {16: numpy.float16, 32: numpy.float32, 64: numpy.float64}
    width = widths[bits]

    def shown(value: float) -> str | None:
        if not isfinite(value):
            return None
        if abs(value) >= 1e21:
            return str(width(value))
        return numpy.format_float_positional(width(value) + 0, trim="-")  # + 0: never "-0"

    return shown


def _moment(value: datetime) -> str:
    return value.date().isoformat() if value.time() == time() else value.isoformat(" ")


def _decoded(value: bytes) -> str | bytes:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


def _each_of_map(plain: Plain | None) -> Plain:
    return lambda pairs: {str(name): value if value is None or not plain else plain(value) for name, value in pairs}


def _each_field(plain: dict[str, Plain]) -> Plain | None:
    if not plain:
        return None

    def fields(said: dict[str, Any]) -> dict[str, Any]:
        return said | {name: made(said[name]) for name, made in plain.items() if said.get(name) is not None}

    return fields


def _labels(schema: "pyarrow.Schema") -> dict[str, list[str]]:
    """Column → the names of its classes, where `datasets` wrote them into the file."""
    said = (schema.metadata or {}).get(b"huggingface")
    try:
        features = json.loads(said)["info"]["features"] if said else {}
        return {
            name: [str(label) for label in feature["names"]]
            for name, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _labelled(names: list[str]) -> Plain:
    return lambda value: names[value] if isinstance(value, int) and 0 <= value < len(names) else value
