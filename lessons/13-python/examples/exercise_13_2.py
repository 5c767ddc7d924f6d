"""Two waits at once, as in exercise 12-2; this time in Python."""

import asyncio
from urllib.parse import parse_qs

from asgiapp import answer, lifespan


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return await lifespan(receive, send)
    query = parse_qs(scope["query_string"].decode())
    seconds = int(query.get("ms", ["0"])[0]) / 1000
    if scope["path"] == "/both":
        await asyncio.gather(asyncio.sleep(seconds), asyncio.sleep(seconds))
    if scope["path"] == "/sleep":
        await asyncio.sleep(seconds)
    await answer(send, b"done\n")
