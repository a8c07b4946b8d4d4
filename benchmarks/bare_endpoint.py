"""The peer of `benchmarks/service.py`: what a tutorial would write around the same model, without any limit.

python benchmarks/bare_endpoint.py PORT
"""

from __future__ import annotations

import io
import sys

import numpy as np
import onnxruntime
import PIL.Image
import uvicorn
from fastapi import FastAPI, Request

from inkdigits.reading.model_file import bundled_model

app = FastAPI()
_options = onnxruntime.SessionOptions()
_options.intra_op_num_threads = 1  # as ours; for one small image it is also the quickest
_session = onnxruntime.InferenceSession(bundled_model(), _options, providers=["CPUExecutionProvider"])
_input = _session.get_inputs()[0].name


@app.post("/v1/predict")
async def predict(request: Request) -> dict[str, object]:
    """Shrink the picture to 28x28, invert it, and ask the model."""
    image = PIL.Image.open(io.BytesIO(await request.body())).convert("L").resize((28, 28))
    ink = 1 - np.asarray(image, np.float32) / 255
    (scores,) = _session.run(None, {_input: ink[None]})
    odds = np.exp(scores[0, :10] - scores[0, :10].max())
    return {"digit": int(odds.argmax()), "probabilities": (odds / odds.sum()).tolist()}


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False)
