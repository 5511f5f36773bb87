// The vector map that replaces the server's drawing of the same map where JavaScript and WebGL run.
//
// The page carries everything in attributes of `.mapbox`: the address of the map library and of its worker, the
// addresses of the layers, and the part of the Earth to show. If anything fails, the drawing stays as it is.
// Nothing is asked from another host: the style has no sprite and no glyphs, so that labels are drawn from the
// fonts of the reader's machine, and marks are drawn here.

/** @typedef {typeof import("maplibre-gl")} Library */
/** @typedef {import("maplibre-gl").Map} VectorMap */
/** @typedef {import("maplibre-gl").AddLayerObject} Layer */
/** @typedef {import("maplibre-gl").MapGeoJSONFeature} Feature */
/** @typedef {import("maplibre-gl").IControl} Control */
/** @typedef {[number, number, number, number]} Bounds west, south, east, north in degrees */
/** @typedef {(name: string) => string} Colour the page's colour of this name */

/** Postures from the one that is drawn first, and so lies lowest. */
const POSTURES = ["unplanned", "reached", "open", "sometimes", "always"];

/** Side of a mark's image, CSS pixels. */
const MARK_SIZE = 16;

/** Image pixels for one CSS pixel. */
const PIXEL_RATIO = 3;

/** Fonts of the reader's machine, by preference. */
const FONTS = ["Noto Sans", "Liberation Sans", "Segoe UI", "Helvetica Neue", "Arial", "sans-serif"];

/** Layers whose marks open a note when they are clicked, the uppermost first. */
const CLICKABLE = ["bases", "sites", "incidents", "areas"];

/**
 * @param {string | undefined} text
 * @returns {Bounds | undefined}
 */
function parseBounds(text) {
  const parts = (text ?? "").split(",").map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isFinite(part))) return undefined;
  return /** @type {Bounds} */ (parts);
}

/** @returns {Colour} */
function pageColours() {
  const style = getComputedStyle(document.documentElement);
  return (name) => style.getPropertyValue(`--${name}`).trim() || "#888888";
}

/**
 * One image for a mark, the same shape as in the server's drawing and in the legend.
 * @param {string} name
 * @param {Colour} colour
 * @returns {ImageData}
 */
function markImage(name, colour) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = MARK_SIZE * PIXEL_RATIO;
  const context = canvas.getContext("2d");
  if (!context) throw new Error("the browser draws no images");
  context.scale(PIXEL_RATIO, PIXEL_RATIO);
  context.translate(MARK_SIZE / 2, MARK_SIZE / 2);
  const paper = colour("paper");
  /** @param {string} path @param {string} [fill] @param {string} [stroke] @param {number} [width] */
  const draw = (path, fill, stroke, width = 1.3) => {
    const shape = new Path2D(path);
    if (fill) {
      context.fillStyle = fill;
      context.fill(shape);
    }
    if (stroke) {
      context.strokeStyle = stroke;
      context.lineWidth = width;
      context.stroke(shape);
    }
  };
  switch (name) {
    case "always":
      draw("M-5-5H5V5H-5Z", colour("always"), paper, 0.8);
      break;
    case "sometimes":
      draw("M-5-5H5V5H-5Z", paper, colour("always"));
      draw("M-5 5V-5L5 5Z", colour("always"));
      break;
    case "reached":
      draw("M3.4 0A3.4 3.4 0 1 1 -3.4 0A3.4 3.4 0 1 1 3.4 0Z", paper, colour("reached"), 1.6);
      break;
    case "open":
      draw("M-4-4L4 4M4-4L-4 4", undefined, paper, 4);
      draw("M-4-4L4 4M4-4L-4 4", undefined, colour("open"), 2);
      break;
    case "base":
      draw("M0-6.5L6.5 0L0 6.5L-6.5 0Z", colour("base"), paper, 1);
      break;
    case "incident":
      draw("M0-4L3.8 3H-3.8Z", colour("incident"), paper, 0.6);
      break;
    default:
      draw("M2.2 0A2.2 2.2 0 1 1 -2.2 0A2.2 2.2 0 1 1 2.2 0Z", colour("quiet"));
  }
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/**
 * The pattern that fills areas held by armed groups.
 * @param {Colour} colour
 * @returns {ImageData}
 */
function hatchImage(colour) {
  const side = 8 * PIXEL_RATIO;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d");
  if (!context) throw new Error("the browser draws no images");
  context.strokeStyle = colour("area");
  context.lineWidth = 1.1 * PIXEL_RATIO;
  context.beginPath();
  for (const start of [-side, 0, side]) {
    context.moveTo(start, side);
    context.lineTo(start + side, 0);
  }
  context.stroke();
  return context.getImageData(0, 0, side, side);
}

/**
 * The layers over the sources that there are, from the lowest to the uppermost.
 * @param {Record<string, string>} sources
 * @param {Colour} colour
 * @returns {Layer[]}
 */
function layers(sources, colour) {
  /** @type {Layer[]} */
  const all = [
    {
      id: "neighbours", type: "fill", source: "outline", filter: ["==", ["get", "role"], "neighbour"],
      paint: { "fill-color": colour("abroad"), "fill-outline-color": colour("rule") },
    },
    {
      id: "host", type: "fill", source: "outline", filter: ["!=", ["get", "role"], "neighbour"],
      paint: { "fill-color": colour("land") },
    },
    {
      id: "host-edge", type: "line", source: "outline", filter: ["!=", ["get", "role"], "neighbour"],
      paint: { "line-color": colour("rule-strong"), "line-width": 0.9 },
    },
    {
      id: "level2", type: "line", source: "boundaries-level2", minzoom: 8,
      paint: { "line-color": colour("rule"), "line-width": 0.6 },
    },
    {
      id: "level1", type: "line", source: "boundaries-level1",
      paint: { "line-color": colour("rule-strong"), "line-width": 0.7, "line-dasharray": [3, 2] },
    },
    {
      id: "roads", type: "line", source: "roads", layout: { "line-cap": "round", "line-join": "round" },
      paint: {
        "line-color": colour("road"),
        "line-width": ["interpolate", ["linear"], ["zoom"], 7, ["match", ["get", "class"], "primary", 1.2, 0.6], 14, ["match", ["get", "class"], "primary", 4, 2]],
      },
    },
    {
      id: "areas", type: "fill", source: "areas", filter: ["==", ["get", "control"], "held"],
      paint: { "fill-pattern": "hatch", "fill-opacity": 0.75 },
    },
    {
      id: "areas-edge", type: "line", source: "areas", filter: ["==", ["get", "control"], "held"],
      paint: { "line-color": colour("area"), "line-width": 1.2 },
    },
    {
      id: "contested-edge", type: "line", source: "areas", filter: ["==", ["get", "control"], "contested"],
      paint: { "line-color": colour("area"), "line-width": 1.2, "line-dasharray": [3, 2] },
    },
    {
      id: "towns", type: "symbol", source: "towns",
      layout: {
        "text-field": ["get", "name"], "text-font": FONTS, "text-size": ["interpolate", ["linear"], ["zoom"], 7, 11, 12, 14],
        "symbol-sort-key": ["get", "rank"], "text-anchor": "left", "text-offset": [0.4, 0], "text-padding": 4,
      },
      paint: { "text-color": colour("quiet"), "text-halo-color": colour("land"), "text-halo-width": 1.4 },
    },
    {
      id: "incidents", type: "symbol", source: "incidents",
      layout: { "icon-image": "incident", "icon-allow-overlap": true, "icon-ignore-placement": true, "icon-size": ["interpolate", ["linear"], ["zoom"], 7, 0.8, 13, 1.3] },
    },
    {
      id: "sites", type: "symbol", source: "sites",
      layout: {
        "icon-image": ["get", "posture"], "icon-allow-overlap": true, "icon-ignore-placement": true,
        "icon-size": ["interpolate", ["linear"], ["zoom"], 7, 0.75, 13, 1.4],
        "symbol-sort-key": ["index-of", ["get", "posture"], ["literal", POSTURES]],
      },
    },
    {
      id: "site-names", type: "symbol", source: "sites", minzoom: 13,
      layout: { "text-field": ["get", "name"], "text-font": FONTS, "text-size": 12, "text-anchor": "top", "text-offset": [0, 0.8], "text-optional": true, "text-max-width": 9 },
      paint: { "text-color": colour("ink"), "text-halo-color": colour("land"), "text-halo-width": 1.4 },
    },
    {
      id: "bases", type: "symbol", source: "bases",
      layout: { "icon-image": "base", "icon-allow-overlap": true, "icon-ignore-placement": true, "icon-size": ["interpolate", ["linear"], ["zoom"], 7, 0.8, 13, 1.3] },
    },
  ];
  return all.filter((layer) => "source" in layer && typeof layer.source === "string" && layer.source in sources);
}

/**
 * The whole style in the page's colours.
 * @param {Record<string, string>} sources
 * @param {number[]} here longitude and latitude of the place the page is about; empty if there is none
 * @param {Colour} colour
 * @returns {import("maplibre-gl").StyleSpecification}
 */
function style(sources, here, colour) {
  /** @type {[string, object][]} */
  const entries = Object.entries(sources).map(([name, address]) => [
    name,
    { type: "geojson", data: new URL(address, location.href).href },
  ]);
  /** @type {Layer[]} */
  const ground = [{ id: "sea", type: "background", paint: { "background-color": colour("sea") } }];
  /** @type {Layer[]} */
  const ring = [];
  if (here.length === 2) {
    entries.push(["here", { type: "geojson", data: { type: "Point", coordinates: here } }]);
    ring.push({
      id: "here", type: "circle", source: "here",
      paint: { "circle-radius": 14, "circle-opacity": 0, "circle-stroke-width": 2, "circle-stroke-color": colour("ink") },
    });
  }
  return /** @type {import("maplibre-gl").StyleSpecification} */ ({
    version: 8,
    sources: Object.fromEntries(entries),
    layers: [...ground, ...layers(sources, colour), ...ring],
  });
}

/**
 * Puts the marks into a map whose style was just set.
 * @param {VectorMap} map
 * @param {Colour} colour
 */
function addImages(map, colour) {
  for (const name of [...POSTURES, "base", "incident"]) {
    if (!map.hasImage(name)) map.addImage(name, markImage(name, colour), { pixelRatio: PIXEL_RATIO });
  }
  if (!map.hasImage("hatch")) map.addImage("hatch", hatchImage(colour), { pixelRatio: PIXEL_RATIO });
}

/**
 * What a note says about a mark: lines of text, and the page that says more.
 * @param {Feature} feature
 * @returns {{ lines: string[], href: string | undefined, words: string }}
 */
function note(feature) {
  /** @param {string} name */
  const text = (name) => {
    const value = feature.properties[name];
    return value === undefined || value === null ? "" : String(value);
  };
  const unverified = feature.properties["verified"] === false ? ["unverified"] : [];
  const href = text("href") || undefined;
  switch (feature.source) {
    case "sites":
      return { lines: [text("name"), text("kind"), text("says"), ...unverified], href, words: "This site" };
    case "bases":
      return { lines: [text("name"), `base or staging place, up to ${text("capacity")} people`, ...unverified], href, words: "Its entry" };
    case "incidents":
      return { lines: [`${text("kind")}, ${text("place")}`, text("when"), text("summary"), ...unverified], href, words: "Its entry" };
    default:
      return { lines: [text("name"), `${text("control")} since ${text("since")}`, text("group"), ...unverified], href, words: "Its entry" };
  }
}

/**
 * @param {Feature} feature
 * @returns {HTMLElement}
 */
function noteElement(feature) {
  const { lines, href, words } = note(feature);
  const element = document.createElement("div");
  const [title, ...rest] = lines.filter((line) => line !== "");
  const head = document.createElement("strong");
  head.textContent = title ?? "";
  element.append(head);
  for (const line of rest) {
    const paragraph = document.createElement("p");
    paragraph.textContent = line;
    element.append(paragraph);
  }
  if (href?.startsWith("/")) {
    const paragraph = document.createElement("p");
    const link = document.createElement("a");
    link.href = href;
    link.textContent = words;
    paragraph.append(link);
    element.append(paragraph);
  }
  return element;
}

/**
 * Buttons that show the whole or the part with the most marks.
 * @implements {Control}
 */
class Views {
  /** @param {[string, Bounds][]} views */
  constructor(views) {
    this.views = views;
    this.element = document.createElement("div");
    this.element.className = "maplibregl-ctrl maplibregl-ctrl-group views";
  }

  /** @param {VectorMap} map */
  onAdd(map) {
    for (const [words, bounds] of this.views) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = words;
      button.addEventListener("click", () => map.fitBounds(bounds, { padding: 12 }));
      this.element.append(button);
    }
    return this.element;
  }

  onRemove() {
    this.element.remove();
  }
}

/**
 * Makes the map of one box.
 * @param {Library} library
 * @param {HTMLElement} box
 * @param {HTMLElement} container
 */
function start(library, box, container) {
  /** @type {Record<string, string>} */
  const sources = JSON.parse(box.dataset["sources"] ?? "{}");
  const whole = parseBounds(box.dataset["bounds"]);
  const focus = parseBounds(box.dataset["focus"]);
  const here = (box.dataset["here"] ?? "").split(",").map(Number.parseFloat).filter(Number.isFinite);
  if (!whole) throw new Error("the page does not say what the map shows");
  const map = new library.Map({
    container,
    style: style(sources, here, pageColours()),
    bounds: whole,
    fitBoundsOptions: { padding: 12 },
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    maxZoom: 18,
    fadeDuration: 0,
  });
  map.on("style.load", () => addImages(map, pageColours()));
  map.on("styleimagemissing", () => addImages(map, pageColours()));
  map.addControl(new library.NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new library.ScaleControl({ maxWidth: 120 }), "bottom-right");
  if (focus) map.addControl(new Views([["Whole country", whole], ["Most marks", focus]]), "top-left");
  map.on("click", (event) => {
    const box = /** @type {[[number, number], [number, number]]} */ ([
      [event.point.x - 5, event.point.y - 5],
      [event.point.x + 5, event.point.y + 5],
    ]);
    const present = CLICKABLE.filter((id) => map.getLayer(id));
    const [feature] = map.queryRenderedFeatures(box, { layers: present });
    if (!feature) return;
    new library.Popup({ maxWidth: "280px" }).setLngLat(event.lngLat).setDOMContent(noteElement(feature)).addTo(map);
  });
  map.on("mousemove", (event) => {
    const present = CLICKABLE.filter((id) => map.getLayer(id));
    const over = map.queryRenderedFeatures(event.point, { layers: present }).length > 0;
    map.getCanvas().style.cursor = over ? "pointer" : "";
  });
  map.on("load", () => {
    box.dataset["ready"] = "yes";
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    map.setStyle(style(sources, here, pageColours()), { diff: false });
  });
}

/** @returns {boolean} whether the browser can draw a vector map */
function hasWebGl() {
  return document.createElement("canvas").getContext("webgl2") !== null;
}

/** @param {HTMLElement} box */
async function enliven(box) {
  const container = box.querySelector(".canvas");
  const { module, worker } = box.dataset;
  if (!(container instanceof HTMLElement) || !module || !worker || !hasWebGl()) return;
  /** @type {Library} */
  const library = await import(module);
  library.setWorkerUrl(new URL(worker, location.href).href);
  box.classList.add("alive");
  try {
    start(library, box, container);
  } catch (error) {
    box.classList.remove("alive");
    container.replaceChildren();
    throw error;
  }
}

for (const box of document.querySelectorAll(".mapbox")) {
  if (box instanceof HTMLElement) void enliven(box);
}

export {};
