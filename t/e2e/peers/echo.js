// SPDX-License-Identifier: ISC
// Both ends of plain exchanges, by Node's own http and http2.
//
//   node echo.js serve CERTIFICATE KEY LOG h1|h2   prints its port; its log has of
//                                  each request: method, target, status, bytes, version
//   node echo.js ask URL CA h1|h2                  prints how many it was answered
"use strict";
const fs = require("fs");
const http2 = require("http2");
const https = require("https");

function serve(certificate, key, log, version) {
  const options = { cert: fs.readFileSync(certificate), key: fs.readFileSync(key) };
  const handle = (request, response) => {
    const body = [];
    request.on("data", (chunk) => body.push(chunk));
    request.on("end", () => {
      const sent = request.method === "DELETE" ? "" : Buffer.concat(body);
      const status = request.method === "DELETE" ? 204 : 200;
      if (request.headers["x-length"] && status === 200)
        response.setHeader("content-length", sent.length);
      response.writeHead(status, { "content-type": "text/plain" });
      response.end(request.method === "HEAD" ? "" : sent);
      fs.appendFileSync(log, `${request.method} ${request.url} ${status} ` +
        `${sent.length} HTTP/${request.httpVersion}\n`);
    });
  };
  const server = version === "h1" ? https.createServer(options, handle)
    : http2.createSecureServer(options, handle);
  server.keepAliveTimeout = 0; // however slow this machine is
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));
}

// What is asked: every method, bodies of many sizes, told or not how long they are.
const WISHES = [];
for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
  for (let n = 0; n < 6; n++)
    WISHES.push({ method, path: `/${method.toLowerCase()}/${n}?n=${n}`,
      body: ["POST", "PUT", "PATCH"].includes(method)
        ? "0123456789".repeat(n * n * 40) : "", told: n % 2 });

function overOne(url, ca) {
  const agent = new https.Agent({ ca, keepAlive: true, maxSockets: 3 });
  return (wish) => new Promise((done, fail) => {
    const headers = wish.told && wish.body ? {
      "x-length": "1", "content-length": wish.body.length } : {};
    https.request(url + wish.path, { agent, method: wish.method, headers },
      (response) => {
        let length = 0;
        response.on("data", (chunk) => { length += chunk.length; });
        response.on("end", () => done(length));
      }).on("error", fail).end(wish.body);
  });
}

function overTwo(url, ca) {
  const session = http2.connect(url, { ca });
  let open = WISHES.length;
  return (wish) => new Promise((done, fail) => {
    const stream = session.request({ ":method": wish.method, ":path": wish.path,
      ...(wish.told ? { "x-length": "1" } : {}) }, { endStream: !wish.body });
    let length = 0;
    stream.on("data", (chunk) => { length += chunk.length; });
    stream.on("error", fail);
    stream.on("end", () => { done(length); if (!--open) session.close(); });
    if (wish.body) stream.end(wish.body);
    stream.resume();
  });
}

async function ask(url, ca, version) {
  const one = (version === "h1" ? overOne : overTwo)(url, fs.readFileSync(ca));
  const lengths = await Promise.all(WISHES.map(one));
  const right = lengths.filter((length, i) => length === WISHES[i].body.length);
  console.log(`${right.length} of ${WISHES.length}`);
  process.exit(0);
}

const [verb, ...rest] = process.argv.slice(2);
(verb === "serve" ? serve : ask)(...rest);
