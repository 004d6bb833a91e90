"""What can write a storyboard: embedded llama.cpp, or a server at `LOCAL_INFER_URL`."""
