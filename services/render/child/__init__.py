"""What runs in the fork server and in its children: Manim, painting and encoding. Never imports gRPC."""
