// Draw a live figure as SVG. Python has worked out every coordinate; this only shows them.
//
// `draw(root, source)` serves both forms: in the widget the source is a model that a kernel
// answers, in a page without one it is the data that the page carries.

const SVG = "http://www.w3.org/2000/svg";
const RADIUS = { small: 2.5, big: 5.5 };
const SYMBOLS = {
  circle: (x, y, r) => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`,
  square: (x, y, r) => `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}z`,
  diamond: (x, y, r) => `M${x} ${y - 1.35 * r}l${1.35 * r} ${1.35 * r}l${-1.35 * r} ${1.35 * r}l${-1.35 * r} ${-1.35 * r}z`,
  cross: (x, y, r) => `M${x - r} ${y - r}l${2 * r} ${2 * r}M${x - r} ${y + r}l${2 * r} ${-2 * r}`,
  star: (x, y, r) => "M" + Array.from({ length: 10 }, (_, k) => {
    const size = (k % 2 ? 0.68 : 1.75) * r, turn = Math.PI * (k / 5 - 0.5);
    return `${(x + size * Math.cos(turn)).toFixed(1)} ${(y + size * Math.sin(turn)).toFixed(1)}`;
  }).join("L") + "z",
};
SYMBOLS.ring = SYMBOLS.circle;

const polyline = (at) => {
  let path = "";
  for (let k = 0; k < at.length; k += 2) path += `${k ? "L" : "M"}${at[k]} ${at[k + 1]}`;
  return path;
};

// How a mark of each kind is made and moved.
const MARKS = {
  line: ["path", (node, at) => node.setAttribute("d", polyline(at))],
  area: ["path", (node, at) => node.setAttribute("d", polyline(at) + "z")],
  lines: ["path", (node, at) => node.setAttribute("d", at.map(polyline).join(""))],
  stairs: ["path", (node, [left, step, ...heights]) => {
    const path = heights.map((y, k) => `V${y}H${(left + step * (k + 1)).toFixed(2)}`).join("");
    node.setAttribute("d", `M${left} ${heights[0]}${path}`);
  }],
  // Two arcs of a path: a transform of the mark would turn its clip path, too.
  ellipse: ["path", (node, [cx, cy, rx, ry, angle]) => {
    const turn = (angle * Math.PI) / 180, dx = rx * Math.cos(turn), dy = rx * Math.sin(turn);
    const arc = (sign) => `A${rx} ${ry} ${angle} 0 1 ${cx + sign * dx} ${cy + sign * dy}`;
    node.setAttribute("d", `M${cx - dx} ${cy - dy}${arc(1)}${arc(-1)}z`);
  }],
  dots: ["path", (node, at, words) => {
    const symbol = SYMBOLS[words.find((word) => word in SYMBOLS) ?? "circle"];
    const radius = RADIUS[words.find((word) => word in RADIUS)] ?? 4;
    let path = "";
    for (let k = 0; k < at.length; k += 2) path += symbol(at[k], at[k + 1], radius);
    node.setAttribute("d", path);
  }],
  text: ["text", (node, [x, y, string]) => {
    node.setAttribute("x", x);
    node.setAttribute("y", y);
    if (node.textContent !== string) node.textContent = string;
  }],
  image: ["image", (node, [x, y, width, height, href]) => {
    const placed = { x, y, width, height, href, preserveAspectRatio: "none" };
    for (const [name, value] of Object.entries(placed)) node.setAttribute(name, value);
  }],
};

const make = (name, attributes, parent) => {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  parent?.append(node);
  return node;
};

const nearest = (values, wanted) => {
  let best = 0;
  values.forEach((value, k) => {
    if (Math.abs(value - wanted) < Math.abs(values[best] - wanted)) best = k;
  });
  return best;
};

const same = (a, b) => a === b || Math.abs(a - b) <= 1e-5 * Math.abs(b);

const written = (value) =>
  typeof value === "number" ? String(Number(value.toPrecision(3))).replace("-", "−") : String(value);

const REST = 400, READ = 8000; // ms without a change, and how long the sentence then stays

// Radio groups and clip paths of all figures share one page, each drawn by a copy of this code.
const unique = () => `cf-${Math.random().toString(36).slice(2)}`;

function draw(root, source) {
  root.classList.add("course-live");
  root.dataset.figure = source.name;
  root.dataset.form = source.form;
  const panel = make("div", { class: "cf-controls" }, root);
  const svg = document.createElementNS(SVG, "svg");
  const says = make("p", { class: "cf-says", "data-says": "" });
  const aloud = make("p", { class: "cf-aloud", role: "status" });
  const problem = make("p", { class: "cf-problem", role: "alert" });
  svg.setAttribute("role", "img");
  const view = make("div", { class: "cf-picture" }, root);
  view.append(svg);
  root.append(says, aloud, problem);

  // A picture that is wider than the page scrolls: by keyboard, too, and only then.
  new ResizeObserver(() => {
    const wide = view.scrollWidth > view.clientWidth;
    const stop = {
      tabindex: "0",
      role: "group",
      "aria-label": `${source.label}, scrolls sideways`,
      "data-lm-suppress-shortcuts": "true",
    };
    for (const [key, value] of Object.entries(stop)) {
      if (wide) view.setAttribute(key, value);
      else view.removeAttribute(key);
    }
  }).observe(view);

  const controls = new Map();
  let resting; // the timer of what is read aloud
  let picture, marks, playing; // the picture, its nodes by name, the slider that was moved last

  const strip = (name) => picture.strips[name];
  const positions = (name) => strip(name)?.values ?? source.values(name) ?? controls.get(name).spec.values;

  // ---- marks

  function place(name, at) {
    if (!marks.has(name)) return; // the moment came before its picture, which will show it
    const { node, words, kind } = marks.get(name);
    const there = at != null && at.length > 0;
    node.style.display = there ? "" : "none";
    if (there) MARKS[kind][1](node, at, words);
  }

  function clipPath(clips, rectangle) {
    const key = String(rectangle);
    if (!clips.has(key)) {
      const path = svg.appendChild(document.createElementNS(SVG, "clipPath"));
      const inside = path.appendChild(document.createElementNS(SVG, "rect"));
      ["x", "y", "width", "height"].forEach((name, k) => inside.setAttribute(name, rectangle[k]));
      path.id = unique();
      clips.set(key, path.id);
    }
    return clips.get(key);
  }

  function build() {
    picture = source.picture();
    marks = new Map();
    svg.setAttribute("viewBox", `0 0 ${picture.width} ${picture.height}`);
    svg.style.maxWidth = `${picture.width}px`;
    svg.replaceChildren();
    const clips = new Map();
    for (const { name, kind, style, at, clip } of picture.marks) {
      const words = style.split(" ");
      const node = document.createElementNS(SVG, MARKS[kind][0]);
      node.setAttribute("class", [`cf-${kind}`, ...words.map((word) => `m-${word}`)].join(" "));
      node.dataset.mark = name;
      if (words.includes("decor")) node.dataset.decor = "";
      if (clip) node.setAttribute("clip-path", `url(#${clipPath(clips, clip)})`);
      svg.append(node);
      marks.set(name, { node, words, kind });
      place(name, at);
    }
  }

  // ---- what is shown

  function read(name, text) {
    const control = controls.get(name);
    if (!control?.output) return;
    control.output.textContent = text;
    control.input.setAttribute("aria-valuetext", text);
  }

  function follow(name, value) {
    const control = controls.get(name);
    if (control?.spec.kind !== "slider") return;
    control.value = value;
    control.input.value = nearest(positions(name), value);
    read(name, written(value));
  }

  // The name of the picture: what it is, and the texts in it that move, such as a readout.
  function name(moved) {
    const texts = Object.keys(moved).map((key) => marks.get(key)).filter((mark) => mark?.kind === "text");
    const seen = texts.filter(({ node }) => node.style.display !== "none");
    svg.setAttribute("aria-label", [source.label, ...seen.map(({ node }) => node.textContent)].join(". "));
  }

  // A screen reader reads the sentence once the figure rests, not one for each frame that plays.
  function say(sentence) {
    if (says.textContent === sentence) return;
    says.textContent = sentence;
    clearTimeout(resting);
    if (root.dataset.state !== "ready") return;
    resting = setTimeout(() => {
      aloud.textContent = sentence;
      resting = setTimeout(() => (aloud.textContent = ""), READ);
    }, REST);
  }

  function apply({ marks: moved, moves, shows, says: sentence }) {
    for (const [key, at] of Object.entries(moved)) place(key, at);
    name(moved);
    for (const [name, value] of Object.entries(moves)) follow(name, value);
    for (const [name, text] of Object.entries(shows)) read(name, text);
    if (sentence) say(sentence);
  }

  function frame(name, k) {
    const { marks, moves, shows, sentences, says } = strip(name);
    const each = (table) => Object.fromEntries(Object.entries(table).map(([key, list]) => [key, list[k]]));
    return { marks: each(marks), moves: each(moves), shows: each(shows), says: sentences[says[k]] };
  }

  function play(name, k) {
    playing = name;
    follow(name, strip(name).values[k]);
    apply(frame(name, k));
  }

  // A moment for other values than the present ones has come too late, and is not shown.
  const fits = (sent) =>
    Boolean(sent?.marks) &&
    Object.entries(sent.values ?? {}).every(([name, value]) => same(value, source.get(name)));

  function moment() {
    const sent = source.moment();
    if (fits(sent)) {
      for (const [name, value] of Object.entries(sent.values ?? {})) follow(name, value);
      apply(sent);
    }
    if (sent?.serial) source.drawn(sent.serial);
  }

  function refresh() {
    for (const { spec } of controls.values()) reflect(spec.name);
    apply({ marks: {}, moves: {}, shows: picture.shows, says: picture.says });
    if (playing && !strip(playing)) playing = undefined;
    playing ??= Object.keys(picture.strips)[0];
    if (playing) play(playing, nearest(strip(playing).values, source.get(playing)));
    moment();
  }

  // ---- controls

  // Bring one control to the value that its trait has.
  function reflect(name) {
    const { spec, input, inputs } = controls.get(name);
    const value = source.get(name);
    if (spec.kind === "slider") follow(name, value);
    if (spec.kind === "toggle") input.checked = value;
    if (spec.kind === "choice") inputs.forEach((radio) => (radio.checked = radio.value === value));
  }

  // The kernel, or another widget, has set a trait: what follows from the last move is known.
  function changed(name) {
    if (strip(name)) {
      if (source.moment()?.values && fits(source.moment())) return; // the exact frame comes with it
      if (!same(source.get(name), controls.get(name).value)) {
        play(name, nearest(strip(name).values, source.get(name)));
      }
    } else reflect(name);
  }

  function slide(spec, input) {
    const k = Number(input.value);
    if (strip(spec.name)) {
      play(spec.name, k);
      const { moves } = strip(spec.name);
      const followers = Object.keys(moves).map((name) => [name, moves[name][k]]);
      source.set({ [spec.name]: strip(spec.name).values[k], ...Object.fromEntries(followers) });
    } else {
      follow(spec.name, positions(spec.name)[k]);
      source.set({ [spec.name]: positions(spec.name)[k] });
    }
  }

  // The notebook takes the arrow keys for itself, unless the very element asks it not to.
  const keys = ({ name }) => ({ "data-control": name, "data-lm-suppress-shortcuts": "true" });

  const MAKERS = {
    slider(spec, box) {
      const label = make("label", {}, box);
      make("span", { class: "cf-name" }, label).textContent = spec.label;
      const last = positions(spec.name).length - 1;
      const input = make("input", { type: "range", min: 0, max: last, step: 1, ...keys(spec) }, label);
      const output = make("span", { class: "cf-value", "aria-hidden": "true", "data-readout": spec.name }, box);
      input.setAttribute("aria-label", spec.label);
      input.addEventListener("input", () => slide(spec, input));
      return { input, output };
    },
    choice(spec, box) {
      const group = make("fieldset", {}, box);
      make("legend", { class: "cf-name" }, group).textContent = spec.label;
      if (spec.values.length > 4) {
        const input = make("select", { "aria-label": spec.label, ...keys(spec) }, group);
        for (const value of spec.values) make("option", { value }, input).textContent = value;
        input.addEventListener("change", () => source.set({ [spec.name]: input.value }));
        const inputs = [...input.options].map((option) => ({
          value: option.value,
          set checked(is) { option.selected = is; },
        }));
        return { input, inputs };
      }
      const name = unique();
      const inputs = spec.values.map((value) => {
        const label = make("label", {}, group);
        const radio = make("input", { type: "radio", name, value, ...keys(spec) }, label);
        label.append(value);
        radio.addEventListener("change", () => source.set({ [spec.name]: value }));
        return radio;
      });
      return { input: inputs[0], inputs };
    },
    toggle(spec, box) {
      const label = make("label", {}, box);
      const input = make("input", { type: "checkbox", ...keys(spec) }, label);
      label.append(spec.label);
      input.addEventListener("change", () => source.set({ [spec.name]: input.checked }));
      return { input };
    },
    button(spec, box) {
      const input = make("button", { type: "button", ...keys(spec) }, box);
      input.textContent = spec.label;
      input.addEventListener("click", () => source.press(spec.name));
      return { input };
    },
  };

  build();
  const fixed = [];
  for (const spec of source.controls()) {
    const box = make("div", { class: `cf-control cf-${spec.kind}` }, panel);
    controls.set(spec.name, { spec });
    controls.set(spec.name, { spec, ...MAKERS[spec.kind](spec, box) });
    if (!source.can(spec.name)) {
      box.querySelectorAll("input, select, button").forEach((node) => (node.disabled = true));
      fixed.push(spec.label);
    }
  }
  if (fixed.length) {
    make("p", { class: "cf-note" }, root).textContent =
      `Here, without a kernel, these stay as they are: ${fixed.join(", ")}. Run the cell to move them.`;
  }
  const complain = () => (problem.textContent = source.problem());
  source.on({ changed, moment, complain, picture: () => (build(), refresh()) });
  refresh();
  complain();
  root.dataset.state = "ready";
}

// ---- the two sources

function live(model) {
  const controls = model.get("_controls").filter((control) => !control.recorded);
  return {
    form: "live",
    name: model.get("_name"),
    label: model.get("_label"),
    controls: () => controls,
    picture: () => JSON.parse(model.get("_picture")), // a text passes the kernel in half the time
    moment: () => model.get("_moment"),
    problem: () => model.get("_problem"),
    get: (name) => model.get(name),
    values: () => undefined,
    can: () => true,
    set(values) {
      model.set(values);
      model.save_changes();
    },
    press: (name) => model.send({ press: name }),
    drawn(serial) {
      model.set("_drawn", serial);
      model.save_changes();
    },
    on({ changed, moment, complain, picture }) {
      for (const { name, kind } of controls) {
        if (kind !== "button") model.on(`change:${name}`, () => changed(name));
      }
      model.on("change:_picture", picture);
      model.on("change:_moment", moment);
      model.on("change:_problem", complain);
    },
  };
}

// What a page carries: a picture for each of some values of the controls that have no strip.
function recorded({ name, label, controls, values, shared, recorded }) {
  const state = { ...values };
  const keys = Object.keys(recorded[0].values);
  const known = (key) => [...new Set(recorded.map((entry) => entry.values[key]))];
  const strips = recorded[0].picture.strips;
  // What several pictures have alike is there once: a number stands for it.
  const each = (table, change) => Object.fromEntries(Object.entries(table).map(([key, item]) => [key, change(item)]));
  const whole = (picture) => ({
    ...picture,
    marks: picture.marks.map((k) => shared[k]),
    strips: each(picture.strips, (strip) => ({ ...strip, marks: each(strip.marks, (k) => shared[k]) })),
  });
  const fits = (entry) => keys.every((key) => entry.values[key] === state[key]);
  let redraw = () => {};
  return {
    form: "page",
    name,
    label,
    controls: () => controls.filter(({ kind }) => kind !== "button"),
    picture: () => whole((recorded.find(fits) ?? recorded[0]).picture),
    moment: () => undefined,
    problem: () => "",
    get: (key) => state[key],
    values: (key) => {
      const found = keys.includes(key) ? known(key) : [];
      return found.length > 1 && typeof found[0] === "number" ? found.sort((a, b) => a - b) : undefined;
    },
    can: (key) => key in strips || (keys.includes(key) && known(key).length > 1),
    set(changes) {
      const before = recorded.find(fits);
      Object.assign(state, changes);
      if (recorded.find(fits) !== before) redraw();
    },
    press() {},
    drawn() {},
    on: ({ picture }) => (redraw = picture),
  };
}

const mount = (root, data) => draw(root, recorded(data));

export default { render: ({ model, el }) => draw(el, live(model)) };
