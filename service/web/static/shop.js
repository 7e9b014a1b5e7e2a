// What a page of the shop does by itself: it tells which ads were seen, and keeps the list of what
// happens still when nobody looks. All else works without it.
"use strict";

const VIEWED_MS = 1000;
const HALF = 0.5;
const clocks = new Map(); // an ad that is in view -> its timer

const watcher = new IntersectionObserver((changes) => {
  for (const { target, intersectionRatio } of changes) {
    stop(target);
    if (intersectionRatio >= HALF) {
      clocks.set(target, setTimeout(viewed, VIEWED_MS, target));
    }
  }
}, { threshold: HALF });

function viewed(ad) {
  stop(ad);
  watcher.unobserve(ad);
  new Image().src = ad.dataset.view;
  delete ad.dataset.view; // it counts once
}

function stop(ad) {
  clearTimeout(clocks.get(ad));
  clocks.delete(ad);
}

function watch() {
  for (const ad of document.querySelectorAll("[data-view]")) {
    watcher.unobserve(ad);
    stop(ad);
    if (!document.hidden) {
      watcher.observe(ad); // tells at once how much of it is in view
    }
  }
}

document.addEventListener("visibilitychange", watch);
watch();

const pause = document.getElementById("live-pause");
if (pause) {
  pause.hidden = false;
  pause.addEventListener("click", () => {
    const paused = pause.getAttribute("aria-pressed") !== "true";
    pause.setAttribute("aria-pressed", String(paused));
    pause.textContent = paused ? "Go on" : "Pause";
  });
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    const paused = pause.getAttribute("aria-pressed") === "true";
    if (event.target.id === "live" && (paused || document.hidden)) {
      event.preventDefault();
    }
  });
}
