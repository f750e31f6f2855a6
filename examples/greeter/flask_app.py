"""Settings in Flask: flask --app flask_app run."""

from flask import Flask

from penguin_compile.runtime import open_settings

app = Flask(__name__)
settings = open_settings("generated/greeter/default/runtime/manifest.json")


@app.get("/")
def greet() -> dict[str, object]:
    """What visitors read, as the table says it now."""
    return {"greeting": settings.greeting, "source": settings.source("greeting")}
