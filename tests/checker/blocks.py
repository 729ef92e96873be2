"""A certificate's records out of its blocks and into them (docs/certificate.md, "Bytes")."""
import hashlib
import struct
import zlib


def stream_of(data):
    """The records of a certificate, out of their blocks."""
    at, stream = 9, b""
    while (length := struct.unpack_from("<I", data, at)[0]) > 0:
        stream += data[at + 4:at + 4 + length]
        at += length + 8
    return stream


def file_of(stream):
    data = b"CLIPCERT\x01"
    for at in range(0, len(stream), 1 << 16):
        block = stream[at:at + (1 << 16)]
        data += struct.pack("<I", len(block)) + block + struct.pack("<I", zlib.crc32(block))
    data += struct.pack("<I", 0)
    return data + hashlib.sha256(data).digest()
