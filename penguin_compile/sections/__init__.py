"""The sections of the language, one file each: a pydantic shape, and how it becomes the model."""
