// The book's two labs: the chat's (lab.md), and that of UDP's header. All that
// happens in them is computed by the crate beside this file; the words come from
// a comment in the page. build.py adds a last line, which starts them.
"use strict";

/** An element; what begins with "on" is a listener, the rest are attributes. */
function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
        if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
        else if (value !== undefined) element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
}

/** The page's comment that begins so: its lines `key: word`. */
function wordsOf(begin) {
    const main = document.querySelector("main");
    const comments = document.createTreeWalker(main, NodeFilter.SHOW_COMMENT);
    while (comments.nextNode()) {
        const text = comments.currentNode.data.trim();
        if (!text.startsWith(begin + "\n")) continue;
        const lines = text.split("\n").slice(1);
        const words = lines.map(line => line.split(/:\s+(.*)/s).slice(0, 2));
        return {at: comments.currentNode, words: Object.fromEntries(words)};
    }
    return null;
}

/** Puts a lab on the page; what stood there is for paper. */
function place(at, lab) {
    at.nextElementSibling.classList.add("lab-still");
    // Outside a lab, an arrow key turns mdBook's page.
    lab.addEventListener("keydown", event => event.stopPropagation());
    at.after(lab);
}

/** Follows a link that holds a run, also the one that is followed already. */
function onLink(follow) {
    const bring = () => { if (location.hash.includes("=")) follow(); };
    addEventListener("hashchange", bring);
    document.querySelector("main").addEventListener("click", event => {
        if (event.target.closest("a")?.hash == location.hash) bring();
    });
}

/** What a link holds, in order: pairs of keys and values. */
function pairsOf(link) {
    const parts = link.split("&").filter(part => part);
    const read = text => {
        try { return decodeURIComponent(text.replace(/\+/g, "%20")); }
        catch { return text; }
    };
    return parts.map(part => {
        const at = part.indexOf("=");
        return at < 0 ? [part, ""] : [part.slice(0, at), read(part.slice(at + 1))];
    });
}

const written = pairs => pairs.map(([key, value]) =>
    `${key}=${encodeURIComponent(value).replace(/%(20|2C|3A|2F)/g,
        (all, hex) => ({20: "+", "2C": ",", "3A": ":", "2F": "/"})[hex])}`
).join("&");

/** The fields of a frame or a header as bytes, those that differ marked. */
function bytes(hex, other) {
    return hex.match(/../g)?.map((byte, i) => {
        const same = !other || byte == other.slice(2 * i, 2 * i + 2);
        return make(same ? "span" : "mark", {}, byte + " ");
    }) ?? [];
}

/** The chat's lab. `ask` puts a question to the crate. */
function chatLab({at, words}, ask) {
    const still = matchMedia("(prefers-reduced-motion: reduce)");
    const say = (key, ...gaps) => gaps.reduce(
        (text, gap) => text.replace("{}", () => gap), words[key] ?? key);
    const sliders = [ // Least, most, step, what it is at first.
        ["lose", 0, 100, 5, 0], ["corrupt", 0, 100, 5, 0],
        ["duplicate", 0, 100, 5, 0], ["reorder", 0, 100, 5, 0],
        ["delay", 0, 100, 5, 0], ["way", 10, 1000, 10, 100],
        ["window", 1, 16, 1, 16],
    ];
    let pairs = [], run = null, now = 0, playing = false, open = 0, before = 0;
    let linked = false; // The address has the run.

    // The parts of the page.
    const value = key => pairs.findLast(([k]) => k == key)?.[1];
    const button = (key, click) =>
        make("button", {type: "button", onclick: click}, say(key));
    const play = button("play", () => {
        if (!playing && now >= run.end) now = 0;
        go(!playing);
    });
    const speed = make("select", {"aria-label": say("speed")},
        ...[0.1, 0.25, 1, 4, 16].map(times => make("option",
            {value: times, selected: times == 1 ? "" : undefined},
            `${times} ×`)));
    const seed = make("input", {
        type: "number", min: 0, value: 1, onchange: () => set("seed", seed.value),
    });
    const inputs = sliders.map(([key, min, max, step]) => {
        const output = make("output");
        const input = make("input", {type: "range", min, max, step,
            onchange: () => set(key, input.value),
            oninput: () => { output.value = shown(key, input.value); }});
        return {key, input, output,
            label: make("label", {}, say(key), output, input)};
    });
    const shown = (key, n) =>
        `${n} ${{way: "ms", window: ""}[key] ?? "%"}`;
    const sides = ["client", "server"].map(key => {
        const text = make("input", {type: "text", "aria-label": say("types-here",
            say(key)), placeholder: say("message"), maxlength: 256});
        const form = make("form", {onsubmit: event => {
            event.preventDefault();
            if (text.value) type(key, text.value);
            text.value = "";
        }}, text, make("button", {}, say("send")));
        const known = make("dl");
        return {form, known, card: make("section", {}, make("h3", {}, say(key)),
            form, known)};
    });
    const clock = make("p", {class: "lab-clock"});
    const wrong = make("p", {class: "lab-wrong", role: "alert"});
    const grown = make("div", {class: "lab-grown", onclick: clicked,
        onkeydown: keyed});
    const ladder = make("div", {class: "lab-ladder"}, grown);
    const frame = make("section", {class: "lab-frame", "aria-live": "polite"});
    const links = [...document.querySelectorAll("main a")];
    const question = make("section", {class: "lab-question"});
    const lab = make("div", {class: "lab"},
        question, make("div", {class: "lab-row"}, play, button("step", step),
            button("again", () => { now = 0; go(true); }), speed,
            make("label", {}, say("seed"), seed),
            button("new", () => {
                history.replaceState(null, "", "#client=500:hola");
                follow();
            })),
        wrong, clock, ladder, make("p", {class: "lab-hint"}, say("hint")), frame,
        make("div", {class: "lab-sides"}, ...sides.map(s => s.card)),
        make("div", {class: "lab-sliders"}, ...inputs.map(i => i.label)));
    place(at, lab);

    /** Computes the run anew. What lies before the change stays as it is. */
    function compute() {
        const width = Math.max(320, ladder.clientWidth);
        const told = {...words, width};
        const question = ["run", written(pairs), written(Object.entries(told))];
        const answer = JSON.parse(ask(question.join("\n")));
        wrong.textContent = answer.wrong ? say("wrong", answer.wrong) : "";
        if (answer.wrong) return false;
        run = answer;
        grown.innerHTML = run.svg;
        for (const arrow of arrows()) {
            arrow.setAttribute("role", "button");
            arrow.setAttribute("tabindex", -1);
            arrow.setAttribute("aria-label",
                run.datagrams[arrow.dataset.n - 1].label);
        }
        grown.firstElementChild.setAttribute("role", "group");
        for (const {key, input, output} of inputs) {
            const first = sliders.find(([k]) => k == key)[4];
            input.value = value(key) ?? first;
            output.value = shown(key, value(key) ?? first);
        }
        seed.value = value("seed") ?? 1;
        if (linked) history.replaceState(null, "", "#" + written(pairs));
        show();
        openFrame();
        return true;
    }

    const arrows = () => grown.querySelectorAll(".datagram");

    /** Sets a key; the run begins again, and is computed with it. */
    function set(key, to) {
        linked = true;
        pairs = pairs.filter(([k]) => k != key);
        pairs.unshift([key, String(to)]);
        if (compute()) { now = 0; go(true); }
    }

    /** A datagram, by its number, is lost or damaged on purpose, or not. */
    function toggle(key, n) {
        const numbers = new Set((value(key) ?? "").split(",").filter(x => x));
        const cut = n >= Number(value("cut") ?? Infinity);
        if (!numbers.delete(String(n))) numbers.add(String(n));
        pairs = pairs.filter(([k]) => k != (cut ? "cut" : key));
        if (numbers.size && !cut) pairs.push([key, [...numbers].join(",")]);
        now = Math.min(now, run.datagrams[n - 1].at);
        linked = true;
        if (compute()) { focus(n); go(true); }
    }

    /** Somebody types a message, now. */
    function type(side, text) {
        const when = Math.ceil(now / 1000);
        linked = true;
        const old = pairs;
        pairs = [...pairs, [side, `${when}:${text}`]];
        if (when > 40000) // A run has an end.
            pairs = [...pairs.filter(([k]) => k != "for"), ["for", "120"]];
        if (compute()) go(true); else pairs = old;
    }

    function go(on) {
        playing = on && now < run.end;
        if (playing && still.matches) { playing = false; now = run.end; }
        play.textContent = say(playing ? "pause" : "play");
        before = performance.now();
        show();
        if (playing) requestAnimationFrame(tick);
    }

    function tick(time) {
        if (!playing) return;
        const past = Math.min(100, Math.max(0, time - before));
        now += past * 1000 * speed.value;
        before = time;
        if (now >= run.end) { now = run.end; return go(false); }
        show();
        requestAnimationFrame(tick);
    }

    function step() {
        const next = run.events.find(event => event.at > now);
        now = next ? next.at : run.end;
        go(false);
    }

    /** How far down the present is. */
    function height() {
        if (now >= run.end) return run.endY + 24;
        const after = run.events.findIndex(event => event.at > now);
        const end = {at: run.end, y: run.endY};
        const next = after < 0 ? end : run.events[after];
        const last = run.events[after < 0 ? run.events.length - 1 : after - 1];
        const part = (now - last.at) / Math.max(1, next.at - last.at);
        return last.y + (next.y - last.y) * part + 1;
    }

    /** Shows everything as it is now. */
    function show() {
        const y = height(), seconds = now / 1e6;
        grown.style.height = y + "px";
        ladder.scrollTop = y;
        const past = run.events.filter(event => event.at <= now);
        const count = what => past.filter(event => event.what == what).length;
        const shows = count("shows");
        put(clock, say("clock", seconds.toFixed(2), count("sends"), shows,
            seconds ? (shows / seconds).toFixed(2) : "0"));
        sides.forEach(({known}, side) => {
            const told = past.findLast(e => e.side == side && e.known);
            if (told) showKnown(known, told.known);
        });
        const all = [...arrows()];
        if (!all.some(a => a.tabIndex == 0)) all[0]?.setAttribute("tabindex", 0);
    }

    function put(element, text) {
        if (element.textContent != text) element.textContent = text;
    }

    function showKnown(list, known) {
        const ms = micros => `${(micros / 1000).toFixed(0)} ms`;
        const flights = known.flights.map(([seq, attempt, due]) =>
            say("flight", seq ? "#" + seq : "HELLO", attempt,
                (Math.max(0, due - now) / 1e6).toFixed(1)));
        const rows = [
            ["state", known.state], ["in-flight", flights.join("; ") || "–"],
            ["queue", known.queue], ["expect", known.expect
                ? "#" + known.expect : "–"],
            ["rtt", known.rtt === null ? "–" : ms(known.rtt)],
            ["wait", ms(known.wait)],
        ];
        if (!list.children.length)
            for (const [key] of rows)
                list.append(make("dt", {}, say(key)), make("dd"));
        rows.forEach(([, text], i) =>
            put(list.querySelectorAll("dd")[i], String(text)));
    }

    // Arrows: a click on one loses it, one on its words opens it.
    function clicked(event) {
        const arrow = event.target.closest(".datagram");
        if (!arrow) return;
        const n = Number(arrow.dataset.n);
        if (event.target.closest("text")) { focus(n); opens(n); }
        else toggle("drop", n);
    }

    function keyed(event) {
        const arrow = event.target.closest(".datagram");
        if (!arrow) return;
        const n = Number(arrow.dataset.n);
        const seen = run.datagrams.filter(d => d.at <= now).length;
        const keys = {
            ArrowDown: () => focus(Math.min(seen, n + 1)),
            ArrowUp: () => focus(Math.max(1, n - 1)),
            Enter: () => opens(n),
            Delete: () => toggle("drop", n),
        };
        keys[" "] = keys.Enter;
        keys.Backspace = keys.Delete;
        if (!keys[event.key]) return;
        event.preventDefault();
        keys[event.key]();
    }

    /** The keyboard is at this arrow; Tab comes back to it. */
    function focus(n) {
        for (const arrow of arrows()) {
            const here = arrow.dataset.n == n;
            arrow.setAttribute("tabindex", here ? 0 : -1);
            if (here) arrow.focus({preventScroll: playing});
        }
    }

    /** The reader opens this frame, and sees it. */
    function opens(n) {
        open = n;
        openFrame();
        frame.scrollIntoView({block: "nearest"});
    }

    /** Shows what is in the opened frame. */
    function openFrame() {
        frame.replaceChildren();
        const passage = run.datagrams[open - 1];
        if (!passage) return;
        const n = open, {sent, came} = passage;
        const table = make("table", {}, make("tr", {},
            ...["field", "bytes", came && "came"].filter(x => x).map(
                key => make("th", {scope: "col"}, say(key)))));
        sent.fields.forEach(([name, hex], i) => {
            const other = came?.fields[i]?.[1];
            const cells = [make("code", {}, ...bytes(hex))];
            if (came) cells.push(make("code", {}, ...bytes(other ?? "", hex)));
            table.append(make("tr", {}, make("th", {scope: "row"}, name),
                ...cells.map(cell => make("td", {}, cell))));
        });
        const lines = [];
        if (sent.text !== null) lines.push(
            say("text", sent.text), sent.zlib < sent.plain
                ? say("shorter", sent.plain, sent.zlib)
                : say("longer", sent.plain, sent.zlib));
        const right = sent.crc == sent.carries;
        lines.push(say(right ? "crc-right" : "crc-wrong", sent.crc, sent.carries));
        const parts = lines.map(line => make("p", {}, line));
        if (came) {
            const whole = of => of.fields.map(([, hex]) => hex).join("");
            const flipped = came.crc != came.carries;
            parts.push(make("p", {}, say(flipped ? "came-wrong" : "came-right",
                came.crc, came.carries)));
            parts.push(make("p", {}, say(came.adler == sent.adler
                ? "adler-same" : "adler-other", sent.adler, came.adler)));
            parts.push(make("p", {}, say("python")));
            const [a, b] = [whole(sent), whole(came)];
            parts.push(make("pre", {}, make("code", {tabindex: 0},
                `python3 -c "\nimport zlib\nfor frame in (\n    '${a}',\n` +
                `    '${b}',\n):\n    data = bytes.fromhex(frame)\n` +
                "    print(f'adler32 {zlib.adler32(data):08x},'," +
                " f'crc32 {zlib.crc32(data[:-4]):08x}')\n\"")));
        }
        const drop = passage.dropped ? "do-not-lose" : "do-lose";
        const spoil = passage.spoiled ? "do-not-spoil" : "do-spoil";
        frame.append(make("h3", {}, `${n}. ${passage.label}`), make("div",
            {class: "lab-row"}, button(drop, () => toggle("drop", n)),
            button(spoil, () => toggle("spoil", n)),
            button("close", () => { open = 0; openFrame(); focus(n); })),
            make("div", {class: "lab-table"}, table), ...parts);
    }

    /** Shows what the page asks about the link that was followed. */
    function showQuestion() {
        const here = a => a.hash && a.hash == location.hash;
        const asked = links.find(here)?.closest("p");
        const parts = asked ? [asked, asked.nextElementSibling] : [];
        question.replaceChildren(...parts.map(part => part.cloneNode(true)));
        for (const a of question.querySelectorAll("a"))
            a.setAttribute("aria-current", here(a));
    }

    /** A link brings a run: it begins, or is shown, where nothing may move. */
    function follow() {
        const link = location.hash.slice(1);
        const given = link.includes("=");
        const old = pairs;
        showQuestion();
        linked = given;
        pairs = pairsOf(given ? link : words.first);
        open = 0;
        if (!compute()) {
            pairs = old.length ? old : pairsOf(words.first);
            const told = wrong.textContent;
            compute();
            wrong.textContent = told;
        }
        now = given ? 0 : run.end;
        go(given);
        if (!given) return;
        lab.scrollIntoView();
        play.focus({preventScroll: true});
    }

    onLink(follow);
    let width = innerWidth;
    addEventListener("resize", () => {
        if (innerWidth != width) { width = innerWidth; compute(); }
    });
    follow();
}

/** The lab of UDP's header. */
function headerLab({at, words}, ask) {
    const say = key => words[key] ?? key;
    const first = {from: "10.35.0.1", to: "10.35.0.2", source: "34954",
        destination: "3500", text: "Taller I: Echo sobre UDP"};
    let flipped = new Set(), chosen = 8;
    const inputs = Object.keys(first).map(key => make("input",
        {type: "text", name: key, oninput: () => { flipped.clear(); tell(); }}));
    const wrong = make("p", {class: "lab-wrong", role: "alert"});
    const names = ["source", "destination", "length", "checksum", "text"];
    const fields = make("p", {class: "lab-fields"}, ...names.map(name =>
        make("span", {class: `lab-${name}`}, say(name))));
    const datagram = make("div", {class: "lab-bytes"});
    const bits = make("div", {class: "lab-row"});
    const sums = make("div", {class: "lab-table"});
    const steps = make("pre", {}, make("code", {tabindex: 0}));
    place(at, make("div", {class: "lab"},
        make("div", {class: "lab-sliders"}, ...inputs.map(input =>
            make("label", {}, say(input.name), input))),
        wrong, make("p", {class: "lab-hint"}, say("hint")), fields, datagram, bits,
        sums,
        make("details", {}, make("summary", {}, say("steps")), steps)));

    /** Which of the fields a byte is in. */
    const field = i => names[Math.min(i >> 1, 4)];

    function tell(linked = true) {
        const pairs = inputs.map(input => [input.name, input.value]);
        if (flipped.size) pairs.push(["flip", [...flipped].join(",")]);
        const told = JSON.parse(ask("header\n" + written(pairs) + "\n"));
        wrong.textContent = told.wrong ? say("wrong").replace("{}", () => told.wrong)
            : "";
        if (told.wrong) return;
        if (linked) history.replaceState(null, "", "#" + written(pairs));
        const all = told.came.bytes.match(/../g);
        chosen = Math.min(chosen, all.length - 1);
        const here = document.activeElement?.dataset.place;
        datagram.replaceChildren(...all.map((byte, i) => {
            const was = told.sent.bytes.slice(2 * i, 2 * i + 2);
            const button = make("button", {type: "button", title: say(field(i)),
                class: `lab-${field(i)}` + (byte == was ? "" : " lab-other"),
                "data-place": `byte${i}`, "aria-pressed": i == chosen,
                tabindex: i == chosen ? 0 : -1,
                "aria-label": `${say(field(i))}, ${i}: ${byte}`,
                onclick: () => choose(i), onkeydown: event => {
                    const by = {ArrowRight: 1, ArrowLeft: -1}[event.key];
                    if (by) choose(Math.max(0, Math.min(all.length - 1, i + by)));
                }}, byte);
            return button;
        }));
        const value = parseInt(all[chosen], 16);
        bits.replaceChildren(make("span", {}, `${say(field(chosen))}:`),
            ...[7, 6, 5, 4, 3, 2, 1, 0].map(bit => {
                const place = 8 * chosen + 7 - bit;
                const now = value >> bit & 1;
                return make("button", {type: "button",
                    "data-place": `bit${bit}`,
                    class: flipped.has(place) ? "lab-other" : "",
                    "aria-label": `${say("flip")} ${place}: ${now}`,
                    onclick: () => {
                        if (!flipped.delete(place)) flipped.add(place);
                        tell();
                    }}, String(now));
            }));
        const verdict = seen => make("strong",
            {class: seen ? "lab-seen" : "lab-missed"},
            say(!flipped.size ? "whole" : seen ? "seen" : "missed"));
        const {sent, came} = told;
        sums.replaceChildren(make("table", {}, make("tr", {}, make("td"),
            ...["sent", "came"].map(key =>
                make("th", {scope: "col"}, say(key))), make("td")), ...[
            ["udp", "ffff", told.received, told.noticed],
            ["adler", sent.adler, came.adler, sent.adler != came.adler],
            ["crc", sent.crc, came.crc, sent.crc != came.crc],
        ].map(([name, before, after, seen]) => make("tr", {},
            make("th", {scope: "row"}, say(name)),
            make("td", {}, make("code", {}, before)),
            make("td", {}, make("code", {}, after)),
            make("td", {}, verdict(seen))))));
        const lines = told.steps.map(([word, sum]) => `${word}  ${sum}`);
        const checksum = sent.bytes.slice(12, 16);
        steps.firstChild.textContent = [...lines,
            `${say("folded")} ${told.folded}`,
            `${say("inverted")} ${checksum}`].join("\n");
        if (here) document.querySelector(`[data-place=${here}]`)?.focus();
    }

    function choose(i) {
        chosen = i;
        tell();
        datagram.children[i].focus();
    }

    function follow() {
        const pairs = Object.fromEntries(pairsOf(location.hash.slice(1)));
        for (const input of inputs)
            input.value = pairs[input.name] ?? first[input.name];
        const numbers = (pairs.flip ?? "").split(",").filter(n => /^\d+$/.test(n));
        flipped = new Set(numbers.map(Number));
        if (flipped.size) chosen = [...flipped][0] >> 3;
        tell(false);
    }

    onLink(follow);
    follow();
}

/** Where WebAssembly is missing, the pictures stay. */
async function start(base64) {
    const chat = wordsOf("lab"), header = wordsOf("header lab");
    if (typeof WebAssembly != "object" || !chat && !header) return;
    const code = Uint8Array.from(atob(base64), c => c.charCodeAt(0));
    const {instance} = await WebAssembly.instantiate(code);
    const {memory, room, answer} = instance.exports;
    window.ask = question => {
        const text = new TextEncoder().encode(question);
        const place = room(text.length);
        new Uint8Array(memory.buffer, place, text.length).set(text);
        const long = answer();
        return new TextDecoder().decode(
            new Uint8Array(memory.buffer, room(0), long));
    };
    if (chat) chatLab(chat, window.ask);
    if (header) headerLab(header, window.ask);
}
