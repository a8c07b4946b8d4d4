// The answer: shows what the service said of a picture. Text from outside is only ever set as text.

const at = (id) => document.getElementById(id);

const SPEAK_AFTER_MS = 800; // a screen reader hears the answer that stayed, not each on the way

const REFUSALS = {
  blank: ["Nothing there", "There is no ink on this picture."],
  not_a_digit: ["No digit", "It looks like something else."],
  several: ["Several digits", "Switch to “Numbers” to read them together."],
  unclear: ["Unclear", "It could be more than one digit."],
};
const SPOKEN = Object.fromEntries(
  ["Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"].entries(),
);
const BARS = "Probability of each digit";
const BARS_IF = "Probability of each digit, if it were a digit";

let classNames = [];
let speakSoon = null;

/** One bar for each class of the model, in the order of its probabilities. */
export function buildBars(names) {
  classNames = names;
  const rows = names.map((name) => {
    const row = make("li");
    const track = make("span", "track");
    track.append(make("span", "fill"));
    row.append(make("span", "label", name), make("span", "share"), track);
    return row;
  });
  at("bars").replaceChildren(...rows);
  showBars([], null);
}

/** Show a reading: an answer of /v1/predict with `seen`. */
export function showReading(reading) {
  const isBlank = reading.reason === "blank";
  const label = reading.refused ? null : String(reading.label ?? reading.digit);
  const [verdict, detail] = reading.refused
    ? (REFUSALS[reading.reason] ?? ["Refused", "It is not read."])
    : [inWords(reading.confidence), `${inPercent(reading.confidence)}% sure`];
  put(reading.refused ? "refused" : "read", label ?? "?", verdict, detail);
  at("bars-title").textContent = reading.refused && !isBlank ? BARS_IF : BARS;
  showBars(isBlank ? [] : reading.probabilities, label);
  at("seen").src = reading.seen.ink;
  at("seen").alt = "The ink as 28 by 28 pixels";
  at("seen").hidden = false;
  showBox(reading.box, reading.seen);
  const sure = `${SPOKEN[label] ?? label}, ${inPercent(reading.confidence)} percent`;
  speak(reading.refused ? `${verdict}. ${detail}` : sure);
}

export function showNothing(verdict = "Waiting for ink", detail = "Write one digit, 0 to 9.") {
  put("empty", "", verdict, detail);
  at("bars-title").textContent = BARS;
  showBars([], null);
  at("seen").hidden = at("box").hidden = true;
  speak(verdict);
}

function put(state, digit, verdict, detail) {
  at("answer").dataset.state = state;
  at("digit").textContent = digit;
  at("verdict").textContent = verdict;
  at("detail").textContent = detail;
}

const CERTAIN = 0.999; // from here the bundled model's errors are bounded at one in six hundred

/** How sure an answer is; whole numbers are never called certain, as nothing bounds their errors so low. */
export function inWords(confidence, canBeCertain = true) {
  if (canBeCertain && confidence >= CERTAIN) return "Certain";
  if (confidence >= 0.99) return "Very sure";
  if (confidence >= 0.9) return "Fairly sure";
  return confidence >= 0.6 ? "Unsure" : "A guess";
}

// One rounding for all places. Down, so that what is not certain is never called 100%.
export const inPercent = (share) => Math.min(99, Math.floor(share * 100));

function showBars(probabilities, label) {
  [...at("bars").children].forEach((row, number) => {
    const share = probabilities[number] ?? 0;
    row.querySelector(".share").textContent = `${inPercent(share)}%`;
    row.querySelector(".fill").style.transform = `scaleY(${share})`;
    row.toggleAttribute("data-none", share < 0.01);
    row.toggleAttribute("data-read", classNames[number] === label);
  });
}

/** Lay the box over the stage, whose longer side the picture fills; it is centred on the other. */
function showBox(box, { width, height }) {
  at("box").hidden = box === null;
  if (box === null) return;
  const side = Math.max(width, height);
  const share = (pixels) => `${(100 * pixels) / side}%`;
  const [left, top, boxWidth, boxHeight] = box;
  const style = at("box").style;
  style.left = share(left + (side - width) / 2);
  style.top = share(top + (side - height) / 2);
  style.width = share(boxWidth);
  style.height = share(boxHeight);
}

export function speak(text) {
  clearTimeout(speakSoon);
  speakSoon = setTimeout(() => (at("spoken").textContent = text), SPEAK_AFTER_MS);
}

export function make(tag, name = "", text = "") {
  const made = document.createElement(tag);
  made.className = name;
  made.textContent = text;
  return made;
}
