"""One file per step of the state tables' schema."""
