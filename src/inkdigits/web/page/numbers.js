// Whole numbers: shows what the service read, each number in its place on the picture. Text from outside is only
// ever set as text.

import { inPercent, inWords, make, speak } from "./answer.js";

const at = (id) => document.getElementById(id);

const REFUSALS = {
  blank: ["Nothing there", "There is no ink on this picture."],
  no_number: ["No number", "It looks like something else."],
  unclear: ["Unclear", "It could be more than one number."],
  no_match: ["Unexpected", "It is not what was expected."],
};
const COPIED_MS = 1200;
const CROP_MARGIN = 0.35; // of a number's height, around it

let actions = null;
let keepsCorrections = false;
let picture = null; // the element that shows it; null for a drawing
let shown = []; // the numbers that were read or are unclear
let chosen = null; // the one of them in the answer
let keptId = null;

/** `given` has `correct(picture, text)`, which gives an id or null, `takeBack(id)` and `complain(text)`. */
export function prepare(given) {
  actions = given;
  at("others-button").addEventListener("click", () => unfold(at("others").hidden));
  at("copy").addEventListener("click", () => copy(chosen.text, at("copy")));
  at("copy-all").addEventListener("click", () => copy(at("copy-all").dataset.text, at("copy-all")));
  at("number-take-back").addEventListener("click", takeBack);
  at("picture").addEventListener("load", lay);
  new ResizeObserver(lay).observe(at("picture"));
  at("number-correction").addEventListener("submit", (event) => {
    event.preventDefault();
    keep(at("was").value.trim());
  });
}

export function allowCorrections(isAllowed) {
  keepsCorrections = isAllowed;
}

/** Show a reading: an answer of /v1/read, and the picture that it is of unless that was drawn. */
export function show(reading, ofPicture) {
  picture = ofPicture;
  const read = reading.numbers.filter((number) => !number.refused);
  shown = reading.numbers.filter((number) => !number.refused || number.reason === "unclear");
  at("copy-all").hidden = read.length < 2;
  at("copy-all").dataset.text = reading.text;
  lay();
  choose(read[0] ?? reading.numbers[0] ?? { refused: true, reason: "no_number", alternatives: [] }, read.length);
  const texts = read.slice(0, 8).map((number) => number.text).join(", ");
  speak(read.length ? `${read.length === 1 ? "" : `${read.length} numbers: `}${texts}` : at("number-verdict").textContent);
}

export function showNothing(verdict = "Waiting for ink", detail = "Write a number, then see how sure each digit is.") {
  shown = [];
  chosen = null;
  at("boxes").replaceChildren();
  at("number").replaceChildren();
  put("empty", verdict, detail);
  for (const id of ["others-button", "others", "copy", "copy-all", "number-correction", "number-thanks"]) at(id).hidden = true;
}

/** Put one number into the answer. */
function choose(number, nRead) {
  chosen = number;
  const isUnclear = number.refused && number.alternatives.length > 0;
  const { refused, confidence } = number;
  const [verdict, detail] = refused
    ? (REFUSALS[number.reason] ?? ["Refused", "It is not read."])
    : [inWords(confidence, false), `${inPercent(confidence)}% sure of the whole number`];
  put(refused ? "refused" : "read", verdict, nRead > 1 ? `${detail}; ${nRead} numbers read` : detail);
  at("number").replaceChildren(...(refused ? [make("span", "none", "?")] : number.characters.map(cell)));
  at("number").style.setProperty("--count", Math.max(refused ? 1 : number.text.length, 3));
  at("copy").hidden = refused;
  at("others-button").hidden = number.alternatives.length === 0;
  at("others-button").textContent = isUnclear ? "What it may be" : runnerUp(number);
  at("others").replaceChildren(...number.alternatives.map(other));
  unfold(isUnclear);
  mark();
  offerCorrection();
}

function put(state, verdict, detail) {
  at("numbers").dataset.state = state;
  at("number-verdict").textContent = verdict;
  at("number-detail").textContent = detail;
}

/** A character, and below it how sure that one is. */
function cell({ text, confidence }) {
  const made = make("span", "cell");
  const percent = make("small", "", `${inPercent(confidence)}%`);
  const track = make("span", "track");
  const fill = make("span", "fill");
  fill.style.transform = `scaleX(${confidence})`;
  track.append(fill);
  made.append(make("b", "", text), track, percent);
  made.toggleAttribute("data-unsure", confidence < 0.9);
  return made;
}

const share = (confidence) => (confidence < 0.01 ? "under 1%" : `${inPercent(confidence)}%`);
const runnerUp = ({ alternatives: [first] }) => `or ${first?.text}?`;

function other({ text, confidence }) {
  const row = make("li");
  const button = make("button", "", text);
  button.type = "button";
  button.addEventListener("click", () => {
    at("was").value = text;
    copy(text, button);
  });
  row.append(button, make("span", "share", share(confidence)));
  return row;
}

function unfold(isOpen) {
  at("others").hidden = !isOpen;
  at("others-button").setAttribute("aria-expanded", String(isOpen));
}

// In the picture.

function lay() {
  at("boxes").replaceChildren(...(picture?.naturalWidth ? shown.map(placed) : []));
  mark();
}

function mark() {
  [...at("boxes").children].forEach((box, index) => box.toggleAttribute("data-chosen", shown[index] === chosen));
}

/** A number in its place: a click copies it and shows it in the answer. The picture lies in the stage's middle. */
function placed(number) {
  const { naturalWidth: width, naturalHeight: height } = picture;
  const [stageWidth, stageHeight] = [picture.clientWidth, picture.clientHeight];
  const scale = Math.min(stageWidth / width, stageHeight / height);
  const [boxLeft, boxTop, ofWidth, ofHeight] = number.box;
  const [left, top] = [Math.max(boxLeft, 0), Math.max(boxTop, 0)];
  const boxWidth = Math.min(boxLeft + ofWidth, width) - left;
  const boxHeight = Math.min(boxTop + ofHeight, height) - top;
  const button = make("button", "found");
  button.type = "button";
  const percent = (pixels, of) => `${(100 * pixels) / of}%`;
  button.style.left = percent((stageWidth - width * scale) / 2 + left * scale, stageWidth);
  button.style.top = percent((stageHeight - height * scale) / 2 + top * scale, stageHeight);
  button.style.width = percent(boxWidth * scale, stageWidth);
  button.style.height = percent(boxHeight * scale, stageHeight);
  button.append(make("span", "", number.refused ? "?" : number.text));
  button.toggleAttribute("data-unclear", number.refused);
  button.toggleAttribute("data-unsure", !number.refused && number.confidence < 0.9);
  const sure = number.refused ? "unclear" : `${inPercent(number.confidence)} percent sure, copy`;
  button.setAttribute("aria-label", `${number.text || "A number"}, ${sure}`);
  button.addEventListener("click", () => {
    choose(number, shown.filter((one) => !one.refused).length);
    if (!number.refused) copy(number.text, button.firstChild);
  });
  return button;
}

async function copy(text, teller) {
  try {
    await (navigator.clipboard?.writeText(text) ?? copyBySelection(text));
  } catch {
    return actions.complain("This browser does not let the page copy.");
  }
  const before = teller.textContent;
  if (teller.hasAttribute("data-copied")) return;
  teller.toggleAttribute("data-copied", true);
  teller.textContent = "Copied";
  speak(`${text} copied`);
  setTimeout(() => {
    teller.toggleAttribute("data-copied", false);
    if (teller.textContent === "Copied") teller.textContent = before;
  }, COPIED_MS);
}

/** For pages without HTTPS, which have no clipboard. */
function copyBySelection(text) {
  const field = make("textarea", "unseen", text);
  document.body.append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  if (!isCopied) throw new Error("not copied");
}

// Corrections, where the operator keeps them.

function offerCorrection() {
  // A picture that the browser cannot show cannot be cut into its numbers.
  const canBeCut = !picture || picture.naturalWidth > 0 || shown.length < 2;
  at("number-correction").hidden = !keepsCorrections || !chosen.box || !canBeCut;
  at("was").value = "";
  thank("");
}

function thank(text, id = null) {
  keptId = id;
  at("number-thanks").hidden = text === "";
  at("number-thanks-text").textContent = text;
  at("number-take-back").hidden = id === null;
}

async function keep(text) {
  const number = chosen;
  try {
    const id = await actions.correct(picture?.naturalWidth ? await cut(number.box) : null, text);
    if (chosen !== number) return;
    at("number-correction").hidden = true;
    thank(id === null ? "It was read so, and is not kept." : `Thank you. It is kept as ${text}, to learn from.`, id);
  } catch (error) {
    const isFull = error.status === 507;
    const isNone = error.status === 422 && "Expected a number: digits, perhaps with . , - ' / : between them.";
    actions.complain(isNone || (isFull ? "There is no room for more corrections." : "The correction could not be kept."));
  }
}

async function takeBack() {
  try {
    await actions.takeBack(keptId);
    offerCorrection();
  } catch {
    actions.complain("The correction could not be taken back.");
  }
}

/** The part of the picture around a box, as a PNG. */
function cut([left, top, width, height]) {
  const margin = CROP_MARGIN * height;
  const part = document.createElement("canvas");
  part.width = width + 2 * margin;
  part.height = height + 2 * margin;
  const pen = part.getContext("2d");
  pen.fillStyle = "#ffffff";
  pen.fillRect(0, 0, part.width, part.height);
  pen.drawImage(picture, margin - left, margin - top);
  return new Promise((resolve) => part.toBlob(resolve, "image/png"));
}
