"""Settings in FastAPI: hypercorn fastapi_app:app."""

from fastapi import FastAPI

from penguin_compile.runtime import open_settings

app = FastAPI()
settings = open_settings("generated/greeter/default/runtime/manifest.json")


@app.get("/")
async def greet() -> dict[str, object]:
    """What visitors read, as the table says it now."""
    return {"greeting": settings.greeting, "source": settings.source("greeting")}
