"""The last layer of an ONNX file, found and replaced in the file's bytes; all else stays as it is.

An installation that only reads digits has no `onnx` package. The file is a protocol buffer, of which little
has to be understood here: fields follow each other, each begins with its number and its kind, and one that
holds bytes, a text or further fields says how long it is. The fields' numbers are those of onnx.proto3.

Sources: protobuf.dev/programming-guides/encoding; github.com/onnx/onnx, onnx/onnx.proto3.

Letters: F features, C outputs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inkdigits.errors import ModelError
from inkdigits.reading.model_file import METADATA_KEY

__all__ = ["LastLayer", "find_last_layer", "with_kernel", "with_metadata", "with_output"]

_FLOAT = 1  # TensorProto.DataType
_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5  # kinds of fields
_FIXED_SIZES = {_FIXED_64: 8, _FIXED_32: 4}
_MOST_BITS = 64  # of a number

# Numbers of fields.
_MODEL_GRAPH, _MODEL_METADATA = 7, 14
_GRAPH_NODE, _GRAPH_INITIALIZER, _GRAPH_OUTPUT = 1, 5, 12
_NODE_INPUT, _NODE_OUTPUT, _NODE_OPERATOR, _NODE_ATTRIBUTE = 1, 2, 4, 5
_TENSOR_SIZES, _TENSOR_TYPE, _TENSOR_NAME, _TENSOR_RAW = 1, 2, 8, 9
_VALUE_NAME = 1
_ENTRY_KEY, _ENTRY_VALUE = 1, 2


@dataclass(frozen=True, eq=False)
class LastLayer:
    """A dense layer, logits = features @ kernel + bias.

    Attributes:
        features: the name of what goes into it.
        kernel: (F, C).
        place: where the kernel's numbers are in the file.
    """

    features: str
    kernel: NDArray[np.float32]
    place: slice


def find_last_layer(model: bytes, output: str, name: str) -> LastLayer:
    """The dense layer that gives an output.

    Args:
        model: the bytes of an ONNX file.
        output: the name of the output.
        name: what errors call the file.

    Raises:
        ModelError: no such layer gives it, or its weights are not kept as `inkdigits train` keeps them.
    """
    try:
        return _found(model, output)
    except (IndexError, UnicodeDecodeError, ValueError) as error:
        raise ModelError(
            name,
            expected="a model that inkdigits trained, whose last layer is a dense one",
            found=str(error) or "a file that is cut off",
            remedy="Adapt the bundled model, or one that inkdigits train wrote.",
        ) from error


def with_kernel(model: bytes, layer: LastLayer, kernel: NDArray[np.floating]) -> bytes:
    """The file with another kernel (F, C) in a layer that was found in it."""
    numbers = np.ascontiguousarray(kernel.reshape(layer.kernel.shape), "<f4").tobytes()
    return model[: layer.place.start] + numbers + model[layer.place.stop :]


def with_output(model: bytes, output: str) -> bytes:
    """The file with one more output, which is a value inside its graph.

    A second graph is appended that holds nothing else: where a field that occurs once comes twice, readers of
    protocol buffers join both.
    """
    value = _field(_VALUE_NAME, output.encode())
    return model + _field(_MODEL_GRAPH, _field(_GRAPH_OUTPUT, value))


def with_metadata(model: bytes, metadata: Mapping[str, object]) -> bytes:
    """The file with another JSON object under the key `inkdigits`."""
    kept, before = [], 0
    for number, value, after in _fields(model, slice(0, len(model))):
        is_ours = (
            number == _MODEL_METADATA
            and isinstance(value, slice)
            and _texts(model, value, _ENTRY_KEY) == [METADATA_KEY]
        )
        if not is_ours:
            kept.append(model[before:after])
        before = after
    entry = _field(_ENTRY_KEY, METADATA_KEY.encode())
    entry += _field(_ENTRY_VALUE, json.dumps(metadata, sort_keys=True).encode())
    return b"".join(kept) + _field(_MODEL_METADATA, entry)


def _found(model: bytes, output: str) -> LastLayer:
    graph = _only(_places(model, slice(0, len(model)), _MODEL_GRAPH), "one graph")
    nodes = _places(model, graph, _GRAPH_NODE)
    last = _only([node for node in nodes if output in _texts(model, node, _NODE_OUTPUT)], "one last layer")
    inputs = _texts(model, last, _NODE_INPUT)
    is_plain = not _places(model, last, _NODE_ATTRIBUTE) and len(inputs) == 3
    if not is_plain or _texts(model, last, _NODE_OPERATOR) != ["Gemm"]:
        raise ValueError("another last layer")
    tensors = _places(model, graph, _GRAPH_INITIALIZER)
    kernels = [tensor for tensor in tensors if inputs[1] in _texts(model, tensor, _TENSOR_NAME)]
    kernel = _only(kernels, "one kernel in the last layer")
    place = _only(_places(model, kernel, _TENSOR_RAW), "one block of bytes in the kernel")
    sizes = _numbers(model, kernel, _TENSOR_SIZES)
    numbers = np.frombuffer(model[place], "<f4").astype(np.float32)
    is_table = len(sizes) == 2 and sizes[0] * sizes[1] == len(numbers)
    if _numbers(model, kernel, _TENSOR_TYPE) != [_FLOAT] or not is_table:
        raise ValueError("a kernel that is no table of floats of 32 bits")
    return LastLayer(inputs[0], numbers.reshape(sizes), place)


def _only(found: list[slice], what: str) -> slice:
    if len(found) != 1:
        raise ValueError(f"{len(found)} where {what} should be")
    return found[0]


# Protocol buffers.


def _fields(model: bytes, within: slice) -> Iterator[tuple[int, int | slice, int]]:
    """Each field in a part of the file: its number, what it holds, and where the next one begins.

    What it holds is a number, or the place of its bytes.

    Raises:
        IndexError: the file ends too early.
        ValueError: it is no protocol buffer.
    """
    at = within.start
    while at < within.stop:
        key, at = _varint(model, at)
        number, kind = key >> 3, key & 7
        value: int | slice
        if kind == _VARINT:
            value, at = _varint(model, at)
        elif kind == _BYTES or kind in _FIXED_SIZES:
            size, at = _varint(model, at) if kind == _BYTES else (_FIXED_SIZES[kind], at)
            value, at = slice(at, at + size), at + size
        else:
            raise ValueError(f"a field of the unknown kind {kind}")
        if at > within.stop:
            raise ValueError("a field that is cut off")
        yield number, value, at


def _places(model: bytes, within: slice, wanted: int) -> list[slice]:
    """Where the bytes are of all fields of one number."""
    return [
        value for number, value, _ in _fields(model, within) if number == wanted and isinstance(value, slice)
    ]


def _numbers(model: bytes, within: slice, wanted: int) -> list[int]:
    """The numbers in all fields of one number."""
    return [
        value for number, value, _ in _fields(model, within) if number == wanted and isinstance(value, int)
    ]


def _texts(model: bytes, within: slice, wanted: int) -> list[str]:
    return [model[place].decode() for place in _places(model, within, wanted)]


def _varint(model: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and what comes after it."""
    number = 0
    for shift in range(0, _MOST_BITS, 7):
        byte = model[at]
        number, at = number | (byte & 0x7F) << shift, at + 1
        if byte < 0x80:
            return number, at
    raise ValueError("a number that does not end")


def _field(number: int, content: bytes) -> bytes:
    return _as_varint(number << 3 | _BYTES) + _as_varint(len(content)) + content


def _as_varint(number: int) -> bytes:
    written = b""
    while number > 0x7F:
        written += bytes([number & 0x7F | 0x80])
        number >>= 7
    return written + bytes([number])
