// Keeps the page as it is on the server: parts come whole and escaped, as the page itself did. Without this script the
// page is as good, but for the log, and old after a while.

const page = document.getElementById("page");
const live = document.getElementById("live");

function say(text, on = false) {
  live.hidden = false;
  live.textContent = text;
  live.classList.toggle("on", on);
}

// What the reader opened stays open, and what had the focus keeps it.
function put(element, html) {
  const open = new Set([...element.querySelectorAll("details[open]")].map((each) => each.id));
  const focused = element.contains(document.activeElement) ? path(element, document.activeElement) : null;
  element.innerHTML = html;
  for (const each of element.querySelectorAll("details")) each.open = open.has(each.id);
  if (focused) focused.reduce((at, place) => at?.children[place], element)?.focus({ preventScroll: true });
  local(element);
}

function path(from, to) {
  const places = [];
  for (let at = to; at !== from; at = at.parentElement) places.unshift([...at.parentElement.children].indexOf(at));
  return places;
}

function arrange(ids) {
  const rows = document.getElementById("rows");
  const wanted = new Set(ids);
  for (const row of [...rows.children]) if (!wanted.has(row.id)) row.remove();
  ids.forEach((id, place) => {
    let row = document.getElementById(id);
    if (!row) {
      row = document.createElement("li");
      row.id = id;
    }
    if (rows.children[place] !== row) rows.insertBefore(row, rows.children[place] ?? null);
  });
}

function show({ parts, rows, title, icon }) {
  arrange(rows);
  for (const [id, html] of Object.entries(parts)) put(document.getElementById(id), html);
  document.title = title;
  document.getElementById("icon").href = icon;
  tick();
}

// Times in the reader's own zone; the server's word stays where there is no script.
function local(element) {
  for (const each of element.querySelectorAll("time")) {
    const when = new Date(each.dateTime);
    each.title = each.textContent;
    each.textContent = when.toLocaleString([], { dateStyle: "medium", timeStyle: "medium" });
  }
}

function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [[Math.floor(whole / 3600), "h"], [Math.floor(whole / 60) % 60, "min"], [whole % 60, "s"]];
  return parts.filter(([value]) => value).map(([value, unit]) => `${value} ${unit}`).join(" ") || "under 1 s";
}

// The server's clock is the one that the run's times come from.
let ahead = page.dataset.now - Date.now() / 1000;

function tick() {
  const now = Date.now() / 1000 + ahead;
  for (const each of document.querySelectorAll("[data-since]")) each.textContent = duration(now - each.dataset.since);
  for (const bar of document.querySelectorAll("svg[data-grows]")) {
    bar.setAttribute("viewBox", `0 0 ${Math.max(1, now - bar.dataset.begin)} 10`);
    const growing = bar.querySelector("rect[data-from]");
    growing?.setAttribute("width", Math.max(0, now - growing.dataset.from));
  }
}

// Browsers come again by themselves where a connection breaks, and not where they are told "not now".
let tries = 0;

function listen() {
  const url = new URL(page.dataset.stream, location.href);
  url.searchParams.set("seen", page.dataset.seen);
  url.searchParams.set("uid", page.dataset.uid);
  const source = new EventSource(url);
  source.addEventListener("open", () => {
    tries = 0;
    say("Live", true);
  });
  source.addEventListener("page", (message) => {
    const said = JSON.parse(message.data);
    ahead = said.now - Date.now() / 1000;
    show(said);
  });
  source.addEventListener("end", (message) => {
    const { words, gone } = JSON.parse(message.data);
    source.close();
    say(words);
    document.getElementById("gone").hidden = !gone;
  });
  source.addEventListener("error", () => {
    if (source.readyState !== EventSource.CLOSED || tries < 3) say("Connecting again …");
    else say("Not live any more: load the page again");
    if (source.readyState === EventSource.CLOSED && tries < 3) setTimeout(listen, 5000 * 3 ** tries++);
  });
}

// So many lines stay on the page; the whole log is a link away.
const MOST = 2000;
const LAST = 500;

// The sixteen colours of terminals, and bold; what else a terminal knows is left out.
function coloured(text) {
  const [first, ...parts] = text.split(/\x1b\[([\d;:]*)m/);
  const made = [first];
  let colour = "";
  let bold = "";
  for (let at = 0; at < parts.length; at += 2) {
    for (const code of parts[at].split(";").map(Number)) {
      if (code === 0) colour = bold = "";
      else if (code === 1) bold = "bold";
      else if (code === 22) bold = "";
      else if (code === 39) colour = "";
      else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) colour = `c${code % 10}`;
      else if (code === 38 || code === 48) break;
    }
    if (!parts[at + 1]) continue;
    const span = document.createElement("span");
    span.className = `${colour} ${bold}`.trim();
    span.textContent = parts[at + 1];
    made.push(span);
  }
  return made;
}

class Log {
  constructor(element) {
    this.element = element;
    this.rest = "";
    this.follow = document.querySelector("#follow input");
    element.hidden = false;
    document.getElementById("follow").hidden = false;
    element.addEventListener("scroll", () => {
      const end = element.scrollHeight - element.scrollTop - element.clientHeight;
      this.follow.checked = end < 40;
    });
    this.follow.addEventListener("change", () => this.scroll());
  }

  async read() {
    const url = new URL(this.element.dataset.log, location.href);
    url.searchParams.set("tail", LAST);
    url.searchParams.set("colours", "true");
    const answer = await fetch(url);
    if (!answer.ok) return this.add(`The log can't be read: ${(await answer.text()).slice(0, 300)}\n`);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let got = await reader.read(); !got.done; got = await reader.read()) this.add(got.value);
    if (this.rest) this.add("\n");
  }

  add(text) {
    const lines = (this.rest + text).split("\n");
    this.rest = lines.pop();
    const added = document.createDocumentFragment();
    for (const line of lines.slice(-MOST)) added.append(this.line(line));
    this.element.append(added);
    while (this.element.childElementCount > MOST) this.element.firstElementChild.remove();
    this.scroll();
  }

  line(text) {
    const line = document.createElement("div");
    const [, from, rest] = /^(\[[^\]]*\] )?([^]*)$/.exec(text);
    if (from) {
      const span = document.createElement("span");
      span.className = "from";
      span.textContent = from;
      line.append(span);
    }
    line.append(...coloured(rest || (from ? "" : "\u200b")));
    return line;
  }

  scroll() {
    if (this.follow.checked) this.element.scrollTop = this.element.scrollHeight;
  }
}

local(document);
tick();
setInterval(tick, 1000);
listen();
const lines = document.getElementById("lines");
if (lines) {
  const log = new Log(lines);
  log.read().catch(() => log.add("The connection broke: load the page again to see more.\n"));
}
