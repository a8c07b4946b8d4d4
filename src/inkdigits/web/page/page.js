// The page: gathers ink or a picture, and sends its pixels as they are. Finding, reading and refusing are the
// service's: nothing here knows what a digit looks like.

import { buildBars, showNothing, showReading } from "./answer.js";
import * as numbers from "./numbers.js";
import { Paper } from "./paper.js";

const at = (id) => document.getElementById(id);
const stage = at("stage");

const READ_WHILE_DRAWING_MS = 150; // often enough to feel live, seldom enough for a slow service
const LONGEST_WAIT_S = 30; // for a service that says when it will be less busy

let mode = "digit"; // or "number"
let service = { class_names: [..."0123456789"], corrections: false, max_bytes: Infinity };

// Asking. One request is under way at a time and only the newest picture waits behind it, so answers come in
// order, and a slow service is never flooded. When a stroke ends, what was asked about its beginning is given up,
// and so is what was on the stage before.

let wanted = null; // {picture, since, control}: the newest, not yet asked about
let underWay = null; // the one that is asked about
let answered = null; // the picture whose answer is shown
let readSoon = null; // a timer while the pen is down

/** Ask about a picture: a function that gives its blob. `since` is when its last stroke ended, if one did. */
function read(picture, since = null) {
  clearTimeout(readSoon);
  readSoon = null;
  wanted = { picture, since, control: new AbortController() };
  if (!underWay) askWhileWanted();
  else if (since !== null) underWay.control.abort();
}

function forget() {
  underWay?.control.abort();
  wanted = null;
  clearTimeout(readSoon);
  readSoon = null;
}

async function askWhileWanted() {
  while (wanted) {
    const request = (underWay = wanted);
    const { signal } = request.control;
    wanted = null;
    try {
      const blob = await request.picture();
      const reading = await (mode === "digit" ? post("v1/predict?explain=true", blob, signal) : readNumbers(blob, signal));
      if (!signal.aborted) show(reading, blob, request.since);
    } catch (error) {
      if (!signal.aborted) await recover(error, request);
    }
  }
  underWay = null;
}

/** A drawing is one number. A picture is a page; where no number stands on it, it may be a field cut out. */
async function readNumbers(blob, signal) {
  const isPage = stage.dataset.showing !== "drawing";
  const reading = isPage && (await post("v1/read", blob, signal));
  if (isPage && reading.numbers.some((number) => !number.refused)) return reading;
  return post("v1/read?one=true", blob, signal);
}

function post(path, blob, signal) {
  // What the browser takes for something else is sent all the same: the service looks at the bytes.
  const type = blob.type.startsWith("image/") ? blob.type : "application/octet-stream";
  return ask(path, { method: "POST", body: blob, headers: { "Content-Type": type }, signal });
}

/** The JSON of an answer; an error has the service's own sentence, where it came that far. */
async function ask(path, options) {
  const response = await fetch(path, options);
  if (response.ok) return response.json();
  const wait_s = Math.min(Number(response.headers.get("Retry-After")) || 1, LONGEST_WAIT_S);
  const { detail = "" } = await response.json().catch(() => ({}));
  throw Object.assign(new Error(detail), { status: response.status, wait_s });
}

function show(reading, blob, since) {
  answered = blob;
  if (at("notice").dataset.about === "service") hush();
  if (mode === "number") {
    numbers.show(reading, stage.dataset.showing === "picture" ? at("picture") : null);
    return since === null || measure(since);
  }
  showReading(reading);
  offerCorrection(reading.reason === "blank" ? null : (reading.reason ?? String(reading.label ?? reading.digit)));
  if (since !== null) measure(since);
}

function showNone(verdict, detail) {
  answered = null;
  numbers.showNothing(verdict, detail);
  showNothing(verdict, detail);
  offerCorrection(null);
}

/** From the end of a stroke until the answer has been painted, for whoever wants to know. */
function measure(since) {
  requestAnimationFrame(() => setTimeout(() => {
    const measured = performance.measure("stroke-to-answer", { start: since, end: performance.now() });
    at(mode === "digit" ? "answer" : "numbers").dataset.elapsedMs = measured.duration.toFixed(1);
  }));
}

// What can go wrong. It is said in place, and the drawing stays whatever happens.

const UNREADABLE = "This is no picture that can be read. Choose a PNG, JPEG, WebP, BMP, GIF or TIFF.";

/** After a failure: ask once more if the service is only busy, else say what is wrong. */
async function recover(error, request) {
  const isBusy = error.status === 429 || error.status === 503;
  if (isBusy && !request.isRepeated) {
    say(`The service is busy. It is asked again in ${error.wait_s} s.`, "service");
    await new Promise((resolve) => setTimeout(resolve, error.wait_s * 1000));
    if (!request.control.signal.aborted) wanted ??= { ...request, since: null, isRepeated: true };
    return;
  }
  if ([413, 415, 422].includes(error.status)) {
    if (stage.dataset.showing === "picture") backToDrawing(); // which the picture had only covered
    const tooLarge = `This picture is too large: at most ${Math.round(service.max_bytes / 1e6)} MB.`;
    say(error.status === 413 ? tooLarge : asSentence(error.message) || UNREADABLE, "picture");
    return;
  }
  showNone("No answer", "What you drew is kept.");
  if (isBusy) return say("The service is still busy.", "service");
  say(error.status ? `The service failed (${error.status}).` : "The service does not answer.", "service");
}

const asSentence = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);

function say(text, about) {
  at("notice-text").textContent = text;
  at("notice").dataset.about = about;
  at("again").hidden = about !== "service";
  at("notice").hidden = false;
}

function hush() {
  at("notice").hidden = true;
}

async function tryAgain() {
  hush();
  await learnOfService();
  if (stage.dataset.showing === "picture") read(() => shown);
  else settle(null);
}

// Drawing.

const heard = {
  started() {
    hush();
    stage.toggleAttribute("data-blank", false);
    stage.toggleAttribute("data-drawing", true);
  },
  moved() {
    readSoon ??= setTimeout(() => read(() => paper().blob()), READ_WHILE_DRAWING_MS);
  },
  settled(time) {
    hush();
    settle(time);
  },
};
const papers = { digit: new Paper(at("paper"), heard), number: new Paper(at("sheet"), heard) };
const paper = () => papers[mode]; // each keeps its drawing while the other is shown

/** Read single digits or whole numbers from now on, in what is on the stage. */
function setMode(wantedMode) {
  forget();
  hush();
  mode = at("main").dataset.mode = wantedMode;
  at("box").hidden = true;
  at("hint").textContent = mode === "digit" ? "Draw a digit" : "Write a number";
  showNone();
  if (stage.dataset.showing === "picture") read(() => shown);
  else if (stage.dataset.showing === "drawing") settle(null);
}

for (const choice of document.querySelectorAll("[name=mode]")) {
  choice.addEventListener("change", () => setMode(choice.value));
}

/** After the strokes have changed: read them at once, without the pause that is made while the pen moves. */
function settle(time) {
  at("undo").disabled = !paper().canUndo;
  at("clear").disabled = paper().isBlank;
  stage.toggleAttribute("data-blank", paper().isBlank);
  stage.toggleAttribute("data-drawing", false);
  if (!paper().isBlank) return read(() => paper().blob(), time);
  forget();
  showNone();
}

// Pictures: chosen, dropped, pasted or taken. The bytes of a file go to the service untouched.

let shown = null; // the picture on the stage

/** Put the drawing, a picture or the camera on the stage. */
function stageIs(showing) {
  forget();
  hush();
  stage.dataset.showing = showing;
  let hasFocusToGive = false; // else a keyboard's user would be sent back to the top of the page
  at("box").hidden = at("unshown").hidden = true;
  for (const group of document.querySelectorAll("[data-for]")) {
    const hadFocus = group.contains(document.activeElement);
    group.hidden = !group.dataset.for.split(" ").includes(showing);
    if (group.hidden && hadFocus) hasFocusToGive = true;
  }
  if (hasFocusToGive) at(showing === "drawing" ? "choose" : "draw").focus();
  closeCamera();
}

function backToDrawing() {
  stageIs("drawing");
  settle(null);
}

function showPicture(blob) {
  stageIs("picture");
  shown = blob;
  showNone("Reading …", "");
  URL.revokeObjectURL(at("picture").src);
  at("picture").src = URL.createObjectURL(blob);
  if (blob.size > service.max_bytes) recover({ status: 413 }, {});
  else read(() => blob);
}

/** The first of the files; what else can be dropped or pasted is no picture. */
function takeFile(files, otherwise) {
  stage.toggleAttribute("data-dropping", false);
  if (files.length) showPicture(files[0]);
  else say(otherwise, "picture");
}

at("picture").addEventListener("error", () => (at("unshown").hidden = stage.dataset.showing !== "picture"));
at("file").addEventListener("change", () => {
  if (at("file").files.length) showPicture(at("file").files[0]);
  at("file").value = ""; // so that the same file can be chosen again
});
document.addEventListener("paste", (event) => {
  takeFile(event.clipboardData.files, "There is no picture in the clipboard.");
});
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  stage.toggleAttribute("data-dropping", true);
});
document.addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) stage.toggleAttribute("data-dropping", false);
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  takeFile(event.dataTransfer.files, "That was no file. Save the picture, then drop it here.");
});

// The camera, where there is one: a still of the square that is seen.

const video = at("video");

async function offerCamera() {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  at("open-camera").hidden = !devices.some((device) => device.kind === "videoinput");
}

async function openCamera() {
  stageIs("camera");
  showNone("Camera", mode === "digit" ? "Hold one digit into the square." : "Hold the numbers into the square.");
  at("take").disabled = true;
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    if (stage.dataset.showing !== "camera") return closeCamera(); // left while the user was asked
    await video.play();
    at("take").disabled = false;
    at("take").focus();
  } catch {
    if (stage.dataset.showing !== "camera") return;
    backToDrawing();
    say("The camera cannot be used: it is taken, or not allowed for this page.", "picture");
  }
}

function closeCamera() {
  for (const track of video.srcObject?.getTracks() ?? []) track.stop();
  video.srcObject = null;
}

function takeStill() {
  const { videoWidth: width, videoHeight: height } = video;
  const still = document.createElement("canvas");
  still.width = still.height = Math.min(width, height);
  still.getContext("2d").drawImage(video, (still.width - width) / 2, (still.height - height) / 2);
  still.toBlob(showPicture, "image/jpeg", 0.95);
}

// Corrections, where the operator keeps them.

const NOT_A_DIGIT = "not_a_digit"; // the service's word, as a reason to refuse and as a label

let kept = null; // the answer of the service to the last correction, while it can be taken back

function buildLabels() {
  const button = (label, text) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.dataset.label = label;
    made.addEventListener("click", () => correct(label, text));
    return made;
  };
  at("labels").replaceChildren(...service.class_names.map((name) => button(name, name)));
  const none = button(NOT_A_DIGIT, service.class_names.join("") === "0123456789" ? "not a digit" : "none of these");
  at("correction-title").parentElement.replaceChildren(at("correction-title"), none);
}

/** Offer to correct an answer to anything but what it said; null offers nothing. */
function offerCorrection(said) {
  at("correction").toggleAttribute("data-idle", said === null);
  for (const button of at("correction").querySelectorAll("button")) button.disabled = button.dataset.label === said;
  thank("");
}

function thank(text, isKept = false) {
  at("thanks-text").textContent = text;
  at("thanks").hidden = text === "";
  at("take-back").hidden = !isKept;
}

async function correct(label, text) {
  const blob = answered;
  const said = at("correction").querySelector("button:disabled")?.dataset.label ?? "";
  offerCorrection(null); // each answer is corrected once, unless that is taken back
  try {
    const answer = await post(`v1/corrections?label=${encodeURIComponent(label)}`, blob);
    if (answered !== blob) return;
    kept = { ...answer, said };
    if (answer.id === null) return thank("It was read so, and is not kept.");
    thank(`Thank you. It is kept as ${label === NOT_A_DIGIT ? `“${text}”` : `a ${text}`}, to learn from.`, true);
  } catch (error) {
    if (answered === blob) offerCorrection(said);
    const isFull = error.status === 507;
    say(isFull ? "There is no room for more corrections." : "The correction could not be kept.", "picture");
  }
}

/** A whole number goes with the part of the picture that it stands in. */
async function correctNumber(picture, text) {
  const blob = picture ?? answered;
  const answer = await post(`v1/corrections/numbers?text=${encodeURIComponent(text)}`, blob);
  return answer.id;
}

numbers.prepare({
  correct: correctNumber,
  takeBack: (id) => ask(`v1/corrections/${encodeURIComponent(id)}`, { method: "DELETE" }),
  complain: (text) => say(text, "picture"),
});

async function takeBack() {
  const { id, said } = kept;
  try {
    await ask(`v1/corrections/${encodeURIComponent(id)}`, { method: "DELETE" });
    offerCorrection(said);
  } catch {
    say("The correction could not be taken back.", "picture");
  }
}

// Buttons and keys.

const actions = {
  undo: () => paper().undo(),
  clear: () => paper().clear(),
  draw: backToDrawing,
  choose: () => at("file").click(),
  "open-camera": openCamera,
  take: takeStill,
  again: tryAgain,
  "take-back": takeBack,
};
for (const [id, act] of Object.entries(actions)) at(id).addEventListener("click", () => act());

document.addEventListener("keydown", (event) => {
  const isDrawing = stage.dataset.showing === "drawing";
  const isUndo = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z";
  if (isUndo && isDrawing) paper().undo();
  else if (event.key === "Escape" && !isDrawing) backToDrawing();
  else if (["Escape", "Delete"].includes(event.key) && isDrawing) paper().clear();
  else return;
  event.preventDefault();
});

// Start.

async function learnOfService() {
  try {
    const response = await fetch("v1/service");
    if (!response.ok) throw new Error(response.statusText);
    service = await response.json();
  } catch {
    return say("The service does not answer.", "service");
  }
  buildBars(service.class_names);
  buildLabels();
  at("correction").hidden = !service.corrections;
  numbers.allowCorrections(service.corrections);
  at("storage").textContent = service.corrections
    ? "Only pictures that you correct are stored, to learn from."
    : "Nothing that you draw or show is stored.";
  at("service").textContent = `${service.name} ${service.version}, ${service.model}`;
}

navigator.mediaDevices?.addEventListener("devicechange", offerCamera);
buildBars(service.class_names);
stageIs("drawing");
settle(null);
offerCamera();
learnOfService();
