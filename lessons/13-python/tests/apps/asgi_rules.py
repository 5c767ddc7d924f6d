"""ASGI applications that keep or break its rules, each at its path."""

import asyncio
import json
import sys

heard = []
told = {}


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return await lifespan(scope, receive, send)
    name = scope["path"].strip("/").replace("-", "_")
    await globals()[name](scope, receive, send)


async def lifespan(scope, receive, send):
    scope["state"]["begun"] = (await receive())["type"]
    await send({"type": "lifespan.startup.complete"})
    print("heard", (await receive())["type"], flush=True)
    await send({"type": "lifespan.shutdown.complete"})


async def begin(send, status=200, headers=()):
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})


async def say(send, text, headers=()):
    await begin(send, 200, headers)
    await send({"type": "http.response.body", "body": text.encode()})


async def sleeps(scope, receive, send):
    print("asleep", file=sys.stderr, flush=True)
    await asyncio.sleep(0.7)
    await say(send, "slept")


async def good(scope, receive, send):
    await say(send, "good")


async def state(scope, receive, send):
    await say(send, scope["state"]["begun"])


async def scope_of(scope, receive, send):
    text = {
        "method": scope["method"],
        "path": scope["path"],
        "raw_path": scope["raw_path"].decode(),
        "query_string": scope["query_string"].decode(),
        "http_version": scope["http_version"],
        "scheme": scope["scheme"],
        "headers": [[name.decode(), value.decode()] for name, value in scope["headers"]],
        "ports": [type(scope["client"][1]).__name__, type(scope["server"][1]).__name__],
    }
    await say(send, json.dumps(text, sort_keys=True))


scope_of_é = scope_of


async def echo(scope, receive, send):
    body, more = b"", True
    while more:
        event = await receive()
        body += event["body"]
        more = event["more_body"]
    await say(send, body.decode())


async def as_tasks(scope, receive, send):
    """Some libraries make tasks of whatever is to be awaited."""
    event = await asyncio.create_task(receive())
    await asyncio.create_task(send({"type": "http.response.start", "status": 200, "headers": []}))
    await asyncio.wait_for(send({"type": "http.response.body", "body": event["type"].encode()}), 30)


async def pieces(scope, receive, send):
    await begin(send)
    await send({"type": "http.response.body", "body": b"first", "more_body": True})
    await go.wait()
    await send({"type": "http.response.body", "body": b"second", "more_body": True})
    await send({"type": "http.response.body"})


go = asyncio.Event()


async def let_go(scope, receive, send):
    go.set()
    await say(send, "gone")


async def raises(scope, receive, send):
    raise ValueError("at once")


async def raises_late(scope, receive, send):
    await begin(send)
    await send({"type": "http.response.body", "body": b"first", "more_body": True})
    raise ValueError("late")


async def exits(scope, receive, send):
    raise SystemExit(3)


async def returns(scope, receive, send):
    pass


async def returns_early(scope, receive, send):
    await begin(send)
    await send({"type": "http.response.body", "body": b"first", "more_body": True})


async def body_first(scope, receive, send):
    await send({"type": "http.response.body", "body": b"x"})


async def begins_twice(scope, receive, send):
    await begin(send)
    await begin(send)


async def unknown_event(scope, receive, send):
    await send({"type": "http.nothing"})


async def text_body(scope, receive, send):
    await begin(send)
    await send({"type": "http.response.body", "body": "text"})


async def injected(scope, receive, send):
    await begin(send, 200, [(b"x-a", b"a\r\nx-b: b")])


async def waits_for_the_end(scope, receive, send):
    await receive()
    await begin(send)
    await send({"type": "http.response.body", "body": b"first", "more_body": True})
    heard.append((await receive())["type"])


async def sends_for_ever(scope, receive, send):
    await begin(send)
    count = 0
    try:
        while True:
            await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
            count += 1
            told["count"] = count
    except OSError as error:
        heard.append(type(error).__name__)


async def what_was_heard(scope, receive, send):
    names = ",".join(heard)
    heard.clear()
    await say(send, names)


async def how_much_was_sent(scope, receive, send):
    await say(send, str(told.get("count", 0)))


async def refuses(scope, receive, send):
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.close"})


async def accepts(scope, receive, send):
    assert (await receive())["type"] == "websocket.connect"
    chosen = scope["subprotocols"][0] if scope["subprotocols"] else None
    await send({"type": "websocket.accept", "subprotocol": chosen, "headers": [(b"x-a", b"1")]})
    heard.append((await receive())["type"])


async def raises_in_a_socket(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    raise ValueError("in a socket")


async def echo_at_once(scope, receive, send):
    """Sends each piece back before it receives the next."""
    await begin(send)
    more = True
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            heard.append("http.disconnect")
            return
        more = event["more_body"]
        await send({"type": "http.response.body", "body": event["body"], "more_body": more})


async def counts(scope, receive, send):
    """How long the body is; or why it has no end."""
    length, event = 0, {"more_body": True}
    while event.get("more_body"):
        event = await receive()
        length += len(event.get("body", b""))
        told["length"] = length
    if event["type"] == "http.disconnect":
        heard.append(event["type"])
    await say(send, str(length))


async def has_come(scope, receive, send):
    """How much of a body has come; it is asked once."""
    await say(send, str(told.pop("length", 0)))


async def counts_when_let_go(scope, receive, send):
    await go.wait()
    await counts(scope, receive, send)


async def gives_up_waiting(scope, receive, send):
    """Waits for more in vain, and then for what comes."""
    first = await receive()
    try:
        await asyncio.wait_for(receive(), 0.05)
    except asyncio.TimeoutError:
        heard.append("in vain")
    second = await receive()
    await say(send, (first["body"] + second["body"]).decode())


async def never_receives(scope, receive, send):
    await say(send, "whatever")


MEGABYTE = b"x" * (1024 * 1024)
LARGE = []


async def large(scope, receive, send, status=200, headers=()):
    """One object of fifty megabytes, the same for everybody."""
    if not LARGE:
        LARGE.append(MEGABYTE * 50)
    await begin(send, status, headers)
    await send({"type": "http.response.body", "body": LARGE[0]})


async def large_and_announced(scope, receive, send):
    headers = [(b"content-length", str(len(MEGABYTE) * 50).encode())]
    await large(scope, receive, send, headers=headers)


async def large_and_not_modified(scope, receive, send):
    await large(scope, receive, send, 304)


async def large_in_pieces(scope, receive, send):
    await begin(send)
    for _ in range(50):
        await send({"type": "http.response.body", "body": MEGABYTE, "more_body": True})
    await send({"type": "http.response.body"})


async def stops_here(scope, receive, send):
    told = "before"
    breakpoint(header="look around")
    await say(send, told)
