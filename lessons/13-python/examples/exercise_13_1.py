"""A page that gives up, as in exercise 12-1; this time in Python."""

import asyncio
from urllib.parse import parse_qs

from asgiapp import answer, lifespan


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return await lifespan(receive, send)
    if scope["path"] != "/patient":
        return await answer(send, b"Hello, World!")
    seconds = int(parse_qs(scope["query_string"].decode())["ms"][0]) / 1000
    try:
        await asyncio.wait_for(asyncio.sleep(seconds), 0.5)
        await answer(send, b"it was worth it\n")
    except asyncio.TimeoutError:
        await answer(send, b"it took too long\n", 504)
