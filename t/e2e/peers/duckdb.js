// SPDX-License-Identifier: ISC
// Prints the rows of a query, JSON a line.
const { DuckDBInstance } = require("@duckdb/node-api");

(async () => {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const reader = await connection.runAndReadAll(process.argv[2]);
  for (const row of reader.getRowsJson())
    console.log(JSON.stringify(row));
})().catch((error) => {
  console.error(String(error));
  process.exit(1);
});
