"""Generated protobuf stubs that no Python package of their own provides."""
