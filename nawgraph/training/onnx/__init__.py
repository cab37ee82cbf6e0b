"""House networks as ONNX files, in float32 and INT8."""
