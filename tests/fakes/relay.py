"""Passes on bytes, both ways, between a connection and a server on loopback."""

import asyncio


async def relay(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int, first: bytes = b""
) -> None:
    """Until both sides have ended, beginning with `first`; closes what it opened. OSError where nobody listens."""
    theirs, to_them = await asyncio.open_connection(host, port)
    try:
        to_them.write(first)
        await asyncio.gather(_pump(reader, to_them), _pump(theirs, writer))
    finally:
        to_them.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()
