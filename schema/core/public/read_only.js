// Keeps an open page true: the banner comes and goes with the site's mode, and forms are disabled while nothing can be
// saved. What was typed stays. Without this script the page is right as it was served.
"use strict";
(() => {
  const banner = document.getElementById("read-only-banner");

  const add = (parent, tag, text, attributes = {}) => {
    const element = document.createElement(tag);
    element.textContent = text;
    Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
    parent.append(element);
  };
  const addTime = (parent, time) => {
    const date = new Date(time);
    add(parent, "time", isNaN(date) ? time : date.toLocaleString(), { datetime: time });
  };

  function fillBanner(state) {
    banner.hidden = !state.read_only && !state.announced_for;
    banner.textContent = "";
    if (banner.hidden) return;
    add(banner, "strong", state.read_only ? "Read Only Mode" : "Planned maintenance", { class: "pill" });
    if (state.read_only) {
      banner.append(" This site is in read only mode, full functionality will be restored soon.");
    } else {
      banner.append(" This site will be in read only mode from ");
      addTime(banner, state.announced_for);
      banner.append(".");
    }
    if (state.reason) banner.append(` ${state.reason}.`);
    if (state.expected_end) {
      banner.append(" Expected until ");
      addTime(banner, state.expected_end);
      banner.append(".");
    }
  }

  function show(state) {
    window.read_only_mode = state.read_only;
    if (banner) fillBanner(state);
    document.querySelectorAll("form:not([data-always])").forEach((form) => {
      if (form.method === "get") return;
      form.querySelectorAll("fieldset").forEach((fields) => {
        fields.disabled = state.read_only || "reader" in fields.dataset;
      });
    });
    document.querySelectorAll(".writes").forEach((element) => { element.hidden = state.read_only; });
    document.querySelectorAll(".only-read-only").forEach((element) => { element.hidden = !state.read_only; });
    document.dispatchEvent(new CustomEvent("bench:mode", { detail: state }));
  }

  let poll = null;
  const ask = () =>
    fetch("/api/mode", { cache: "no-store" }).then((answer) => answer.json()).then(show).catch(() => {});
  function startPolling() {
    if (poll === null) poll = setInterval(ask, 5000);
  }
  function listen() {
    if (!("EventSource" in window)) return startPolling();
    const events = new EventSource("/api/events");
    events.onmessage = (event) => {
      clearInterval(poll);
      poll = null;
      show(JSON.parse(event.data));
    };
    // The browser tries again by itself; until then the page asks.
    events.onerror = startPolling;
  }
  // A page that comes back from the browser's memory may be from before the lift.
  addEventListener("pageshow", (event) => { if (event.persisted) ask(); });
  listen();
})();
