"""What every service stands on: server, channels, errors, identity, metrics, tracing, storage."""
