"""Networks for other tools: torch modules and QONNX files."""
