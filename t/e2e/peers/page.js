// SPDX-License-Identifier: ISC
// A page of many parts with a WebSocket and a stream of events, for a browser.
//
//   node page.js CERTIFICATE KEY h1|h2     prints its port, then what the page tells
//
// What the page counted comes back by itself: POST /told, a line of JSON.
"use strict";
const fs = require("fs");
const http2 = require("http2");
const https = require("https");
const zlib = require("zlib");
const { WebSocket, WebSocketServer } = require("ws");

const KINDS = {
  css: ["text/css", (n) => `.a${n} { color: red }\n`],
  js: ["text/javascript", (n) => `window.ran = (window.ran || 0) + 1; // ${n}\n`],
  svg: ["image/svg+xml", (n) => '<svg xmlns="http://www.w3.org/2000/svg" ' +
    `width="9" height="9"><!-- ${n} --></svg>`],
  json: ["application/json", (n) => JSON.stringify({ n, text: "x".repeat(n * 100) })],
};
const PARTS = 200, EACH = 50, EVENTS = 5;
const SAID = ["first", "grüße, ".repeat(1000), "last"];

// In the page: all parts by the tags and calls that fetch them, then the socket and
// the events, then what the browser counted.
async function play(parts, each, events, said) {
  for (let n = parts - each; n < parts; n++)
    await (await fetch(`/part/${n}.json`, n % 2
      ? { method: "POST", body: `n=${n}&` + "y".repeat(n) } : {})).text();
  const heard = await new Promise((done) => {
    const source = new EventSource("/events"), list = [];
    source.onmessage = (event) => {
      list.push(event.data);
      if (list.length === events) { source.close(); done(list); }
    };
  });
  const echoed = await new Promise((done) => {
    const socket = new WebSocket(`wss://${location.host}/socket`), list = [];
    socket.onopen = () => socket.send(said[0]);
    socket.onmessage = (event) => {
      list.push(event.data);
      if (list.length < said.length) socket.send(said[list.length]);
      else socket.close(4000, "enough");
    };
    socket.onclose = () => done(list);
  });
  const missing = await fetch("/missing");
  await missing.text();
  const entries = [...performance.getEntriesByType("navigation"),
    ...performance.getEntriesByType("resource")].map((e) => ({
    url: e.name, protocol: e.nextHopProtocol, status: e.responseStatus,
    bytes: e.encodedBodySize, decoded: e.decodedBodySize, by: e.initiatorType }));
  await fetch("/told", { method: "POST",
    body: JSON.stringify({ entries, heard, echoed, ran: window.ran }) });
}

function page() {
  const tag = {
    css: (n) => `<link rel="stylesheet" href="/part/${n}.css">`,
    js: (n) => `<script src="/part/${n}.js"></script>`,
    svg: (n) => `<img src="/part/${n}.svg" alt="">`,
  };
  let text = '<!doctype html><title>parts</title><link rel="icon" href="data:,">\n';
  ["css", "js", "svg"].forEach((kind, i) => {
    for (let n = i * EACH; n < (i + 1) * EACH; n++) text += tag[kind](n) + "\n";
  });
  return text + `<script>${play}
    addEventListener("load", () =>
      play(${PARTS}, ${EACH}, ${EVENTS}, ${JSON.stringify(SAID)}));</script>\n`;
}

function answer(response, status, type, text, packed) {
  const body = packed ? zlib.gzipSync(text) : Buffer.from(text);
  response.writeHead(status, { "content-type": type, "content-length": body.length,
    "cache-control": "no-store", ...(packed ? { "content-encoding": "gzip" } : {}) });
  response.end(body);
}

function sendEvents(response) {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.on("error", () => {});
  let sent = 0;
  const next = () => {
    if (sent < EVENTS) response.write(`data: event ${++sent}\n\n`, () =>
      setTimeout(next, 20));
  };
  next();
}

function serve(request, response) {
  const body = [];
  request.on("data", (chunk) => body.push(chunk));
  request.on("end", () => {
    const part = /^\/part\/(\d+)\.(\w+)$/.exec(request.url);
    if (part) {
      const [type, make] = KINDS[part[2]], n = Number(part[1]);
      answer(response, 200, type, make(n), n % 3 === 0);
    } else if (request.url === "/") {
      answer(response, 200, "text/html; charset=utf-8", page(), true);
    } else if (request.url === "/events") {
      sendEvents(response);
    } else if (request.url === "/told") {
      answer(response, 204, "text/plain", "");
      console.log(Buffer.concat(body).toString());
    } else {
      answer(response, 404, "text/plain", "none such\n");
    }
  });
}

function echo(socket) {
  socket.on("message", (data, binary) => socket.send(data, { binary }));
}

// RFC 8441: the stream of an extended CONNECT in the place of the connection.
function connect(request, response) {
  const { stream } = response, socket = new WebSocket(null, undefined, {});
  stream.respond({ ":status": 200 });
  stream.setNoDelay = () => {};
  socket._isServer = true;
  socket.setSocket(stream, Buffer.alloc(0), { maxPayload: 1 << 20 });
  echo(socket);
}

const [certificate, key, version] = process.argv.slice(2);
const options = { cert: fs.readFileSync(certificate), key: fs.readFileSync(key) };
const server = version === "h1" ? https.createServer(options, serve)
  : http2.createSecureServer({ ...options, settings: { enableConnectProtocol: true } },
    serve).on("connect", connect);
if (version === "h1") new WebSocketServer({ server }).on("connection", echo);
server.keepAliveTimeout = 0; // however slow this machine is
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
