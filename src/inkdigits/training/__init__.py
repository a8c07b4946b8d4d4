"""From a recipe to a run folder with one ONNX file."""

__all__ = ()
