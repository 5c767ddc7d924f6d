"""What is easier said in Python than in Rust: the parts of ASGI that run once."""

# ANCHOR: imports
import asyncio
import sys
# ANCHOR_END: imports


# ANCHOR: tasks
async def wait(future):
    return await future


async def perform(app, scope, receive, send, returned):
    """A task: one call of the application. Whatever it raises is its own affair."""
    try:
        await app(scope, receive, send)
    except BaseException as error:
        returned(error)
    else:
        returned()
# ANCHOR_END: tasks


# ANCHOR: lifespan
class Lifespan:
    """The application hears when the server begins and when it ends, if it wants to."""

    def __init__(self, app, say_failure):
        self.app, self.say_failure = app, say_failure
        self.state = {}
        self.events = asyncio.Queue()
        self.answers = asyncio.Queue()
        self.task = None
        self.failed = False

    async def run(self):
        scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self.state,
        }
        try:
            await self.app(scope, self.events.get, self.answers.put)
            self.answers.put_nowait({"type": "returned"})
        except BaseException as error:
            self.answers.put_nowait({"type": "raised", "error": error})

    async def startup(self):
        """Begins. An application that knows nothing of this raises an error, and is served."""
        self.task = asyncio.create_task(self.run())
        self.events.put_nowait({"type": "lifespan.startup"})
        answer = await self.answers.get()
        if answer["type"] == "lifespan.startup.failed":
            print("lesson13: the application has not started:", answer.get("message", ""), file=sys.stderr)
            return False
        if answer["type"] in ("returned", "raised"):
            self.task = None
        return True

    async def shutdown(self):
        if self.task is None:
            return True
        self.events.put_nowait({"type": "lifespan.shutdown"})
        answer = await self.answers.get()
        if answer["type"] == "lifespan.shutdown.failed":
            print("lesson13: the application has not stopped well:", answer.get("message", ""), file=sys.stderr)
            return False
        if answer["type"] == "raised":
            self.say_failure(answer["error"])
            return False
        return True
# ANCHOR_END: lifespan


# ANCHOR: serve
async def serve(app, server):
    loop = asyncio.get_running_loop()
    lifespan = Lifespan(app, server.say_failure)
    if not await lifespan.startup():
        return False
    closed = loop.create_future()
    server.open(loop, wait, closed, lifespan.state)
    loop.add_reader(server.fileno(), server.turn)
    server.turn()
    await closed
    loop.remove_reader(server.fileno())
    return await lifespan.shutdown()


def run(app, server, name):
    if name == "uvloop":
        import uvloop

        return uvloop.run(serve(app, server))
    return asyncio.run(serve(app, server))
# ANCHOR_END: serve
