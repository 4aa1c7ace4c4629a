// Starts one of the servers that stand in for AWS, on a free port of 127.0.0.1,
// writes the port as the first line, and ends when its standard input does: when
// the test ends, however it ends, no server is left behind.
//
//	node servers.mjs fauxqs|dynalite|ses

import process from "node:process";

const host = "127.0.0.1";

const servers = {
  // S3, SQS and SNS
  async fauxqs() {
    const { buildApp } = await import("fauxqs");
    const app = buildApp({ logger: false, defaultRegion: "eu-west-1" });
    await app.listen({ host, port: 0 });
    return app.server;
  },

  // DynamoDB
  async dynalite() {
    const { default: dynalite } = await import("dynalite");
    const server = dynalite({ createTableMs: 0, deleteTableMs: 0 });
    return new Promise((resolve) => server.listen(0, host, () => resolve(server)));
  },

  // SES
  async ses() {
    const { default: { default: ses } } = await import("aws-ses-v2-local");
    return ses({ host, port: 0 });
  },
};

process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
process.stdin.on("error", () => process.exit(0));

const server = await servers[process.argv[2]]();
server.keepAliveTimeout = 0; // it closes no connection on which a call may be on its way
console.log(server.address().port);
