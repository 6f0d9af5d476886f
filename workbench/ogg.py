"""Ogg files of the same bytes each time: writers draw a number by chance for every page."""

from __future__ import annotations

import struct
from functools import cache

__all__ = ["renumbered"]

_HEAD = 27  # bytes of a page before the list of its segments
_SERIAL, _SUM, _SEGMENTS = 14, 22, 26  # where a page has its stream's number, its checksum, …
_POLYNOMIAL = 0x04C11DB7
_WHOLE = 0xFFFFFFFF


def renumbered(data: bytes, number: int = 1) -> bytes:
    """Return a file of one stream with another number of that stream, and nothing else changed.

    Parameters
    ----------
    data
        The file; one that is not Ogg, or holds several streams, is returned as it is.
    number
        The stream's.

    Examples
    --------
    >>> renumbered(b"RIFF")
    b'RIFF'
    """
    made = bytearray(data)
    first: int | None = None
    at = 0
    while at < len(made):
        if made[at : at + 4] != b"OggS" or at + _HEAD > len(made):
            return data
        (serial,) = struct.unpack_from("<I", made, at + _SERIAL)
        first = serial if first is None else first
        if serial != first:
            return data
        segments = made[at + _SEGMENTS]
        size = _HEAD + segments + sum(made[at + _HEAD : at + _HEAD + segments])
        (known,) = struct.unpack_from("<I", made, at + _SUM)
        struct.pack_into("<I", made, at + _SERIAL, number)
        struct.pack_into("<I", made, at + _SUM, known ^ _change(serial ^ number, size))
        at += size
    return bytes(made)


def _change(bits: int, size: int) -> int:
    """Return which bits of a page's checksum change with those of its number.

    The checksum is what is left of the page, taken as a polynomial, after division by another; so
    each bit of the page counts for itself, and the page need not be gone through again.
    """
    # The number's first byte is its lowest, and the checksum takes the bytes in their order.
    swapped = int.from_bytes(bits.to_bytes(4, "little"), "big")
    return _times(swapped, _power(8 * (size - _SERIAL)))


@cache
def _power(exponent: int) -> int:
    """Return what is left of x to a power."""
    if exponent == 0:
        return 1
    half = _power(exponent // 2)
    whole = _times(half, half)
    return _doubled(whole) if exponent % 2 else whole


def _times(one: int, other: int) -> int:
    """Return what is left of a product."""
    product = 0
    while other:
        if other & 1:
            product ^= one
        one = _doubled(one)
        other >>= 1
    return product


def _doubled(value: int) -> int:
    value <<= 1
    return (value & _WHOLE) ^ _POLYNOMIAL if value > _WHOLE else value
