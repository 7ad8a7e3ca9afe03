// Keeps an open page true: the banner comes and goes with the site's mode, forms are disabled while nothing can be saved,
// and a form goes off only when it can be. What was typed stays. Without this script the page is right as it was served.
"use strict";
(() => {
  const page = document.documentElement;
  const banner = document.getElementById("read-only-banner");
  if (banner && !banner.hidden && !banner.classList.contains("planned"))
    document.querySelectorAll("fieldset:disabled:not([data-reader])").forEach((fields) => { fields.dataset.shut = ""; });

  function make(tag, attributes, ...content) {
    const element = document.createElement(tag);
    Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
    element.append(...content);
    return element;
  }
  // In the words of people here, not of the protocol.
  function time(text) {
    const date = new Date(text);
    const words = isNaN(date) ? text : date.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
    return make("time", { datetime: text }, words);
  }

  function bannerParts(state) {
    const parts = [make("strong", { class: "pill" }, state.read_only ? "Read Only Mode" : "Planned maintenance")];
    if (state.read_only) {
      parts.push(make("span", {}, "This site is in read only mode, full functionality will be restored soon."));
      if (state.expected_end) parts.push(make("span", {}, "Expected until ", time(state.expected_end), "."));
    } else {
      const until = state.expected_end ? [" until ", time(state.expected_end)] : [];
      parts.push(make("span", {}, "This site will be in read only mode from ", time(state.announced_for), ...until, "."));
    }
    if (state.reason) parts.push(make("span", { class: "reason" }, `Reason: ${state.reason}`));
    return parts;
  }
  let told = "";
  function fillBanner(state) {
    const shown = state.read_only || Boolean(state.announced_for);
    // The same again would be read out again.
    const news = JSON.stringify([state.read_only, state.announced_for, state.expected_end, state.reason]);
    if (banner.hidden === !shown && news === told) return;
    told = news;
    banner.replaceChildren(...(shown ? bannerParts(state) : []));
    banner.hidden = !shown;
    banner.classList.toggle("planned", !state.read_only);
  }

  // What a form disables for reasons of its own stays so: only what the window shut is opened again. On a page that came
  // read-only that is all but what says data-reader.
  function shut(fields) {
    if (fields.disabled) return;
    fields.disabled = true;
    fields.dataset.shut = "";
  }
  function open(fields) {
    if (!("shut" in fields.dataset)) return;
    fields.disabled = false;
    delete fields.dataset.shut;
  }

  function show(state) {
    // The page that says so has nothing else to show.
    if ("closed" in page.dataset && state.mode !== "closed") return location.replace(location.href);
    window.read_only_mode = state.read_only;
    if (banner) fillBanner(state);
    document.querySelectorAll("form:not([data-always])").forEach((form) => {
      if (form.method === "get") return;
      form.querySelectorAll("fieldset").forEach((fields) => (state.read_only ? shut : open)(fields));
    });
    document.querySelectorAll(".writes").forEach((element) => { element.hidden = state.read_only; });
    document.querySelectorAll(".only-read-only").forEach((element) => { element.hidden = !state.read_only; });
    document.dispatchEvent(new CustomEvent("bench:mode", { detail: state }));
  }

  const mode = () => fetch("/api/mode", { cache: "no-store" }).then((answer) => answer.json());
  const ask = () => mode().then(show).catch(() => {});
  let events = null;
  let poll = null;
  function startPolling() {
    if (poll === null) poll = setInterval(ask, 5000);
  }
  function stopPolling() {
    clearInterval(poll);
    poll = null;
  }
  function listen() {
    if (events !== null || document.hidden) return;
    if (!("EventSource" in window)) {
      ask();
      return startPolling();
    }
    events = new EventSource("/api/events");
    events.onmessage = (event) => {
      stopPolling();
      show(JSON.parse(event.data));
    };
    // The browser tries again by itself; until then the page asks.
    events.onerror = startPolling;
  }
  // A browser has six connections to a server for all of its windows: a page that nobody sees must not hold one.
  function rest() {
    stopPolling();
    if (events !== null) events.close();
    events = null;
  }
  document.addEventListener("visibilitychange", () => (document.hidden ? rest() : listen()));
  addEventListener("pagehide", rest);
  // A page that comes back from the browser's memory may be from before the lift: the first event says how it is now.
  addEventListener("pageshow", listen);

  function tell(form, ...content) {
    form.querySelectorAll(".told").forEach((old) => old.remove());
    if (content.length > 0) form.prepend(make("p", { class: "error told", role: "alert" }, ...content));
  }

  // A form asks before it goes off: a refusal then leaves everything where it was typed, and a login in another window,
  // which made the form's token old, does no harm.
  let asking = false;
  let sent = 0;
  async function send(form, button) {
    let state = null;
    try {
      state = await mode();
    } catch {
      return tell(form, "The server does not answer. Nothing was saved, and what you typed stays here: try again in a moment.");
    }
    show(state);
    if (state.read_only) return;
    if (page.dataset.user && !state.user) {
      const link = make("a", { href: "/login", target: "_blank", rel: "noopener" }, "Log in in another window");
      return tell(form, "You are logged out, and nothing was saved. ", link, ", come back, and save again: what you typed stays here.");
    }
    const token = form.elements.namedItem("csrf_token");
    if (token && state.user === page.dataset.user) token.value = state.csrf_token;
    tell(form);
    sent = Date.now();
    form.dataset.asked = "";
    form.requestSubmit(button);
    delete form.dataset.asked;
  }
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || "always" in form.dataset || "asked" in form.dataset) return;
    event.preventDefault();
    // Pressed twice, it is meant once.
    if (asking || Date.now() - sent < 2000) return;
    asking = true;
    send(form, event.submitter).finally(() => { asking = false; });
  });
})();
