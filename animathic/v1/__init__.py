"""Generated protobuf and gRPC stubs of package animathic.v1."""
