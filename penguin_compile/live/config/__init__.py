"""The config table of an app's database."""
