// A server that a scenario starts, stops and starts again: `inlet serve` in a directory of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

export class Server {
  /** Starts a server in a directory, and waits until it is ready. */
  static async start({ binary, directory, listen = "127.0.0.1:0", env = {} }) {
    const args = ["serve", "--log-format", "json", "--listen", listen];
    const child = spawn(binary, args, { cwd: directory, env: { ...process.env, ...env }, stdio: ["ignore", "ignore", "pipe"] });
    process.on("exit", () => child.kill("SIGKILL"));
    const server = Object.assign(new Server(), { child, directory, log: "" });
    server.ended = once(child, "exit");
    const ready = new Promise((resolve, reject) => {
      let line = "";
      child.stderr.setEncoding("utf8").on("data", (text) => {
        server.log += text;
        line += text;
        for (let end = line.indexOf("\n"); end >= 0; end = line.indexOf("\n")) {
          const { fields } = JSON.parse(line.slice(0, end));
          if (fields.message === "ready") resolve(fields.listen);
          line = line.slice(end + 1);
        }
      });
      server.ended.then(() => reject(new Error(`the server ended:\n${server.log}`)));
    });
    server.listen = await ready;
    server.base = `http://${server.listen}`;
    return server;
  }

  /** The token that the first start wrote for its operator. */
  async token() {
    return (await readFile(join(this.directory, "inlet-data", "management-token"), "utf8")).trim();
  }

  /** Stops it as a service manager does, or by force. */
  async stop(signal = "SIGTERM") {
    this.child.kill(signal);
    await this.ended;
  }
}
