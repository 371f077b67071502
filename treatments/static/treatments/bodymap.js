/* The body map of a session: tapping a zone ticks its area in the list, and points can be placed by hand.
   The list beside it is the form; this script only reads and writes its inputs, and says so by their own events. */
(() => {
  const WIDTH = 200;
  const HEIGHT = 488;
  const STEP = 0.005; // of the picture, by one press of an arrow key
  const MOST = 400; // points in one area
  const APART = 3.5; // units between a new point and the others, when the script chooses its place
  const SVG = "http://www.w3.org/2000/svg";
  const narrow = matchMedia("(max-width: 599.98px)");
  const coarse = matchMedia("(pointer: coarse)");
  const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  const fill = (text, facts) => text.replace(/\{(\w+)\}/g, (whole, name) => facts[name] ?? whole);
  const isWhole = (text) => /^\d+$/.test(text.trim());
  const hundredths = (text) => Math.round((Number(text) || 0) * 100);
  const volume = (count) => (count / 100).toFixed(2).replace(/0$/, "");
  const round = (value) => Math.round(value * 10000) / 10000;

  function tell(input) {
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function write(input, value) {
    if (input && input.value !== value) {
      input.value = value;
      tell(input);
    }
  }

  /* One area: its row in the list. */
  class Area {
    constructor(row, root) {
      this.row = row;
      this.code = row.dataset.area;
      this.name = row.dataset.name;
      this.check = row.querySelector(".bodymap-check");
      this.ml = row.querySelector(".bodymap-volume input");
      this.count = row.querySelector(".bodymap-points input[type=number]");
      this.map = row.querySelector("[data-bodymap-points]");
      this.button = row.querySelector("[data-bodymap-place]");
      this.zones = [...root.querySelectorAll(`[data-zone="${CSS.escape(this.code)}"]`)];
    }

    get isChosen() {
      return this.check.checked;
    }

    get isBlocked() {
      return "blocked" in this.row.dataset;
    }

    get points() {
      try {
        return this.map?.value ? JSON.parse(this.map.value) : [];
      } catch {
        return []; // written by hand, not by this script: the server says what is wrong with it
      }
    }

    set points(points) {
      write(this.map, points.length ? JSON.stringify(points) : "");
      write(this.count, points.length ? String(points.length) : "");
    }

    get weight() {
      return isWhole(this.count?.value ?? "") ? Number(this.count.value) : this.points.length || Number(this.row.dataset.grid);
    }

    label(words) {
      const parts = [this.name];
      if (this.isChosen && this.ml?.value) {
        parts.push(fill(words.volume, { volume: this.ml.value }));
      }
      if ("reaction" in this.row.dataset) {
        parts.push(words.reaction);
      }
      return this.isBlocked ? fill(words.blocked, { name: parts.join(", "), reason: this.row.dataset.blocked }) : parts.join(", ");
    }
  }

  class BodyMap {
    constructor(root) {
      this.root = root;
      this.words = JSON.parse(root.dataset.words);
      this.areas = [...root.querySelectorAll("[data-area]")].map((row) => new Area(row, root));
      this.svgs = [...root.querySelectorAll(".bodymap-figure > svg")];
      this.bar = root.querySelector("[data-bodymap-bar]");
      this.switch = root.querySelector("[data-bodymap-switch]");
      this.placing = null;
      this.isClose = Boolean(this.switch) && (narrow.matches || coarse.matches);
      this.dress();
      this.listen();
      this.refresh();
    }

    area(code) {
      return this.areas.find((area) => area.code === code);
    }

    say(text) {
      this.root.querySelector("[data-bodymap-said]").textContent = text;
    }

    /* What was a picture becomes a group of controls. */
    dress() {
      const figures = this.root.querySelector(".bodymap-figures");
      figures.setAttribute("role", "group");
      figures.setAttribute("aria-label", figures.dataset.group);
      for (const svg of this.svgs) {
        svg.removeAttribute("aria-hidden");
        svg.setAttribute("role", "group");
        svg.setAttribute("aria-label", svg.dataset.name);
      }
      for (const zone of this.root.querySelectorAll("[data-zone]")) {
        zone.setAttribute("tabindex", "0");
      }
      this.switch?.removeAttribute("hidden");
      this.root.classList.add("is-live");
    }

    listen() {
      this.root.addEventListener("input", () => this.refresh());
      this.root.addEventListener("change", () => this.refresh());
      this.root.addEventListener("click", (event) => this.click(event));
      this.root.addEventListener("keydown", (event) => this.key(event));
      this.root.addEventListener("pointerdown", (event) => this.grasp(event));
      // A form is emptied after it says so, and a browser that comes back fills in what was there without a word.
      this.root.closest("form")?.addEventListener("reset", () => setTimeout(() => this.refresh()));
      window.addEventListener("pageshow", () => this.refresh());
    }

    /* Draw everything from the inputs. */
    refresh() {
      if (this.placing && !this.placing.isChosen) {
        this.placing = null;
      }
      for (const area of this.areas) {
        const points = area.points;
        this.bringForward(area);
        area.row.classList.toggle("is-placing", area === this.placing);
        area.button?.setAttribute("aria-pressed", String(area === this.placing));
        if (area.count) {
          area.count.readOnly = points.length > 0;
        }
        for (const zone of area.zones) {
          this.drawZone(area, zone, points);
        }
      }
      this.frame();
      this.sum();
    }

    /* A chosen area leaves the folded list of the others, for its place in the order of the first. */
    bringForward({ row, isChosen }) {
      if (!isChosen || !row.closest("[data-bodymap-others]")) {
        return;
      }
      const list = this.root.querySelector("[data-bodymap-list]");
      const focused = row.contains(document.activeElement) && document.activeElement;
      const next = [...list.children].find((other) => Number(other.dataset.order) > Number(row.dataset.order));
      list.insertBefore(row, next ?? null);
      if (focused) {
        focused.focus({ preventScroll: true });
      }
      const others = this.root.querySelector("[data-bodymap-others]");
      others.hidden = !others.querySelector("[data-area]");
    }

    drawZone(area, zone, points) {
      const isPlacing = area === this.placing;
      zone.classList.toggle("is-chosen", area.isChosen);
      zone.classList.toggle("is-placed", points.length > 0);
      zone.classList.toggle("is-placing", isPlacing);
      zone.setAttribute("role", isPlacing ? "group" : "checkbox");
      zone.setAttribute("aria-label", isPlacing ? fill(this.words.placing, { name: area.name }) : area.label(this.words));
      zone.setAttribute("tabindex", this.placing ? "-1" : "0");
      if (isPlacing) {
        zone.removeAttribute("aria-checked");
        zone.removeAttribute("aria-disabled");
      } else {
        zone.setAttribute("aria-checked", String(area.isChosen));
        zone.toggleAttribute("aria-disabled", false);
        if (area.isBlocked && !area.isChosen) {
          zone.setAttribute("aria-disabled", "true");
        }
      }
      this.drawPoints(zone, points, isPlacing);
    }

    /* The circles are kept where they are, so that the focus and a drag stay on them. */
    drawPoints(zone, points, isPlacing) {
      const layer = zone.querySelector(".bodymap-placed");
      const figure = zone.closest("[data-figure]").dataset.figure;
      const here = points.flatMap(([view, x, y], index) => (view === figure ? [{ x, y, index }] : []));
      while (layer.children.length > here.length) {
        layer.lastElementChild.remove();
      }
      if (layer.firstElementChild?.localName === "circle") {
        layer.replaceChildren(); // as they came from the server
      }
      here.forEach(({ x, y, index }, place) => {
        const point = layer.children[place] ?? layer.appendChild(newPoint());
        point.dataset.point = index;
        for (const circle of point.children) {
          circle.setAttribute("cx", (x * WIDTH).toFixed(2));
          circle.setAttribute("cy", (y * HEIGHT).toFixed(2));
        }
        this.dressPoint(point, index, points.length, isPlacing);
      });
    }

    dressPoint(point, index, count, isPlacing) {
      if (!isPlacing) {
        ["role", "tabindex", "aria-label", "aria-pressed"].forEach((name) => point.removeAttribute(name));
        return;
      }
      point.setAttribute("role", "button");
      point.setAttribute("tabindex", "0");
      point.setAttribute("aria-label", fill(this.words.point, { number: index + 1, count }));
      point.setAttribute("aria-pressed", String(index === this.selected));
    }

    /* Choose what part of the figures is seen. */
    frame() {
      const { root, placing } = this;
      root.classList.toggle("is-placing", Boolean(placing));
      root.classList.toggle("is-close", Boolean(placing) || this.isClose);
      this.bar.hidden = !placing;
      if (placing) {
        root.querySelector("[data-bodymap-title]").textContent = fill(this.words.placing, { name: placing.name });
      }
      for (const svg of this.svgs) {
        const zone = placing?.zones.find((each) => svg.contains(each));
        svg.parentElement.classList.toggle("has-place", Boolean(zone));
        svg.setAttribute("viewBox", zone ? around(zone) : this.isClose ? root.dataset.region : root.dataset.whole);
      }
      for (const button of this.switch?.querySelectorAll("button") ?? []) {
        button.setAttribute("aria-pressed", String((button.dataset.bodymapDo === "close") === this.isClose));
      }
    }

    sum() {
      const chosen = this.areas.filter((area) => area.isChosen);
      const total = chosen.reduce((sum, area) => sum + hundredths(area.ml?.value), 0);
      const points = chosen.reduce((sum, area) => sum + area.weight, 0);
      const facts = { volume: volume(total), points, each: (total / 100 / points).toFixed(2) };
      this.root.querySelector("[data-bodymap-sum]").textContent = total && points ? fill(this.words.sum, facts) : "";
    }

    /* What a tap means. */
    click(event) {
      const act = event.target.closest("[data-bodymap-do]");
      const place = event.target.closest("[data-bodymap-place]");
      const svg = event.target.closest(".bodymap-figure > svg");
      if (act) {
        this[act.dataset.bodymapDo](act);
      } else if (place) {
        const area = this.area(place.closest("[data-area]").dataset.area);
        this.place(area === this.placing ? null : area);
      } else if (svg && this.placing) {
        this.tapPoint(event, svg);
      } else if (svg) {
        const zone = event.target.closest("[data-zone], [data-for]");
        if (zone) {
          this.toggle(this.area(zone.dataset.zone ?? zone.dataset.for));
        }
      }
    }

    toggle(area) {
      if (area.isBlocked && !area.isChosen) {
        this.say(area.label(this.words));
        return;
      }
      area.check.click(); // which says "input" and "change" by itself
      this.say(fill(area.isChosen ? this.words.added : this.words.removed, { name: area.name }));
    }

    close() {
      this.isClose = true;
      this.frame();
    }

    whole() {
      this.isClose = false;
      this.frame();
    }

    key(event) {
      const point = event.target.closest("[data-point]");
      const zone = event.target.closest("[data-zone]");
      if (event.key === "Escape" && this.placing) {
        event.preventDefault();
        this.done();
      } else if (point && this.placing) {
        this.keyOnPoint(event, Number(point.dataset.point));
      } else if (zone && !this.placing && [" ", "Enter"].includes(event.key)) {
        event.preventDefault();
        this.toggle(this.area(zone.dataset.zone));
      }
    }

    keyOnPoint(event, index) {
      const step = arrows[event.key];
      if (step) {
        const [figure, x, y] = this.placing.points[index];
        this.move(index, [figure, round(x + step[0] * STEP), round(y + step[1] * STEP)]);
      } else if (["Delete", "Backspace"].includes(event.key)) {
        this.selected = index;
        this.remove();
      } else if ([" ", "Enter"].includes(event.key)) {
        this.select(index);
      } else {
        return;
      }
      event.preventDefault();
    }

    /* Placing points */
    place(area) {
      this.placing = area;
      this.selected = -1;
      this.say("");
      this.refresh();
      if (area) {
        const title = this.root.querySelector("[data-bodymap-title]");
        title.focus({ preventScroll: true });
        this.bar.scrollIntoView({ block: "nearest" });
      }
    }

    done() {
      const { button } = this.placing;
      this.place(null);
      button.focus();
    }

    clear() {
      this.selected = -1;
      this.placing.points = [];
      this.refresh();
      this.say(fill(this.words.cleared, { name: this.placing.name }));
    }

    tapPoint(event, svg) {
      const point = event.target.closest("[data-point]");
      if (point) {
        this.select(Number(point.dataset.point));
        return;
      }
      const [x, y] = fractions(svg, event);
      this.addPoint([svg.parentElement.dataset.figure, x, y]);
    }

    /* Without a pointer: at the first free place of the grid. */
    add() {
      const { zones, points, name } = this.placing;
      for (const zone of zones) {
        const figure = zone.closest("[data-figure]").dataset.figure;
        const free = gridOf(zone).find(([x, y]) =>
          points.every(([view, px, py]) => view !== figure || Math.hypot(px * WIDTH - x, py * HEIGHT - y) >= APART),
        );
        if (free) {
          this.addPoint([figure, round(free[0] / WIDTH), round(free[1] / HEIGHT)]);
          return;
        }
      }
      this.say(fill(this.words.no_room, { name }));
    }

    addPoint(point) {
      const { placing, words } = this;
      const points = placing.points;
      if (!this.isInside(point)) {
        this.say(fill(words.outside, { name: placing.name }));
      } else if (points.length >= MOST) {
        this.say(words.full);
      } else {
        this.selected = points.length;
        placing.points = [...points, point];
        this.refresh();
        this.focusPoint(this.selected);
        this.say(fill(words.point_added, { number: points.length + 1 }));
      }
    }

    select(index) {
      this.selected = index;
      this.refresh();
      this.focusPoint(index);
    }

    focusPoint(index) {
      this.root.querySelector(`[data-point="${index}"][role="button"]`)?.focus({ preventScroll: true });
    }

    move(index, point) {
      if (!this.isInside(point)) {
        this.say(fill(this.words.outside, { name: this.placing.name }));
        return;
      }
      const points = this.placing.points;
      points[index] = point;
      this.selected = index;
      this.say("");
      this.placing.points = points;
      this.refresh();
    }

    remove() {
      const points = this.placing.points;
      if (!(this.selected in points)) {
        return;
      }
      points.splice(this.selected, 1);
      this.selected = Math.min(this.selected, points.length - 1);
      this.placing.points = points;
      this.refresh();
      this.say(fill(points.length ? this.words.point_removed : this.words.cleared, { count: points.length, name: this.placing.name }));
      if (points.length) {
        this.focusPoint(this.selected);
      } else {
        this.root.querySelector("[data-bodymap-do=add]").focus();
      }
    }

    isInside([figure, x, y]) {
      const zone = this.placing.zones.find((each) => each.closest("[data-figure]").dataset.figure === figure);
      if (!zone || x < 0 || x > 1 || y < 0 || y > 1) {
        return false;
      }
      const svg = zone.ownerSVGElement;
      const point = svg.createSVGPoint();
      point.x = x * WIDTH;
      point.y = y * HEIGHT;
      return [zone.querySelector(".bodymap-area"), svg.querySelector(".bodymap-skin")].every((path) => path.isPointInFill(point));
    }

    grasp(event) {
      const point = this.placing && event.button === 0 && event.target.closest("[data-point]");
      if (!point) {
        return;
      }
      const svg = point.ownerSVGElement;
      const index = Number(point.dataset.point);
      const figure = svg.parentElement.dataset.figure;
      const start = [event.clientX, event.clientY];
      let isDragged = false;
      const drag = (moved) => {
        isDragged ||= Math.hypot(moved.clientX - start[0], moved.clientY - start[1]) > 3;
        if (isDragged && moved.pointerId === event.pointerId) {
          this.move(index, [figure, ...fractions(svg, moved)]);
        }
      };
      const drop = () => {
        point.removeEventListener("pointermove", drag);
        point.removeEventListener("pointerup", drop);
        point.removeEventListener("pointercancel", drop);
      };
      point.setPointerCapture(event.pointerId);
      point.addEventListener("pointermove", drag);
      point.addEventListener("pointerup", drop);
      point.addEventListener("pointercancel", drop);
    }

    /* The whole list at once */
    mirror() {
      const lefts = this.areas.filter((area) => area.isChosen && area.code.endsWith("-left"));
      const done = lefts.filter((left) => this.mirrorOne(left, this.area(left.row.dataset.mirror)));
      const names = done.map((area) => this.area(area.row.dataset.mirror).name).join("; ");
      this.say(lefts.length ? fill(this.words.mirrored, { names: names || "–" }) : this.words.no_left);
    }

    mirrorOne(left, right) {
      if (!right || (right.isBlocked && !right.isChosen)) {
        return false;
      }
      if (!right.isChosen) {
        right.check.click();
      }
      write(right.ml, left.ml.value);
      right.points = left.points.map(([figure, x, y]) => [figure, round(1 - x), y]);
      write(right.count, left.count.value);
      return true;
    }

    split() {
      const chosen = this.areas.filter((area) => area.isChosen && area.ml);
      const total = hundredths(this.root.dataset.totalMl);
      if (!chosen.length || total <= 0) {
        this.say(chosen.length ? this.words.no_total : this.words.none_chosen);
        return;
      }
      shares(total, chosen.map((area) => area.weight)).forEach((share, index) => write(chosen[index].ml, volume(share)));
      this.say(fill(this.words.split, { volume: volume(total), count: chosen.length }));
    }
  }

  /* Parts of a whole number by weight, exact: what is left over goes one by one to the first. */
  function shares(total, weights) {
    const even = weights.every((weight) => weight > 0) ? weights : weights.map(() => 1);
    const sum = even.reduce((a, b) => a + b, 0);
    const parts = even.map((weight) => Math.floor((total * weight) / sum));
    const rest = total - parts.reduce((a, b) => a + b, 0);
    return parts.map((part, index) => part + (index < rest ? 1 : 0));
  }

  function newPoint() {
    const point = document.createElementNS(SVG, "g");
    point.setAttribute("class", "bodymap-point");
    for (const [name, radius] of [
      ["bodymap-touch", 2.9],
      ["bodymap-dot", 1.35],
    ]) {
      const circle = document.createElementNS(SVG, "circle");
      circle.setAttribute("class", name);
      circle.setAttribute("r", radius);
      point.append(circle);
    }
    return point;
  }

  function gridOf(zone) {
    const path = zone.querySelector(".bodymap-grid").getAttribute("d");
    return [...path.matchAll(/M([\d.]+) ([\d.]+)h/g)].map(([, x, y]) => [Number(x), Number(y)]);
  }

  /* Where the pointer is, as fractions of the picture, to four places as it is kept. */
  function fractions(svg, event) {
    const point = svg.createSVGPoint();
    point.x = event.clientX;
    point.y = event.clientY;
    const here = point.matrixTransform(svg.getScreenCTM().inverse());
    return [round(here.x / WIDTH), round(here.y / HEIGHT)];
  }

  /* The view on one zone, with room around it. */
  function around(zone) {
    const box = zone.querySelector(".bodymap-area").getBBox();
    return [box.x - 8, box.y - 8, box.width + 16, box.height + 16].map((value) => value.toFixed(1)).join(" ");
  }

  function dress(root) {
    for (const map of root.querySelectorAll("[data-bodymap]:not(.is-live)")) {
      new BodyMap(map);
    }
  }

  document.addEventListener("htmx:load", (event) => dress(event.target.parentElement ?? document));
  dress(document);
})();
