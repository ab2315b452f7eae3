// SPDX-License-Identifier: ISC
// Holds the HTTP Archive on standard input against its JSON schema.
const fs = require("fs");
const validator = require("har-validator");

validator.har(JSON.parse(fs.readFileSync(0, "utf-8"))).then(
  () => process.exit(0),
  (error) => {
    console.error(JSON.stringify(error.errors, null, 1));
    process.exit(1);
  });
