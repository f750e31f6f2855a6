"""An app as it is today: its Compose files, env files, table and gateway, read into a first spec."""
