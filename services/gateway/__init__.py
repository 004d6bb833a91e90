"""The edge of the mesh: REST and gRPC in, gRPC out, driven by the contracts' descriptors."""
