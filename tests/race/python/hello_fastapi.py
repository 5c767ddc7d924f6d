"""Hello from FastAPI: a function that is awaited, and an object that becomes JSON."""

from fastapi import FastAPI

app = FastAPI()


@app.get("/")
async def hello():
    return {"Hello": "World"}
