"""Shape errors to diagnostics, shapes to the model, references to what they name."""
