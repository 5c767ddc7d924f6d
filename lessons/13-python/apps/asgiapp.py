"""ASGI without a framework: an application is a coroutine function."""

# ANCHOR: app
import asyncio


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return await lifespan(receive, send)
    if scope["type"] == "websocket":
        return await echo_messages(receive, send)
    if scope["path"] == "/echo":
        return await echo(receive, send)
    if scope["path"] == "/stream":
        return await stream(send)
    await answer(send, b"Hello, World!")
# ANCHOR_END: app


# ANCHOR: ways
async def answer(send, body, status=200):
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def echo(receive, send):
    """Sends the body back."""
    body, more = b"", True
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            return
        body += event.get("body", b"")
        more = event.get("more_body", False)
    await answer(send, body)


async def stream(send):
    """Lines, each of them on its way before the next is made."""
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for line in range(1, 6):
        if line > 1:
            await asyncio.sleep(0.2)
        piece = f"line {line} of 5\n".encode()
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body"})


async def echo_messages(receive, send):
    """Sends every message back."""
    await receive()
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": event.get("text"), "bytes": event.get("bytes")})


async def lifespan(receive, send):
    """The server begins, and it ends: here a pool of connections would be opened and closed."""
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
# ANCHOR_END: ways
