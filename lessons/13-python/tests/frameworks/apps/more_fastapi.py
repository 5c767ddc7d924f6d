"""The FastAPI application of this lesson, with handlers that only a test wants."""

import asyncio
import threading

from fastapi import Request, WebSocket
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.requests import ClientDisconnect

from fastapiapp import app

both = threading.Barrier(2, timeout=60)
go_on = asyncio.Event()
left = asyncio.Event()


@app.get("/meet")
def meet():
    """A function that blocks, until two are here."""
    both.wait()
    return "together"


@app.get("/waits")
async def waits():
    """Makes its second piece when somebody has asked for `/lets_it_go_on`."""
    async def pieces():
        yield "first"
        await go_on.wait()
        yield "second"

    return StreamingResponse(pieces(), media_type="text/plain")


@app.get("/lets_it_go_on")
async def lets_it_go_on():
    go_on.set()
    return "it goes on"


@app.get("/endless")
async def endless():
    """Goes on until the client leaves."""
    async def pieces():
        try:
            while True:
                app.state.made = getattr(app.state, "made", 0) + 1
                yield "x" * 65536
                await asyncio.sleep(0)
        finally:
            left.set()

    return StreamingResponse(pieces(), media_type="text/plain")


@app.get("/how_many_were_made")
async def how_many_were_made():
    return getattr(app.state, "made", 0)


@app.post("/gives_back")
async def gives_back(request: Request):
    """Sends each piece of the body back before it asks for the next."""
    return StreamingResponse(request.stream(), media_type="text/plain")


@app.post("/counts")
async def counts(request: Request):
    """How long the body is; whoever leaves before its end is noticed."""
    length = 0
    try:
        async for piece in request.stream():
            length += len(piece)
    except ClientDisconnect:
        left.set()
        raise
    return length


@app.get("/has_left")
async def has_left():
    await left.wait()
    return "it has left"


@app.get("/cookies")
async def cookies(request: Request):
    """Two cookies, and those that the client has sent."""
    answer = JSONResponse(request.cookies)
    answer.set_cookie("a", "1")
    answer.set_cookie("b", "2")
    return answer


@app.get("/path/{rest:path}")
async def path(request: Request, rest: str):
    return {"rest": rest, "raw": request.scope["raw_path"].decode()}


@app.get("/fails")
async def fails():
    raise RuntimeError("on purpose")


@app.get("/fails_midway")
async def fails_midway():
    async def pieces():
        yield "first"
        raise RuntimeError("on purpose")

    return StreamingResponse(pieces(), media_type="text/plain")


@app.websocket("/closes")
async def closes(socket: WebSocket):
    """Greets, and closes with a number of its own."""
    await socket.accept()
    await socket.send_bytes(b"bytes")
    await socket.close(4321, "enough")


@app.websocket("/refuses")
async def refuses(socket: WebSocket):
    """Closes what it has not accepted: the client gets a 403."""
    await socket.close()
