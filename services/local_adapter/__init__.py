"""The local model behind `ModelAdapterService`: embedded llama.cpp, or a server at `LOCAL_INFER_URL`."""
