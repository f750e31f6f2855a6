"""The sections of the language, one file each: a pydantic shape, and how it becomes the model."""

import os

# Looking for pydantic plugins reads the metadata of every installed package: 20 ms of each start.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
