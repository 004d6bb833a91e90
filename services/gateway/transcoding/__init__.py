"""HTTP and JSON to gRPC for any set of service descriptors, after `google.api.http`.

Knows no method by name: routes, access rules and download options are read from descriptors, channels
come from a resolver, and who may call is decided by an authenticator. See `transcoder.Transcoder`.
"""
