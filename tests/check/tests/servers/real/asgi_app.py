"""The routes of the demo application, for any ASGI server."""

import asyncio
from urllib.parse import parse_qsl


async def body_of(receive):
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return

    async def start(status, *fields):
        fields = [(b"content-type", b"text/plain"), *fields]
        await send({"type": "http.response.start", "status": status, "headers": fields})

    async def piece(body, more=False):
        await send({"type": "http.response.body", "body": body, "more_body": more})

    async def answer(status, body):
        await start(status, (b"content-length", str(len(body)).encode()))
        await piece(body)

    path = scope["path"]
    query = dict(parse_qsl(scope["query_string"].decode()))
    pause = int(query.get("ms", 0)) / 1000
    if path == "/":
        await answer(200, b"Hello, World!\n")
    elif path == "/echo" and scope["method"] == "POST":
        await answer(200, await body_of(receive))
    elif path == "/sleep":
        await asyncio.sleep(pause)
        await answer(200, b"slept\n")
    elif path == "/stream":
        await start(200)
        for number in range(int(query.get("n", 1))):
            await piece(b"line %d\n" % number, more=True)
            await asyncio.sleep(pause)
        await piece(b"")
    elif path == "/panic":
        raise RuntimeError("on purpose")
    else:
        await answer(404, b"no such page\n")
