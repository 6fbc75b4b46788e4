// Live pages: when something has changed, the page fetches its own content anew. Without this script every page works by hand.
"use strict";
const main = document.getElementById("main"), live = document.getElementById("live"), sound = document.getElementById("sound");
let busy = false, again = false, pausedUntil = Number(sessionStorage.getItem("paused") || 0), audio = null;

function busyPerson() {
  const at = document.activeElement;
  return at && main.contains(at) && /^(INPUT|SELECT|TEXTAREA)$/.test(at.tagName);
}

// What somebody has typed and not sent outlives a refresh: a count that was put back to the old one would be confirmed by mistake.
function fields() { return [...main.querySelectorAll("form input:not([type=hidden]), form select, form textarea")]; }

function keyOf(field) {
  const hidden = [...field.form.querySelectorAll("input[type=hidden]")].filter(each => each.name !== "csrf").map(each => each.value);
  const button = field.form.querySelector("button");
  return [field.form.getAttribute("action"), ...hidden, button ? button.value : "", field.name].join("|");
}

function typed(field) {
  if (field.type === "checkbox") return field.checked !== field.defaultChecked;
  if (field.tagName === "SELECT") return [...field.options].some(each => each.selected !== each.defaultSelected);
  return field.value !== field.defaultValue;
}

async function refresh() {
  if (busy || busyPerson()) { again = true; return; }
  busy = true; again = false;
  try {
    const answer = await fetch(location.href, { headers: { "X-Fragment": "1" }, redirect: "manual" });
    if (answer.type === "opaqueredirect") { location.reload(); return; }
    if (answer.ok) {
      const open = [...main.querySelectorAll("details")].map(each => each.open);
      const focus = document.activeElement && document.activeElement.getAttribute("href");
      const text = await answer.text();
      if (busyPerson()) { busy = false; again = true; setTimeout(refresh, 1000); return; }
      const kept = new Map(fields().filter(typed).map(each => [keyOf(each), each.type === "checkbox" ? each.checked : each.value]));
      main.innerHTML = text;
      fields().filter(each => kept.has(keyOf(each))).forEach(each => { each[each.type === "checkbox" ? "checked" : "value"] = kept.get(keyOf(each)); });
      [...main.querySelectorAll("details")].forEach((each, n) => { each.open = Boolean(open[n]); });
      if (focus) { const same = main.querySelector(`a[href="${CSS.escape(focus)}"]`); if (same) same.focus({ preventScroll: true }); }
      heard();
    }
  } catch { state(false); }
  busy = false;
  if (again) setTimeout(refresh, 1000);
}

function state(on) { if (live) { live.textContent = on ? live.dataset.on : live.dataset.off; live.classList.toggle("off", !on); } }

function urgent() { const found = document.getElementById("urgent"); return found ? Number(found.dataset.count) : 0; }

function heard() {
  if (!sound) return;
  sound.hidden = urgent() === 0;
  sound.textContent = Date.now() < pausedUntil || !audio ? sound.dataset.on : sound.dataset.pause;
}

function beep() {  // three notes, twice: IEC 60601-1-8 has its own; this one only calls to the page
  if (!audio || urgent() === 0 || Date.now() < pausedUntil) return;
  [0, 0.2, 0.4].forEach(delay => {
    const tone = audio.createOscillator(), gain = audio.createGain();
    tone.frequency.value = 660; gain.gain.value = 0.2;
    tone.connect(gain).connect(audio.destination);
    tone.start(audio.currentTime + delay); tone.stop(audio.currentTime + delay + 0.15);
  });
}

if (live) {
  const events = new EventSource("/events");
  let first = true;
  events.onmessage = () => { state(true); if (!first) setTimeout(refresh, Math.random() * 300); first = false; };
  events.onerror = () => { state(false); first = false; };
  setInterval(beep, 5000); setInterval(heard, 1000);
  sound.addEventListener("click", () => {
    if (!audio) audio = new AudioContext();
    pausedUntil = Date.now() < pausedUntil || sound.textContent === sound.dataset.on ? 0 : Date.now() + 15 * 60000;
    sessionStorage.setItem("paused", pausedUntil); heard(); beep();
  });
  heard();
}
