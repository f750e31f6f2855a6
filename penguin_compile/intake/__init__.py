"""An app as it is today, files, table and gateway, read into a first spec."""
