"""Speed, measured on made-up specs beside floors of the same run; `make bench` prints it."""
