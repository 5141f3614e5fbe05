// Puts the pair that a reader chooses into the places of the pair that the page came with. What is shown is text, set by
// textContent: nothing that a model or a person wrote is ever read as HTML.
"use strict";
(() => {
  const all = JSON.parse(document.getElementById("pairs").textContent);
  const panel = document.getElementById("pair");
  const chooser = document.getElementById("chooser");

  function put(root, values) {
    for (const at of root.querySelectorAll("[data-f]")) {
      const text = values[at.dataset.f];
      if (text === undefined) continue;
      at.textContent = text;
      at.hidden = text === "";
    }
    for (const at of root.querySelectorAll("[data-c]")) at.className = values[at.dataset.c] ?? at.className;
    for (const at of values.bar ? root.querySelectorAll("[data-bar]") : []) {
      const [zero, low, high, value] = values.bar;
      at.toggleAttribute("hidden", values.bar.length === 0);
      if (values.bar.length === 0) continue;
      const [line, reach, dot] = at.children;
      for (const [part, name, to] of [[line, "x1", zero], [line, "x2", zero], [reach, "x1", low], [reach, "x2", high], [dot, "cx", value]])
        part.setAttribute(name, to);
    }
  }

  function list(root, name, items) {
    const place = root.querySelector(`[data-list="${name}"]`);
    const mould = document.getElementById(place.dataset.mould);
    place.replaceChildren(...items.map((item) => {
      const copy = mould.content.cloneNode(true);
      put(copy, item);
      return copy;
    }));
  }

  function example(entry, first, second) {
    const one = all.answers[entry.at];
    const right = (model) => (one.right.includes(model) ? "✓" : "");
    return {
      set: one.set, said: entry.said, prompt: one.prompt, expected: one.expected,
      first: `${first} said`, first_right: right(first), before: one.said[first] || "(nothing)",
      second: `${second} says`, second_right: right(second), after: one.said[second] || "(nothing)",
    };
  }

  function show(first, second) {
    const view = all.pairs[`${first} ${second}`];
    put(panel, { title: view.title, summary: view.summary, forgetting: view.forgetting, remarks: view.remarks });
    for (const [name, of] of Object.entries(view.lists)) {
      const column = panel.querySelector(`[data-column="${name}"]`);
      list(column, name, of.items);
      put(column.querySelector("h2"), { count: of.count });
      put(column, { rest: of.rest });
    }
    list(panel, "cost", view.cost);
    list(panel, "sets", view.sets);
    for (const side of ["gains", "losses"]) {
      const place = panel.querySelector(`[data-told="${side}"]`);
      const shown = view[side].map((entry) => example(entry, first, second));
      list(place, "first", shown.slice(0, 1));
      list(place, "rest", shown.slice(1));
      place.querySelector("[data-none]").hidden = shown.length > 0;
      place.querySelector("[data-rest]").hidden = shown.length < 2;
    }
  }

  const radios = (name) => [...chooser.querySelectorAll(`input[name="${name}"]`)];
  const models = radios("first").map((at) => at.value);
  const older = (a, b) => models.indexOf(a) < models.indexOf(b);
  const known = (a, b) => `${a} ${b}` in all.pairs;
  const check = (name, value) => radios(name).forEach((at) => { at.checked = at.value === value; });

  // A version is compared with an older one. Where the other choice does not go with the one that was made, it gives way:
  // to the version's parent, or else to the nearest that is compared with it.
  function choose(changed) {
    let [first, second] = ["first", "second"].map((name) => radios(name).find((at) => at.checked).value);
    if (changed === "first" && !known(first, second)) {
      second = models.find((other) => known(first, other));
    } else if (!known(first, second)) {
      const nearest = models.filter((other) => older(other, second)).reverse().find((other) => known(other, second));
      first = known(all.parents[second], second) ? all.parents[second] : nearest;
    }
    check("first", first);
    check("second", second);
    for (const at of radios("first")) {
      const newer = models.some((other) => known(at.value, other));
      at.disabled = !newer || (older(at.value, second) && !known(at.value, second));
    }
    show(first, second);
  }

  for (const at of radios("second")) at.disabled = !models.some((other) => known(other, at.value));
  chooser.addEventListener("change", (event) => choose(event.target.name));
  chooser.reset();
  chooser.hidden = false;
  choose("second");
})();
