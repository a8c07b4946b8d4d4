// The paper: turns what pointers do into strokes, draws them, and keeps every state so that none is lost.
// It knows nothing of the service or of digits.
//
// Points are shares of the paper's height, so a drawing survives any change of the paper's size. Each state of
// the paper is one list of strokes; undo goes back to the list before, after a clear too.

const PEN_WIDTH = 0.034; // shares of the height; a felt pen, for digits of half the paper's height and more
const MOST_PIXELS = 640; // of the height of a square; the service takes three times as long for twice as many
const WHITE = "#ffffff"; // in the dark scheme too: what is drawn here is what the service gets
const INK = "#1b2030";

const middle = (a, b) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });

export class Paper {
  #canvas;
  #pen;
  #strokes = []; // [[{x, y, width}, ...], ...]
  #past = []; // the lists of strokes before
  #stroke = null; // the one that is being drawn
  #pointerId = null;
  #heard;

  /**
   * `heard` has three functions: `started()`, `moved()` while the pen is down, and `settled(time)` when the
   * strokes have changed: `time` is when the last one ended, on the clock of events, or null after an undo.
   */
  constructor(canvas, heard) {
    this.#canvas = canvas;
    this.#heard = heard;
    // Kept in main memory, from where its pixels are read after every stroke.
    this.#pen = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
    canvas.addEventListener("pointerdown", (event) => this.#start(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#end(event));
    canvas.addEventListener("pointercancel", (event) => this.#end(event));
    new ResizeObserver(() => this.#redraw()).observe(canvas);
  }

  get isBlank() {
    return this.#strokes.length === 0;
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  /** The pixels as they are, as a PNG. */
  blob() {
    // Not toBlob(), which waits for the browser to be idle: 19 ms after a stroke, where this takes 2.
    const encoded = atob(this.#canvas.toDataURL("image/png").split(",")[1]);
    const bytes = Uint8Array.from(encoded, (letter) => letter.charCodeAt(0));
    return new Blob([bytes], { type: "image/png" });
  }

  undo() {
    if (this.#stroke || !this.canUndo) return;
    this.#turnTo(this.#past.pop());
  }

  clear() {
    if (this.#stroke || this.isBlank) return;
    this.#past.push(this.#strokes);
    this.#turnTo([]);
  }

  #turnTo(strokes) {
    this.#strokes = strokes;
    this.#redraw();
    this.#heard.settled(null);
  }

  #start(event) {
    if (this.#stroke || event.button !== 0) return; // one finger draws; others do not disturb it
    this.#pointerId = event.pointerId;
    this.#canvas.setPointerCapture(event.pointerId);
    this.#stroke = [];
    this.#addPoint(event);
    this.#heard.started();
  }

  #move(event) {
    if (!this.#stroke || event.pointerId !== this.#pointerId) return;
    // Browsers report once a frame; the steps between keep a quick curve round.
    const steps = event.getCoalescedEvents?.() ?? [];
    for (const step of steps.length ? steps : [event]) this.#addPoint(step);
    this.#heard.moved();
  }

  #end(event) {
    if (!this.#stroke || event.pointerId !== this.#pointerId) return;
    this.#drawPart(this.#stroke, this.#stroke.length - 1);
    this.#past.push(this.#strokes);
    this.#strokes = [...this.#strokes, this.#stroke];
    this.#stroke = null;
    this.#heard.settled(event.timeStamp);
  }

  #addPoint(event) {
    const { left, top, height: side } = this.#canvas.getBoundingClientRect();
    // Only pens know how hard they are pressed.
    const press = event.pointerType === "pen" && event.pressure ? 0.5 + event.pressure : 1;
    const [x, y] = [(event.clientX - left) / side, (event.clientY - top) / side];
    this.#stroke.push({ x, y, width: PEN_WIDTH * press });
    // The point before is settled now: where its curve ends is known.
    if (this.#stroke.length > 1) this.#drawPart(this.#stroke, this.#stroke.length - 2);
  }

  /** A curve that bends at one point, between the middles of the lines to its neighbours. */
  #drawPart(points, number) {
    const side = this.#canvas.height;
    const bend = points[number];
    const from = number > 0 ? middle(points[number - 1], bend) : bend;
    const to = number < points.length - 1 ? middle(bend, points[number + 1]) : bend;
    this.#pen.lineWidth = bend.width * side;
    this.#pen.beginPath();
    this.#pen.moveTo(from.x * side, from.y * side);
    this.#pen.quadraticCurveTo(bend.x * side, bend.y * side, to.x * side, to.y * side);
    this.#pen.stroke();
  }

  #redraw() {
    const { clientWidth, clientHeight } = this.#canvas;
    if (!clientHeight) return; // not shown
    const ratio = clientWidth / clientHeight;
    const height = Math.min(Math.round(MOST_PIXELS / Math.sqrt(ratio)), Math.round(clientHeight * devicePixelRatio));
    const width = Math.round(height * ratio);
    if (this.#canvas.height !== height || this.#canvas.width !== width) {
      Object.assign(this.#canvas, { width, height });
    }
    this.#pen.fillStyle = WHITE;
    this.#pen.fillRect(0, 0, width, height);
    this.#pen.strokeStyle = INK;
    this.#pen.lineCap = this.#pen.lineJoin = "round";
    for (const points of this.#stroke ? [...this.#strokes, this.#stroke] : this.#strokes) {
      points.forEach((_, number) => this.#drawPart(points, number));
    }
  }
}
