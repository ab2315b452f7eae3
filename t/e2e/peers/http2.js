// SPDX-License-Identifier: ISC
// Both ends of HTTP/2 conversations, by Node's own http2.
//
//   node http2.js serve CERTIFICATE KEY     prints its port, then serves
//   node http2.js ask PORT CA NAME...       plays the conversations of these names
//                                           in one connection, prints what it saw
"use strict";
const fs = require("fs");
const http2 = require("http2");

// What the server does, by path.
const paths = {
  "/echo": (stream) => {
    stream.respond({ ":status": 200, "content-type": "text/plain" },
      { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "x-end": "echo" }));
    stream.pipe(stream);
  },
  "/hints": (stream) => {
    stream.additionalHeaders({ ":status": 103, link: "</style.css>" });
    stream.respond({ ":status": 204 }, { endStream: true });
  },
  "/endless": (stream) => {
    stream.respond({ ":status": 200 });
    stream.write("the beginning");
    stream.on("error", () => {});
  },
  "/refuse": (stream) => {
    stream.on("error", () => {});
    stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
  },
  "/heads": (stream) => {
    const head = { ":status": 200 };
    for (let i = 0; i < 40; i++) head[`x-${i}`] = String(i).repeat(500);
    stream.respond(head, { endStream: true });
  },
  "/tunnel": (stream) => {
    stream.respond({ ":status": 200 });
    stream.pipe(stream);
  },
};

function serve(certificate, key) {
  const server = http2.createSecureServer({
    cert: fs.readFileSync(certificate), key: fs.readFileSync(key),
    settings: { enableConnectProtocol: true, headerTableSize: 16384 },
  });
  server.on("stream", (stream, headers) => paths[headers[":path"]](stream));
  server.on("session", (session) => session.on("error", () => {}));
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));
}

// One request to its end: its status, or what became of it.
function ask(session, headers, body, options) {
  return new Promise((resolve) => {
    const stream = session.request(headers, { endStream: body === null, ...options });
    let status = 0, length = 0;
    stream.on("response", (h) => { status = h[":status"]; });
    stream.on("data", (chunk) => { length += chunk.length; });
    stream.on("error", () => {});
    stream.on("close", () => resolve(`${status} ${length} ${stream.rstCode}`));
    if (body) stream.end(body);
  });
}

const conversations = {
  echo: (session) => new Promise((resolve) => {
    const stream = session.request({ ":path": "/echo", ":method": "POST" },
      { waitForTrailers: true });
    let length = 0;
    stream.on("wantTrailers", () => stream.sendTrailers({ "x-sent": "all" }));
    stream.on("data", (chunk) => { length += chunk.length; });
    stream.on("close", () => resolve(`200 ${length} ${stream.rstCode}`));
    stream.end("said and echoed");
  }),
  hints: (session) => ask(session, { ":path": "/hints" }, null),
  cancel: (session) => new Promise((resolve) => {
    const stream = session.request({ ":path": "/endless" });
    stream.on("data", () => stream.close(http2.constants.NGHTTP2_CANCEL));
    stream.on("error", () => {});
    stream.on("close", () => resolve(`cancelled ${stream.rstCode}`));
  }),
  refuse: (session) => ask(session, { ":path": "/refuse" }, null),
  heads: (session) => {
    const head = { ":path": "/heads" };
    for (let i = 0; i < 40; i++) head[`y-${i}`] = String(i).repeat(500);
    return ask(session, head, null);
  },
  // A text message of three bytes, masked; the server sends the same bytes back.
  socket: (session) => new Promise((resolve) => {
    const stream = session.request({ ":method": "CONNECT", ":protocol": "websocket",
      ":path": "/tunnel" });
    stream.on("data", () => stream.end());
    stream.on("close", () => resolve("closed"));
    stream.write(Buffer.from([0x81, 0x83, 1, 2, 3, 4, 0x61 ^ 1, 0x62 ^ 2, 0x63 ^ 3]));
  }),
  tunnel: (session) => new Promise((resolve) => {
    const stream = session.request({ ":method": "CONNECT", ":protocol": "websocket",
      ":path": "/tunnel" });
    stream.on("data", (chunk) => { stream.end(); resolve(`echoed ${chunk}`); });
    stream.write("through");
  }),
};

function play(port, ca, names) {
  const session = http2.connect(`https://localhost:${port}`, {
    ca: fs.readFileSync(ca), settings: { headerTableSize: 0, enablePush: true } });
  session.once("remoteSettings", async () => {
    for (const name of names) {
      console.log(name, await conversations[name](session));
      // The table grows and shrinks between the requests.
      await new Promise((done) => session.settings(
        { headerTableSize: name === "heads" ? 256 : 65536 }, done));
    }
    session.close();
  });
}

const [verb, ...rest] = process.argv.slice(2);
if (verb === "serve") serve(...rest);
else play(rest[0], rest[1], rest.slice(2));
