"""How fast each stage of each command is, beside its floors and peers; `make bench` prints it."""
