"""FastAPI: an application that is awaited (ASGI), with a WebSocket."""

# ANCHOR: app
from contextlib import asynccontextmanager

from fastapi import FastAPI, Form, UploadFile, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse


@asynccontextmanager
async def lifespan(app):
    """What is there before the first request and goes after the last one (ASGI's lifespan)."""
    app.state.names = []
    yield
    app.state.names.clear()


app = FastAPI(lifespan=lifespan)


@app.get("/")
def read_root():
    """A function that is not `async`: FastAPI calls it on a thread of its own."""
    return {"Hello": "World"}


@app.get("/hello/{name}")
async def hello(name: str, times: int = 1):
    """Anything but a number for `times` is answered 422, before we are called."""
    return {"hello": [name] * times}
# ANCHOR_END: app


# ANCHOR: form
@app.get("/names")
async def show_names():
    return app.state.names


@app.post("/names")
async def take_name(name: str = Form()):
    app.state.names.append(name)
    return {"names": len(app.state.names)}


@app.post("/upload")
async def upload(file: UploadFile):
    """Tells what was uploaded."""
    return {"name": file.filename, "size": len(await file.read())}
# ANCHOR_END: form


# ANCHOR: stream
@app.get("/stream")
async def stream():
    """A body that is made while it is sent."""
    async def lines():
        for number in range(1, 4):
            yield f"line {number}\n"

    return StreamingResponse(lines(), media_type="text/plain")


@app.websocket("/echo")
async def echo(socket: WebSocket):
    """Sends back what it is told, until the client leaves."""
    await socket.accept()
    try:
        while True:
            await socket.send_text(await socket.receive_text())
    except WebSocketDisconnect:
        pass
# ANCHOR_END: stream
