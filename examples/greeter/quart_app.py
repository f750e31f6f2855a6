"""Settings in Quart: hypercorn quart_app:app."""

from quart import Quart

from penguin_compile.runtime import open_settings

app = Quart(__name__)
settings = open_settings("generated/greeter/default/runtime/manifest.json")


@app.get("/")
async def greet() -> dict[str, object]:
    """What visitors read, as the table says it now."""
    return {"greeting": settings.greeting, "source": settings.source("greeting")}
