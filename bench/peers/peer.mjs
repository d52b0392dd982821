// Airbyte records from stdin into one DynamoDB table, as a user of the AWS SDK for JavaScript v3 would write it:
// the document client, 50 requests in flight over kept-alive connections.
//
//   node peer.mjs ENDPOINT TABLE
import { randomUUID } from "node:crypto";
import { Agent } from "node:http";
import { createInterface } from "node:readline";

import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { BatchWriteCommand, DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { NodeHttpHandler } from "@smithy/node-http-handler";

const IN_FLIGHT = 50;
const [endpoint, table] = process.argv.slice(2);
const client = DynamoDBDocumentClient.from(
  new DynamoDBClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "bench", secretAccessKey: "bench" },
    requestHandler: new NodeHttpHandler({ httpAgent: new Agent({ keepAlive: true, maxSockets: IN_FLIGHT }) }),
  }),
);

async function write(requests) {
  let left = { [table]: requests };
  while (Object.keys(left).length > 0) {
    const reply = await client.send(new BatchWriteCommand({ RequestItems: left }));
    left = reply.UnprocessedItems ?? {};
  }
}

const syncTime = Date.now();
const inFlight = new Set();
let batch = [];

async function flush() {
  const request = write(batch);
  batch = [];
  inFlight.add(request);
  request.then(
    () => inFlight.delete(request),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
  if (inFlight.size >= IN_FLIGHT) await Promise.race(inFlight);
}

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  if (message.type !== "RECORD") continue;
  batch.push({
    PutRequest: {
      Item: {
        _airbyte_ab_id: randomUUID(),
        sync_time: syncTime,
        _airbyte_data: message.record.data,
        _airbyte_emitted_at: message.record.emitted_at,
      },
    },
  });
  if (batch.length === 25) await flush();
}
if (batch.length > 0) await flush();
await Promise.all(inFlight);
