"""What an app is, past the text: frozen dataclasses."""
