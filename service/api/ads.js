// Fills <div data-salient-slot="PLACEMENT" data-query="..."> with ads: docs/ads-js.md
(() => {
const script = document.currentScript;
const { key, user: id, session, consent } = script.dataset;
const gpc = navigator.globalPrivacyControl; // then nothing is told of the user
const asked = new WeakMap(); // slot -> what for
const unseen = new Map(); // link -> its ad

const at = (path) => new URL(`v1/${path}?key=${key}`, script.src);
const post = (path, body) =>
  fetch(at(path), { method: "POST", body: new Blob([body]), credentials: "omit" });

function tell(type, ads) {
  const body = JSON.stringify({ events: ads.map((ad) => ({ type, token: ad[type + "_url"] })) });
  if (!navigator.sendBeacon(at("events"), body)) post("events", body).catch(() => {});
}

function viewed(link) {
  tell("view", [unseen.get(link)]);
  unseen.delete(link);
  watcher.unobserve(link);
}

const watcher = new IntersectionObserver((changes) => {
  for (const { target, intersectionRatio } of changes) {
    clearTimeout(target.clock);
    if (intersectionRatio >= 0.5) target.clock = setTimeout(viewed, 1000, target);
  }
}, { threshold: 0.5 });

function watch() {
  watcher.disconnect();
  for (const link of unseen.keys()) {
    clearTimeout(link.clock);
    if (!document.hidden && !gpc) watcher.observe(link);
  }
}

function make(tag, name, ...inside) {
  const made = document.createElement(tag);
  made.className = "salient-" + name;
  made.append(...inside); // strings become text
  return made;
}

function render(ad) {
  const parts = ad.title.parts.map((p) => p.highlight ? make("b", "point", p.text) : p.text);
  const label = make("small", "label", ad.label);
  const link = make("a", "ad", label, " ", make("span", "title", ...parts));
  link.href = ad.click_url;
  link.rel = "sponsored nofollow";
  link.dataset.product = ad.product_id;
  unseen.set(link, ad);
  return link;
}

async function fill(page, rows) {
  const user = consent === "true" && !gpc ? { id, session, consent: true } : undefined;
  const ask = { ...JSON.parse(page), placements: rows.map(([, area]) => area), user };
  const { placements } = await (await post("ads", JSON.stringify(ask))).json();
  placements.forEach(({ ads }, n) => {
    if (!ads.length) return;
    rows[n][0].replaceChildren(...ads.map(render));
    tell("impression", ads);
  });
  watch();
}

function load() {
  const pages = {};
  for (const slot of document.querySelectorAll("[data-salient-slot]")) {
    const { salientSlot: placement, query, category, slots } = slot.dataset;
    const page = JSON.stringify({ query, category });
    if (asked.get(slot) === page) continue;
    asked.set(slot, page);
    (pages[page] ||= []).push([slot, { placement, slots: +slots || undefined }]);
  }
  for (const page in pages) fill(page, pages[page]).catch(() => {}); // no ads beats no page
}

window.salient = { load };
document.addEventListener("visibilitychange", watch);
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", load);
else load();
})();
