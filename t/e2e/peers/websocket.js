// SPDX-License-Identifier: ISC
// Both ends of WebSocket conversations, by the library that most programs use.
//
//   node websocket.js serve TLS-CERTIFICATE TLS-KEY DEFLATE   prints its port
//   node websocket.js ask URL CA DEFLATE                      prints what it got
//
// DEFLATE: off, on, or fresh (no context takeover).
"use strict";
const fs = require("fs");
const https = require("https");
const { WebSocket, WebSocketServer } = require("ws");

const deflate = (how) => how === "off" ? false : {
  threshold: 0,
  serverNoContextTakeover: how === "fresh", clientNoContextTakeover: how === "fresh",
};

function serve(certificate, key, how) {
  const server = https.createServer({
    cert: fs.readFileSync(certificate), key: fs.readFileSync(key) });
  new WebSocketServer({ server, perMessageDeflate: deflate(how) })
    .on("connection", (socket) => {
      socket.on("message", (data, binary) => socket.send(data, { binary }));
      socket.send("welcome");
    });
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));
}

// Says each, one after the other's echo; fragments one, pings, and says why it goes.
function ask(url, ca, how) {
  const socket = new WebSocket(url, {
    ca: fs.readFileSync(ca), perMessageDeflate: deflate(how) });
  const steps = [
    () => socket.send("grüße, grüße, grüße"),
    () => socket.send("grüße, grüße, grüße again"),
    () => socket.send(Buffer.from([0, 255, 0, 255])),
    () => socket.send("z".repeat(200000)),
    () => { socket.send("one, ", { fin: false }); socket.send("two", { fin: true }); },
    () => { socket.ping("still there?"); },
    () => socket.close(4000, "enough"),
  ];
  const next = () => steps.shift()();
  socket.on("message", (data) => { console.log(data.length); next(); });
  socket.on("pong", next);
  socket.on("close", (code) => console.log("closed", code));
}

const [verb, ...rest] = process.argv.slice(2);
(verb === "serve" ? serve : ask)(...rest);
