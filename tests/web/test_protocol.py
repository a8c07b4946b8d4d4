"""The Open Inference Protocol, as clients of KServe and Triton speak it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from importlib import metadata, resources
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from inkdigits.reading.recognizer import Recognizer
from inkdigits.web.settings import ServiceSettings
from tests.web.serving import Served, served

INFER = "/v2/models/inkdigits/infer"
LENGTH = "Inference-Header-Content-Length"


@pytest.fixture(scope="module")
def service() -> Iterator[Served]:
    with served(ServiceSettings(max_images=5, max_json_bytes=60_000)) as running:
        yield running


@pytest.fixture(scope="module")
def images() -> NDArray[np.uint8]:
    """(3, 28, 28) a four and a seven as in MNIST, and a blank."""
    samples = resources.files("inkdigits") / "samples"
    read = [
        Recognizer().examine((samples / name).read_bytes())
        for name in ("4_open_blue_ink.png", "7_crossed_biro.png")
    ]
    ink = [np.rint(one.normalized.ink * 255).astype(np.uint8) for one in read]
    return np.stack([*ink, np.zeros((28, 28), np.uint8)])


def call_with(images: NDArray[np.generic], **members: object) -> dict[str, Any]:
    tensor = {"name": "images", "shape": list(images.shape), "datatype": "UINT8", "data": images.tolist()}
    return {"inputs": [tensor], **members}


def changed(call: dict[str, Any], **members: object) -> dict[str, Any]:
    """The same call with other members of its tensor; None takes one away."""
    tensor = {name: value for name, value in (call["inputs"][0] | members).items() if value is not None}
    return {**call, "inputs": [tensor]}


def tensors(answer: dict[str, Any]) -> dict[str, NDArray[Any]]:
    kinds = {"FP32": np.float32, "INT64": np.int64, "BOOL": np.bool_}
    return {
        one["name"]: np.asarray(one["data"], kinds[one["datatype"]]).reshape(one["shape"])
        for one in answer["outputs"]
    }


# What there is.


def test_the_server_and_its_health(service: Served) -> None:
    assert service.client.get("/v2").json() == {
        "name": "inkdigits",
        "version": metadata.version("inkdigits"),
        "extensions": ["binary_tensor_data", "model_configuration", "statistics"],
    }
    assert service.client.get("/v2/health/live").json() == {"live": True}
    assert service.client.get("/v2/health/ready").json() == {"ready": True}


@pytest.mark.parametrize("path", ["/v2/models/inkdigits", "/v2/models/inkdigits/versions/1"])
def test_the_model(service: Served, path: str) -> None:
    model = service.client.get(path).json()
    assert (model["name"], model["versions"], model["platform"]) == ("inkdigits", ["1"], "onnx_onnxv1")
    assert model["inputs"] == [{"name": "images", "datatype": "UINT8", "shape": [-1, 28, 28]}]
    assert {one["name"]: (one["datatype"], one["shape"]) for one in model["outputs"]} == {
        "probabilities": ("FP32", [-1, 10]),
        "digit": ("INT64", [-1]),
        "refused": ("BOOL", [-1]),
    }
    assert service.client.get(f"{path}/ready").json() == {"name": "inkdigits", "ready": True}


@pytest.mark.parametrize(
    "path", ["/v2/models/other", "/v2/models/inkdigits/versions/2", "/v2/models/other/versions/1/ready"]
)
def test_another_model(service: Served, path: str) -> None:
    answer = service.client.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"] == answer.json()["detail"]  # the protocol's own word for it
    assert "'inkdigits'" in answer.json()["error"]


# What Triton's clients ask too.


@pytest.mark.parametrize("path", ["/v2/models/inkdigits", "/v2/models/inkdigits/versions/1"])
def test_the_configuration_is_the_model_without_the_number_of_images(service: Served, path: str) -> None:
    config, model = service.client.get(f"{path}/config").json(), service.client.get(path).json()
    assert (config["name"], config["backend"], config["max_batch_size"]) == ("inkdigits", "onnxruntime", 5)
    for described, configured in (("inputs", "input"), ("outputs", "output")):
        for tensor, one in zip(model[described], config[configured], strict=True):
            sides = one["reshape"]["shape"] if "reshape" in one else one["dims"]
            assert (one["name"], one["data_type"]) == (tensor["name"], f"TYPE_{tensor['datatype']}")
            assert [-1, *sides] == tensor["shape"]


def test_the_statistics_count_what_was_read(images: NDArray[np.uint8]) -> None:
    with served() as running:
        (before,) = running.client.get("/v2/models/stats").json()["model_stats"]
        running.client.post(INFER, json=call_with(images))
        running.client.post("/v1/predict", content=b"no picture", headers={"content-type": "image/png"})
        (after,) = running.client.get("/v2/models/inkdigits/stats").json()["model_stats"]
        assert running.client.get("/v2/models/inkdigits/versions/1/stats").json() == {"model_stats": [after]}
    assert (before["inference_count"], before["execution_count"], before["batch_stats"]) == (0, 0, [])
    assert abs(time.time() - after["last_inference"] / 1e3) < 60
    assert after["inference_count"] == 4
    stats = after["inference_stats"]
    assert (stats["success"]["count"], stats["fail"]["count"], stats["queue"]["count"]) == (1, 1, 4)
    assert sum(one["compute_infer"]["count"] for one in after["batch_stats"]) == after["execution_count"]
    n_read = sum(one["batch_size"] * one["compute_infer"]["count"] for one in after["batch_stats"])
    assert n_read == after["inference_count"]
    assert 0 < stats["compute_infer"]["ns"] <= stats["success"]["ns"] + stats["fail"]["ns"]


@pytest.mark.parametrize("body", [b"", b"{}", b'{"ready": true}'])
def test_the_repository_has_one_model(service: Served, body: bytes) -> None:
    answer = service.client.post("/v2/repository/index", content=body)
    assert answer.json() == [{"name": "inkdigits", "version": "1", "state": "READY", "reason": ""}]


def test_an_index_that_is_asked_for_wrongly(service: Served) -> None:
    answer = service.client.post("/v2/repository/index", content=b'{"ready": 7}')
    assert (answer.status_code, "ready: expected a valid boolean" in answer.json()["error"]) == (400, True)


# Inference.


@pytest.mark.parametrize("path", [INFER, "/v2/models/inkdigits/versions/1/infer"])
def test_images_are_read(service: Served, images: NDArray[np.uint8], path: str) -> None:
    answer = service.client.post(path, json=call_with(images, id="mine"))
    assert answer.status_code == 200
    assert (answer.json()["model_name"], answer.json()["model_version"]) == ("inkdigits", "1")
    assert answer.json()["id"] == "mine"
    found = tensors(answer.json())
    assert found["digit"].tolist() == [4, 7, -1]
    assert found["refused"].tolist() == [False, False, True]
    expected = [Recognizer().predict(image).probabilities for image in images]
    np.testing.assert_allclose(found["probabilities"], expected, atol=1e-5)


def test_flat_or_nested_is_the_same(service: Served, images: NDArray[np.uint8]) -> None:
    call = call_with(images)
    flat = changed(call, data=images.ravel().tolist())
    assert service.client.post(INFER, json=flat).json() == service.client.post(INFER, json=call).json()


@pytest.mark.parametrize("shape", [(3, 28, 28), (3, 784), (3, 1, 28, 28), (3, 28, 28, 1)])
@pytest.mark.parametrize("datatype", ["UINT8", "FP32"])
@pytest.mark.parametrize("is_raw", [False, True], ids=["json", "raw"])
def test_shapes_and_types_that_other_models_take(
    service: Served, images: NDArray[np.uint8], shape: tuple[int, ...], datatype: str, is_raw: bool
) -> None:
    values = images if datatype == "UINT8" else (images / 255).astype(np.float32)
    call = changed(call_with(values), shape=list(shape), datatype=datatype)
    if is_raw:
        call = changed(call, data=None, parameters={"binary_data_size": values.nbytes})
    head = json.dumps(call).encode()
    headers = {LENGTH: str(len(head)), "content-type": "application/octet-stream"}
    content = head + values.tobytes() if is_raw else head
    answer = service.client.post(INFER, content=content, headers=headers)
    assert answer.json() == service.client.post(INFER, json=call_with(images)).json()


def test_what_is_not_a_number_is_refused(service: Served) -> None:
    values = np.full((1, 28, 28), np.nan, np.float32)
    size = {"binary_data_size": values.nbytes}
    call = changed(call_with(values), datatype="FP32", data=None, parameters=size)
    head = json.dumps(call).encode()
    headers = {LENGTH: str(len(head)), "content-type": "application/octet-stream"}
    answer = service.client.post(INFER, content=head + values.tobytes(), headers=headers)
    assert (answer.status_code, "from 0 to 1" in answer.json()["error"]) == (400, True)


def test_the_outputs_that_are_asked_for(service: Served, images: NDArray[np.uint8]) -> None:
    call = call_with(images, outputs=[{"name": "digit"}])
    answer = service.client.post(INFER, json=call).json()
    assert answer["outputs"] == [{"name": "digit", "datatype": "INT64", "shape": [3], "data": [4, 7, -1]}]
    assert "id" not in answer


def test_raw_tensors_both_ways(service: Served, images: NDArray[np.uint8]) -> None:
    size = {"binary_data_size": images.nbytes}
    call = changed(call_with(images, parameters={"binary_data_output": True}), data=None, parameters=size)
    head = json.dumps(call).encode()
    headers = {LENGTH: str(len(head)), "content-type": "application/octet-stream"}
    answer = service.client.post(INFER, content=head + images.tobytes(), headers=headers)
    assert answer.status_code == 200
    n_head = int(answer.headers[LENGTH])
    outputs, raw = json.loads(answer.content[:n_head])["outputs"], answer.content[n_head:]
    found = {}
    for output, kind in zip(outputs, (np.float32, np.int64, np.bool_), strict=True):
        size_of = output["parameters"]["binary_data_size"]
        found[output["name"]] = np.frombuffer(raw[:size_of], kind).reshape(output["shape"])
        raw = raw[size_of:]
    assert raw == b""
    as_json = tensors(service.client.post(INFER, json=call_with(images)).json())
    for name, tensor in found.items():
        np.testing.assert_array_equal(tensor, as_json[name])


def test_one_output_raw_and_one_not(service: Served, images: NDArray[np.uint8]) -> None:
    wanted = [{"name": "refused"}, {"name": "digit", "parameters": {"binary_data": True}}]
    answer = service.client.post(INFER, json=call_with(images, outputs=wanted))
    n_head = int(answer.headers[LENGTH])
    refused, digit = json.loads(answer.content[:n_head])["outputs"]
    assert refused["data"] == [False, False, True]
    assert digit["parameters"] == {"binary_data_size": 24}
    assert np.frombuffer(answer.content[n_head:], np.int64).tolist() == [4, 7, -1]


# Calls that make no sense.


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"name": "input"}, "inputs[0].name: expected 'images', found 'input'."),
        ({"datatype": "INT8"}, "inputs[0].datatype: expected 'UINT8' or 'FP32', found 'INT8'."),
        ({"shape": [3, 28, 29]}, "[N, 28, 28]"),
        ({"shape": [2, 1, 28, 28, 1]}, "[N, 28, 28]"),
        ({"shape": []}, "[N, 28, 28]"),
        ({"datatype": "FP32", "data": [2] * 2352}, "expected numbers from 0 to 1"),
        ({"datatype": "FP32", "data": [-0.5] * 2352}, "expected numbers from 0 to 1"),
        ({"datatype": "FP32", "data": [True] * 2352}, "expected 2352 numbers"),
        ({"parameters": {"shared_memory_region": "a"}}, "shared_memory_region: not supported here"),
        ({"shape": [0, 28, 28], "data": []}, "[N, 28, 28]"),
        ({"shape": [True, 28, 28]}, "inputs[0].shape[0]: expected a valid integer"),
        ({"shape": None}, "inputs[0].shape: expected a value, found nothing"),
        ({"shape": [2, 28, 28]}, "1568 whole numbers"),
        ({"data": None}, "2352 whole numbers"),
        ({"data": "pixels"}, "inputs[0].data: expected a valid array"),
        ({"data": [[1, 2], [3]]}, "2352 whole numbers"),
        ({"data": [0.5] * 2352}, "2352 whole numbers"),
        ({"data": [True] * 2352}, "2352 whole numbers"),
        ({"data": [10**20] * 2352}, "2352 whole numbers"),
        ({"data": [256] * 2352}, "from 0 to 255"),
        ({"data": [-1] * 2352}, "from 0 to 255"),
        ({"data": None, "parameters": {"binary_data_size": 2352}}, "raw bytes"),
        ({"parameters": []}, "inputs[0].parameters: expected an object"),
    ],
)
def test_a_tensor_that_does_not_fit(
    service: Served, images: NDArray[np.uint8], members: dict[str, object], said: str
) -> None:
    answer = service.client.post(INFER, json=changed(call_with(images), **members))
    assert answer.status_code == 400
    assert said in answer.json()["error"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no JSON",
        b"[]",
        b"{}",
        b'{"inputs": []}',
        b'{"inputs": [1]}',
        b'{"inputs": {"name": "images"}}',
        b"[" * 20_000,
        b"\xff\xfe",
        b"9" * 10_000,
    ],
)
def test_no_call(service: Served, body: bytes) -> None:
    answer = service.client.post(INFER, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "members",
    [
        {"id": 7},
        {"id": "\ud800"},
        {"parameters": 7},
        {"outputs": 7},
        {"outputs": [7]},
        {"outputs": [{"name": "letters"}]},
        {"outputs": [{"name": ["digit"]}]},
        {"outputs": [{"name": "digit", "parameters": 7}]},
        {"outputs": [{"name": "digit", "parameters": {"classification": 3}}]},
        {"outputs": [{"name": "digit", "parameters": {"shared_memory_region": "a"}}]},
        {"parameters": {"sequence_id": 1}},
    ],
)
def test_members_that_make_no_sense(
    service: Served, images: NDArray[np.uint8], members: dict[str, object]
) -> None:
    content = json.dumps(call_with(images, **members))
    answer = service.client.post(INFER, content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 400


@pytest.mark.parametrize("length", ["", "-1", "x", "1e3", "99999999", "9" * 50])
def test_a_length_that_is_none(service: Served, length: str) -> None:
    headers = {LENGTH: length, "content-type": "application/json"}
    assert service.client.post(INFER, content=b"{}", headers=headers).status_code == 400


def test_too_much_of_it(service: Served) -> None:
    many = np.zeros((6, 28, 28), np.uint8)
    answer = service.client.post(INFER, json=call_with(many))
    assert (answer.status_code, "at most 5 images" in answer.json()["error"]) == (413, True)
    wordy = call_with(many[:1], id="x" * 60_000)
    answer = service.client.post(INFER, json=wordy)
    assert (answer.status_code, "60000 bytes of JSON" in answer.json()["error"]) == (413, True)


def test_another_type(service: Served) -> None:
    headers = {"content-type": "text/plain"}
    assert service.client.post(INFER, content=b"{}", headers=headers).status_code == 415
