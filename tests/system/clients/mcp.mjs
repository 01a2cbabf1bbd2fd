// Talks to `inlet mcp` with the official client of the Model Context Protocol: mcp.mjs INLET CALLS
//
// CALLS is a JSON array of [tool, arguments]. Prints one JSON object: the server's name and instructions, the tools, and for each
// call its text and whether it is an error. INLET_SERVER and INLET_TOKEN go to the command.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const [inlet, calls] = process.argv.slice(2);
const { INLET_SERVER, INLET_TOKEN, HOME } = process.env;
const transport = new StdioClientTransport({
  command: inlet,
  args: ["mcp", "--env", "development"],
  env: { INLET_SERVER, INLET_TOKEN, HOME },
});
const client = new Client({ name: "tests", version: "1.0.0" });
await client.connect(transport);
const { tools } = await client.listTools();
const answers = [];
for (const [name, args] of JSON.parse(calls)) {
  try {
    const { content, isError } = await client.callTool({ name, arguments: args });
    answers.push({ name, isError, text: content.map(({ text }) => text).join("\n") });
  } catch (error) {
    answers.push({ name, refused: error.message });
  }
}
const server = client.getServerVersion();
console.log(JSON.stringify({ server, instructions: client.getInstructions(), tools, answers }));
await client.close();
