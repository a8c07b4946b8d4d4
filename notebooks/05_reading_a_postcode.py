# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Reading a postcode: from one digit to CTC
#
# A digit classifier reads one digit. A postcode has five, nobody says where one ends, and they touch. This notebook goes
# from "cut it into digits" to what readers of whole numbers really do: look at every column, and let the CTC rule and
# a beam search make a text of it. At the end a list of valid postcodes changes the answer, and how sure it is.
#
# Everything is drawn here, from pen strokes, and read by the bundled models: no dataset, no training, a few seconds.

# %%
# %matplotlib inline
import cv2
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from inkdigits import NumberReader, Recognizer
from inkdigits.layout.cuts import cut_line
from inkdigits.layout.fields import find_field
from inkdigits.reading.numbers.beam import beam_search, log_likelihoods
from inkdigits.reading.numbers.drawing import draw_reading, number_verdict
from inkdigits.reading.numbers.line_model import BLANK, OUTPUTS, LineModel, bundled_line_model
from inkdigits.synthesis.pens import Pen, draw

generator = np.random.default_rng(0)

# %% [markdown]
# ## A number from pen strokes
#
# A pen path is a line of points, (x, y). These are five digits as somebody might write them, each in a box from 0 to 1.

# %%
around = np.linspace(-0.5 * np.pi, 1.5 * np.pi, 24)
ring = np.stack([0.5 + 0.42 * np.cos(around), 0.5 + 0.5 * np.sin(around)], axis=1)
bows = [
    (0.2, 0.1),
    (0.5, 0),
    (0.82, 0.16),
    (0.75, 0.38),
    (0.42, 0.47),
    (0.8, 0.55),
    (0.88, 0.8),
    (0.5, 1),
    (0.12, 0.88),
]
loops = [
    (0.75, 0.15),
    (0.5, 0),
    (0.22, 0.2),
    (0.5, 0.46),
    (0.82, 0.75),
    (0.5, 1),
    (0.16, 0.77),
    (0.5, 0.48),
    (0.78, 0.2),
]
paths = {
    "0": [ring],
    "1": [np.array([(0.28, 0.28), (0.58, 0.0), (0.55, 1.0)])],
    "3": [np.array(bows)],
    "7": [np.array([(0.1, 0.03), (0.85, 0.0), (0.45, 1.0)])],
    "8": [np.array(loops)],
}

# %% [markdown]
# Placed one after another, drawn with a pen on grey paper with a little noise, they make a postcode. `gap` is the space between two
# digits, by their width: below 0 they overlap.

# %%
pages = {}
for gap in (0.1, -0.3):
    step = 52 * (1 + gap)
    strokes = [
        path * [52, 76] + [40 + step * place, 42]
        for place, digit in enumerate("80331")
        for path in paths[digit]
    ]
    ink = draw(strokes, (160, 400), Pen(6.0), generator)  # 0 paper to 255 ink
    pages[gap] = np.clip(225 - 0.75 * ink + generator.normal(0, 4, ink.shape), 0, 255).astype(np.uint8)
apart, touching = pages.values()
_, axes = plt.subplots(1, 2, figsize=(9, 2.2))
for axis, page in zip(axes, pages.values(), strict=True):
    axis.imshow(page, cmap="gray", vmin=0, vmax=255)
    axis.set_axis_off()

# %% [markdown]
# ## Cut it into pieces, read each
#
# The obvious way: find the connected pieces of ink, sort them from left to right, and give each to a reader of digits.

# %%
recognizer = Recognizer()
for name, page in {"apart": apart, "touching": touching}.items():
    _, _, stats, _ = cv2.connectedComponentsWithStats((page < 150).astype(np.uint8))
    pieces = sorted(tuple(piece[:4]) for piece in stats[1:] if piece[4] > 60)
    crops = [page[max(y - 8, 0) : y + h + 8, max(x - 8, 0) : x + w + 8] for x, y, w, h in pieces]
    answers = [recognizer.predict(crop) for crop in crops]
    said = [answer.label or f"({answer.reason})" for answer in answers]
    print(f"{name}: {len(pieces)} pieces, read as {' '.join(said)}")

# %% [markdown]
# As long as the digits stand apart, this works. Where they touch, two digits are one piece, and no reader of single
# digits can say what it is. Cutting at the thinnest place helps now and then, but to know where to cut one has to know
# what is written, and to know what is written one has to cut (Sayre's paradox, 1973). The way out is not to cut at all.
#
# ## Look at every column
#
# The line model takes the number as a strip, 32 pixels high. For every second column it gives the probabilities of 18
# outputs: ten digits, six separators, "some other mark", and the *blank*, which stands for "no new mark here".

# %%
field = find_field(touching)
line = cut_line(field.darkness, field.cuts[0])  # (32, W): 0 paper to 1 ink
(frames,) = LineModel(bundled_line_model()).log_probabilities([line])  # (T, 18) natural logarithms
probabilities = np.exp(frames)
print(f"{line.shape[1]} columns, {len(frames)} frames")

# %%
_, (above, below) = plt.subplots(2, 1, figsize=(9, 4.4), sharex=True, height_ratios=[1, 2])
extent = (0, line.shape[1], 0, 32)
above.imshow(1 - line, cmap="gray", aspect="auto", extent=extent)
above.set_yticks([])
below.imshow(probabilities[:, :11].T, cmap="Blues", aspect="auto", extent=(0, line.shape[1], 10.5, -0.5))
below.set_yticks(range(11), ["blank", *OUTPUTS[1:11]])
_ = below.set_xlabel("column of the strip")

# %% [markdown]
# Most frames say *blank*. Each digit flares up for a frame or two near its middle, and the model has never been told
# where digits begin and end: it was trained on strips and texts alone. That is what the CTC loss makes possible
# (connectionist temporal classification; Graves and others, 2006).
#
# ## The CTC rule, by hand
#
# To get a text from the frames, take the likeliest output of each frame, melt runs of the same output into one, and
# drop the blanks.

# %%
best = probabilities.argmax(axis=1)
as_seen = "".join("·" if code == BLANK else OUTPUTS[code] for code in best)
melted = [code for place, code in enumerate(best) if place == 0 or code != best[place - 1]]
text = "".join(OUTPUTS[code] for code in melted if code != BLANK)
print(as_seen)
print(text)

# %% [markdown]
# The blank is what keeps "33" from becoming "3": between the two threes there has to be a frame that says blank.
#
# **Exercise 1.** What does the rule make of `··88·0·3··33·1··`, of `803331`, and of `8·0·3·3·1`?
#
# <details><summary>Solution</summary>
#
# `80331`, `8031` and `80331`. In the second the threes are one run, as no blank stands between them.
#
# </details>
#
# ## Why the likeliest frames are not the likeliest text
#
# A text can be written in many ways, and their probabilities add up. Take two frames that both say: blank 0.6, "1" 0.4.

# %%
tiny = np.full((2, len(OUTPUTS)), -30.0, np.float32)
tiny[:, BLANK], tiny[:, OUTPUTS.index("1")] = np.log(0.6), np.log(0.4)
ways = {"blank blank": 0.6 * 0.6, "1 blank": 0.4 * 0.6, "blank 1": 0.6 * 0.4, "1 1": 0.4 * 0.4}
print("likeliest frames: blank blank,", round(ways["blank blank"], 2))
print("all ways to write 1:", round(sum(ways.values()) - ways["blank blank"], 2))
print("the same by CTC's forward sum:", np.exp(log_likelihoods(tiny, ["", "1"])).round(2))

# %% [markdown]
# Frame by frame the answer is nothing; as a text, "1" is nearly twice as likely. A *beam search* goes through the frames
# with a handful of beginnings of texts, adds up all ways to write each, and keeps the likeliest. What is left at the end
# is a list of the best texts.

# %%
found = beam_search(frames)[:5]
pd.DataFrame(
    {"text": [text for text, _ in found], "probability": [round(float(np.exp(p)), 4) for _, p in found]}
)

# %% [markdown]
# ## Knowing what a postcode looks like
#
# Now a worse hand. The last digit is half a one and half a seven. `NumberReader` does all of the above, looks at the number
# in several sizes where one look is not enough, and says how sure it is.

# %%
doubtful = np.array([(0.16, 0.22), (0.6, 0.02), (0.5, 1.0)])
strokes = [
    path * [52, 76] + [40 + 50 * place, 42] for place, digit in enumerate("8033") for path in paths[digit]
]
strokes.append(doubtful * [52, 76] + [240, 42])
ink = draw(strokes, (160, 400), Pen(6.0), generator)
page = np.clip(225 - 0.75 * ink + generator.normal(0, 4, ink.shape), 0, 255).astype(np.uint8)
reader = NumberReader()
draw_reading(page, reader.read(page, one=True))

# %% [markdown]
# A German postcode is five digits, the pattern `\d{5}`. And there is a list of the postcodes that exist; here a very short
# one. The search then follows only texts that can still become one of them, and confidence follows Bayes: how likely is
# this number *among those that can be*?

# %%
munich, without_it = ["80331", "80333", "80335"], ["80333", "80337", "80339"]
expected = {
    "anything": {},
    r"\d{5}": {"expect": r"\d{5}"},
    r"\d{4}": {"expect": r"\d{4}"},
    "a list with 80331": {"codes": munich},
    "a list with 80337": {"codes": without_it},
    "a list of elsewhere": {"codes": ["10115", "20095", "50667"]},
}
readings = {name: reader.read(page, one=True, **options).numbers[0] for name, options in expected.items()}
pd.DataFrame(
    {
        name: {
            "answer": number.text or f"({number.reason})",
            "confidence": f"{min(number.confidence, 0.999):.1%}",
            "runner-up": number.alternatives[0].text if number.alternatives else "",
        }
        for name, number in readings.items()
    }
).T

# %% [markdown]
# The same ink, and other answers. With a list the doubt goes where the list allows it. Where nothing on the list fits,
# the reader refuses with `no_match`: an expectation may help, but must not invent.
#
# **Exercise 2.** The list with 80337 made the reader sure of a number that may never have been written. When is that what
# one wants, and when is it dangerous?
#
# <details><summary>Solution</summary>
#
# It is right when the list is complete: then 80331 cannot have been meant, and 80337 is the likelier reading. It is
# dangerous when the list is old or lacks a number: the reader then turns a clear digit it was not allowed to read into a
# doubtful one that it was. Watch how often `no_match` occurs, and keep the readings without a list beside those with one.
#
# </details>
#
# ## Digit by digit
#
# Each digit has a confidence of its own. The weakest says where to look.

# %%
number = readings["anything"]
print(number_verdict(number))
pd.DataFrame(
    {one.text + " " * place: [f"{one.confidence:.0%}"] for place, one in enumerate(number.characters)}
)

# %% [markdown]
# ## Limits
#
# - Confidence was calibrated on hands that were kept out of training, on white paper. A cheque on security paper is
#   another kind: look at `benchmarks/whole_numbers.py` for figures on forms, cheques and photographs.
# - The strokes here are clean. Real postcodes are crossed by stamps and lines; `layout` takes rules and cells away, but
#   not everything.
# - A check digit (`check="luhn"`) or a list finds errors that no picture shows. Where they exist, use them.
# - Letters are no part of it: a British postcode cannot be read with this model.
#
# **Exercise 3.** Draw your own postcode with other `paths`, move the digits closer together, and find the gap at which the
# pieces fail and the one at which the line model does.
#
# <details><summary>Solution</summary>
#
# Loop over `gap` from 0.4 down to -0.4, and note for each whether `len(pieces)` is five and whether
# `reader.read(page, one=True).text` is right. Pieces fail as soon as two strokes meet; the line model goes on until digits
# lie on top of each other.
#
# </details>
