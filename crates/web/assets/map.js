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
const CLICKABLE = ["bases", "sites", "incidents", "shapes", "shape-areas", "areas"];

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
 * The name of a place or road in the first of the mission's languages that the data has.
 * @param {string[]} languages
 */
function nameIn(languages) {
  return ["coalesce", ...languages.map((language) => ["get", `name:${language}`]), ["get", "name"]];
}

/** Width of roads by class: at zoom 6, 10, 14 and 18. */
const ROAD_WIDTHS = /** @type {[string[], number[]][]} */ ([
  [["motorway", "trunk", "primary"], [0.9, 1.8, 4, 14]],
  [["secondary"], [0.6, 1.3, 3, 12]],
  [["tertiary"], [0.3, 0.9, 2.4, 10]],
]);

/** @param {number} step */
function roadWidth(step) {
  const cases = ROAD_WIDTHS.flatMap(([classes, widths]) => [classes, widths[step]]);
  return ["match", ["get", "class"], ...cases, [0.2, 0.5, 1.5, 8][step]];
}

/**
 * What lies under the marks: land, water, boundaries, roads, names, cut into tiles by the server.
 * @param {string[]} languages
 * @param {Colour} colour
 * @returns {Layer[]}
 */
function groundLayers(languages, colour) {
  /** @param {string} id @param {string} type @param {string} layer @param {object} rest */
  const on = (id, type, layer, rest) => ({ id, type, source: "ground", "source-layer": layer, ...rest });
  const halo = { "text-halo-color": colour("land"), "text-halo-width": 1.4 };
  const plain = { "line-cap": "round", "line-join": "round" };
  return /** @type {Layer[]} */ ([
    on("neighbours", "fill", "outline", { filter: ["==", ["get", "role"], "neighbour"], paint: { "fill-color": colour("abroad"), "fill-outline-color": colour("rule") } }),
    on("host", "fill", "outline", { filter: ["!=", ["get", "role"], "neighbour"], paint: { "fill-color": colour("land") } }),
    on("water", "fill", "water", { paint: { "fill-color": colour("sea") } }),
    on("waterlines", "line", "waterlines", { layout: plain, paint: { "line-color": colour("sea"), "line-width": ["interpolate", ["linear"], ["zoom"], 9, 0.6, 15, 2.5] } }),
    on("coast", "line", "coast", { paint: { "line-color": colour("rule-strong"), "line-width": 0.9 } }),
    on("host-edge", "line", "outline", { filter: ["!=", ["get", "role"], "neighbour"], paint: { "line-color": colour("rule-strong"), "line-width": 0.9 } }),
    on("level2", "line", "boundaries-level2", { minzoom: 8, paint: { "line-color": colour("rule"), "line-width": 0.6 } }),
    on("level1", "line", "boundaries-level1", { paint: { "line-color": colour("rule-strong"), "line-width": 0.7, "line-dasharray": [3, 2] } }),
    on("roads", "line", "roads", {
      layout: plain, filter: ["!", ["in", ["get", "class"], ["literal", ["path", "steps", "pedestrian", "ferry"]]]],
      paint: { "line-color": colour("road"), "line-width": ["interpolate", ["exponential", 1.4], ["zoom"], 6, roadWidth(0), 10, roadWidth(1), 14, roadWidth(2), 18, roadWidth(3)] },
    }),
    on("paths", "line", "roads", {
      filter: ["in", ["get", "class"], ["literal", ["path", "steps", "pedestrian", "ferry"]]],
      paint: { "line-color": colour("road"), "line-width": 1, "line-dasharray": [3, 2] },
    }),
    on("road-names", "symbol", "roads", {
      minzoom: 12, layout: { "symbol-placement": "line", "text-field": nameIn(languages), "text-font": FONTS, "text-size": 11, "text-padding": 8 },
      paint: { "text-color": colour("quiet"), ...halo },
    }),
    on("places", "symbol", "places", {
      layout: {
        "text-field": nameIn(languages), "text-font": FONTS, "text-size": ["interpolate", ["linear"], ["zoom"], 7, 11, 12, 14],
        "symbol-sort-key": ["get", "rank"], "text-anchor": "left", "text-offset": [0.4, 0], "text-padding": 4,
      },
      paint: { "text-color": colour("quiet"), ...halo },
    }),
  ]);
}

/** Colours of states of roads, of ways and of what can be reached, by class. */
const SHAPE_COLOURS = /** @type {const} */ ([
  ["closed", "open"], ["slowed", "area"], ["dangerous", "incident"], ["road-held", "area"], ["route", "accent"],
  ["reach-15", "reached"], ["reach-30", "reached"], ["reach-60", "reached"],
]);

/**
 * Layers of what belongs to the page: areas below, lines above.
 * @param {Colour} colour
 * @returns {Layer[]}
 */
function shapeLayers(colour) {
  const colours = ["match", ["get", "class"], ...SHAPE_COLOURS.flatMap(([name, of]) => [name, colour(of)]), colour("ink")];
  const isArea = ["==", ["geometry-type"], "Polygon"];
  return /** @type {Layer[]} */ ([
    { id: "shape-areas", type: "fill", source: "shapes", filter: isArea, paint: { "fill-color": colours, "fill-opacity": 0.16 } },
    { id: "shape-edges", type: "line", source: "shapes", filter: isArea, paint: { "line-color": colours, "line-width": 1, "line-opacity": 0.8 } },
    {
      id: "shapes", type: "line", source: "shapes", filter: ["!", isArea], layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": colours, "line-width": ["interpolate", ["linear"], ["zoom"], 7, 2.5, 14, 6], "line-opacity": 0.85 },
    },
  ]);
}

/**
 * The layers over the sources that there are, from the lowest to the uppermost.
 * @param {Record<string, unknown>} sources
 * @param {string[]} languages
 * @param {Colour} colour
 * @returns {Layer[]}
 */
function layers(sources, languages, colour) {
  /** @type {Layer[]} */
  const all = [
    ...groundLayers(languages, colour),
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
    ...shapeLayers(colour),
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
 * A source of the map: tiles, data at an address, or data on the page itself.
 * @param {string} name
 * @param {unknown} given
 */
function source(name, given) {
  if (name === "ground") {
    const { tiles, maxzoom } = /** @type {{ tiles: string, maxzoom: number }} */ (given);
    return { type: "vector", tiles: [`${location.origin}${tiles}`], maxzoom };
  }
  return { type: "geojson", data: typeof given === "string" ? new URL(given, location.href).href : given };
}

/**
 * What the page says about its map.
 * @typedef {object} Given
 * @property {Record<string, unknown>} sources
 * @property {number[]} here longitude and latitude of the place the page is about; empty if there is none
 * @property {string[]} languages the mission's languages
 */

/**
 * The whole style in the page's colours.
 * @param {Given} given
 * @param {Colour} colour
 * @returns {import("maplibre-gl").StyleSpecification}
 */
function style({ sources, here, languages }, colour) {
  /** @type {[string, object][]} */
  const entries = Object.entries(sources).map(([name, given]) => [name, source(name, given)]);
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
    layers: [...ground, ...layers(sources, languages, colour), ...ring],
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
    case "shapes":
      return { lines: [text("says")], href, words: "" };
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
 * The note on a place without a mark: where it is, and what closing the road there would do.
 * @param {import("maplibre-gl").LngLat} at
 * @returns {HTMLElement}
 */
function closeHere(at) {
  const [lat, lon] = [at.lat.toFixed(5), at.lng.toFixed(5)];
  const element = document.createElement("div");
  const head = document.createElement("strong");
  head.textContent = `${lat}, ${lon}`;
  const link = document.createElement("a");
  link.href = `/roads/effect?lat=${lat}&lon=${lon}&radius_m=300`;
  link.textContent = "If the road here were closed";
  const paragraph = document.createElement("p");
  paragraph.append(link);
  element.append(head, paragraph);
  return element;
}

/**
 * Draws a line on the map for the form of the page: a click adds a point, and the form's field `wkt` holds the line.
 * One point alone stands for what lies around it.
 * @implements {Control}
 */
class Pen {
  /** @param {HTMLFormElement} form */
  constructor(form) {
    this.form = form;
    /** @type {[number, number][]} */
    this.points = [];
    this.isOn = false;
    this.element = document.createElement("div");
    this.element.className = "maplibregl-ctrl maplibregl-ctrl-group views";
    this.draw = this.button("Draw", () => this.turn(!this.isOn));
    this.undo = this.button("Undo", () => this.change(this.points.slice(0, -1)));
    this.clear = this.button("Clear", () => this.change([]));
  }

  /** @param {string} words @param {() => void} act */
  button(words, act) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = words;
    button.addEventListener("click", act);
    this.element.append(button);
    return button;
  }

  /** @param {VectorMap} map */
  onAdd(map) {
    this.map = map;
    map.on("style.load", () => this.show());
    this.change([]);
    return this.element;
  }

  onRemove() {
    this.element.remove();
  }

  /** @param {boolean} isOn */
  turn(isOn) {
    this.isOn = isOn;
    this.draw.setAttribute("aria-pressed", String(isOn));
    this.draw.textContent = isOn ? "Stop drawing" : "Draw";
  }

  /**
   * @param {import("maplibre-gl").LngLat} at
   * @returns {boolean} whether the click was a point of the line
   */
  takes(at) {
    if (!this.isOn) return false;
    this.change([...this.points, [at.lng, at.lat]]);
    return true;
  }

  /** @param {[number, number][]} points */
  change(points) {
    this.points = points;
    this.undo.disabled = this.clear.disabled = points.length === 0;
    const pairs = points.map(([lng, lat]) => `${lng.toFixed(6)} ${lat.toFixed(6)}`);
    const [first] = pairs;
    const field = this.form.elements.namedItem("wkt");
    if (field instanceof HTMLInputElement && (first !== undefined || this.drew)) {
      field.value = first === undefined ? "" : pairs.length === 1 ? `POINT (${first})` : `LINESTRING (${pairs.join(", ")})`;
    }
    this.drew = first !== undefined;
    this.show();
  }

  show() {
    const map = this.map;
    if (!map || !map.isStyleLoaded()) return;
    const colour = pageColours()("ink");
    /** @type {import("maplibre-gl").GeoJSONSourceSpecification["data"]} */
    const data = {
      type: "FeatureCollection",
      features: [
        { type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: this.points } },
        { type: "Feature", properties: {}, geometry: { type: "MultiPoint", coordinates: this.points } },
      ],
    };
    const source = /** @type {import("maplibre-gl").GeoJSONSource | undefined} */ (map.getSource("drawn"));
    if (source) {
      source.setData(data);
      return;
    }
    map.addSource("drawn", { type: "geojson", data });
    map.addLayer({ id: "drawn", type: "line", source: "drawn", paint: { "line-color": colour, "line-width": 3, "line-dasharray": [2, 1] } });
    map.addLayer({ id: "drawn-points", type: "circle", source: "drawn", filter: ["==", ["geometry-type"], "Point"], paint: { "circle-color": colour, "circle-radius": 4 } });
  }
}

/**
 * Makes the map of one box.
 * @param {Library} library
 * @param {HTMLElement} box
 * @param {HTMLElement} container
 */
function start(library, box, container) {
  /** @type {Record<string, unknown>} */
  const sources = JSON.parse(box.dataset["sources"] ?? "{}");
  const whole = parseBounds(box.dataset["bounds"]);
  const focus = parseBounds(box.dataset["focus"]);
  const here = (box.dataset["here"] ?? "").split(",").map(Number.parseFloat).filter(Number.isFinite);
  const languages = (box.dataset["languages"] ?? "").split(",").filter((language) => language !== "");
  const given = { sources, here, languages };
  if (!whole) throw new Error("the page does not say what the map shows");
  const map = new library.Map({
    container,
    style: style(given, pageColours()),
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
  const form = box.dataset["drawsFor"] ? document.getElementById(box.dataset["drawsFor"]) : null;
  const pen = form instanceof HTMLFormElement ? new Pen(form) : undefined;
  if (pen) map.addControl(pen, "top-left");
  map.on("click", (event) => {
    if (pen?.takes(event.lngLat)) return;
    const box = /** @type {[[number, number], [number, number]]} */ ([
      [event.point.x - 5, event.point.y - 5],
      [event.point.x + 5, event.point.y + 5],
    ]);
    const present = CLICKABLE.filter((id) => map.getLayer(id));
    const [feature] = map.queryRenderedFeatures(box, { layers: present });
    if (!feature) {
      if (pen) new library.Popup({ maxWidth: "280px" }).setLngLat(event.lngLat).setDOMContent(closeHere(event.lngLat)).addTo(map);
      return;
    }
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
    map.setStyle(style(given, pageColours()), { diff: false });
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
