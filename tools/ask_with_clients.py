"""Ask a running service with the clients of others: `python tools/ask_with_clients.py http://127.0.0.1:8000`.

Triton's client (`tritonclient[http]`) and KServe's, as they come, in an environment without inkdigits: they
need other versions of what it uses. Each sends two images and has to get a digit and a refusal.
"""

from __future__ import annotations

import asyncio
import sys
import time

import numpy as np
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig
from tritonclient import http as triton

__all__ = ["ask_kserve", "ask_triton", "main", "wait_until_ready"]

_MODEL = "inkdigits"
_START_S = 60.0


def images() -> np.ndarray:
    """(2, 28, 28) a bar, which is a one, and a frame, which is no digit; 0 paper to 255 ink."""
    made = np.zeros((2, 28, 28), np.uint8)
    made[0, 4:24, 13:15] = 255
    made[1, 4:24, 8:20] = 255
    made[1, 7:21, 11:17] = 0
    return made


def ask_triton(address: str) -> list[int]:
    """The digits that Triton's client gets, once in raw tensors and once in JSON."""
    client = triton.InferenceServerClient(address.removeprefix("http://"))
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready(_MODEL)
    assert client.get_server_metadata()["name"] == _MODEL
    (described,) = client.get_model_metadata(_MODEL)["inputs"]
    assert client.get_model_config(_MODEL)["input"][0]["name"] == described["name"]
    assert client.get_model_repository_index()[0]["state"] == "READY"
    answers = []
    for binary in (True, False):
        tensor = triton.InferInput(described["name"], [2, 28, 28], "UINT8")
        tensor.set_data_from_numpy(images(), binary_data=binary)
        outputs = [triton.InferRequestedOutput("digit", binary_data=binary)]
        answers.append(client.infer(_MODEL, [tensor], outputs=outputs).as_numpy("digit").tolist())
    assert answers[0] == answers[1], answers
    assert client.get_inference_statistics(_MODEL)["model_stats"][0]["inference_count"] >= 2
    compressed = client.infer(_MODEL, [tensor], response_compression_algorithm="gzip")
    assert compressed.as_numpy("digit").tolist() == answers[0]
    client.close()
    return list(answers[0])


async def ask_kserve(address: str) -> list[int]:
    """The digits that KServe's client gets over the Open Inference Protocol, as JSON and as raw tensors."""
    client = InferenceRESTClient(RESTConfig(protocol="v2", retries=0))
    assert await client.is_server_live(address)
    assert await client.is_server_ready(address)
    assert await client.is_model_ready(address, _MODEL)
    answers = []
    for binary in (False, True):
        tensor = InferInput("images", [2, 28, 28], "UINT8")
        tensor.set_data_from_numpy(images(), binary_data=binary)
        answer = await client.infer(address, InferRequest(_MODEL, [tensor]), model_name=_MODEL)
        (digit,) = (output for output in answer.outputs if output.name == "digit")
        answers.append(digit.as_numpy().tolist())
    await client.close()
    assert answers[0] == answers[1], answers
    return list(answers[0])


def wait_until_ready(address: str) -> None:
    """Give the service a minute to start."""
    client = triton.InferenceServerClient(address.removeprefix("http://"))
    give_up_s = time.monotonic() + _START_S
    while True:
        try:
            client.is_server_ready()
            return
        except OSError:
            if time.monotonic() > give_up_s:
                raise
            time.sleep(0.2)


def main() -> None:
    """Ask with both."""
    address = sys.argv[1]
    wait_until_ready(address)
    by_triton, by_kserve = ask_triton(address), asyncio.run(ask_kserve(address))
    print(f"Triton's client got {by_triton}, KServe's {by_kserve}")
    if not by_triton == by_kserve == [1, -1]:
        sys.exit("expected 1 and -1, a refusal, of both")


if __name__ == "__main__":
    main()
